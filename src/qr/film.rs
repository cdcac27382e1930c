//! What is shown: a payload as the texts of codes that follow each other.
//!
//! Floor 1. UR goes on with mixed parts after the numbered ones, BBQr begins again. Both can begin anew, and show
//! only what a receiver misses.

use super::{
    bbqr::{self, BbqrError, Packing, capacity},
    cbor, keys_out,
    payload::Kind,
    ur::{self, Sender, UrError},
};

/// How much a code carries. Denser codes need a better camera and a larger screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Density {
    /// For every wallet's camera.
    Compatible,
    /// For most.
    Normal,
    /// For cameras of 1280 by 720 and more.
    Fast,
}

impl Density {
    /// All of them, from the sparsest.
    pub const ALL: [Self; 3] = [Self::Compatible, Self::Normal, Self::Fast];

    /// The version of QR code (ISO 18004) that a part fills.
    #[must_use]
    pub const fn version(self) -> u8 {
        match self {
            Self::Compatible => 15,
            Self::Normal => 20,
            Self::Fast => 27,
        }
    }

    /// Letters and digits that such a code carries.
    #[must_use]
    pub fn characters(self) -> usize {
        capacity(self.version())
    }

    /// Codes a second that receivers follow at this density.
    #[must_use]
    pub const fn rate(self) -> u8 {
        match self {
            Self::Compatible => 5,
            Self::Normal => 8,
            Self::Fast => 10,
        }
    }
}

/// Why a payload cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShowError {
    /// As UR.
    #[error(transparent)]
    Ur(#[from] UrError),
    /// As BBQr.
    #[error(transparent)]
    Bbqr(#[from] BbqrError),
    /// A seed.
    #[error("a seed is not shown as a code: a camera would keep it")]
    Seed,
    /// Keys that no UR type of 2020 describes.
    #[error("the UR types of keys have no form for it: they know keys, multisig and `tr` of one key")]
    NoForm,
    /// Bytes that have no letter in BBQr.
    #[error("BBQr carries PSBTs, transactions, JSON and text; this is binary data. UR carries it")]
    Binary,
}

enum Shown {
    One(String),
    Ur(Sender),
    Pieces(Vec<String>),
}

/// Texts of codes, one after the other.
pub struct Film {
    shown: Shown,
    version: u8,
    next: u32,
    only: Vec<u32>,
}

/// The name of the UR type for a payload, and its content. Text, JSON and transactions go as bytes, as do keys that the
/// types of 2020 have no form for.
fn content(kind: Kind, bytes: &[u8], of_2023: bool) -> Result<(&'static str, Vec<u8>), ShowError> {
    let name = match (kind, of_2023) {
        (Kind::Seed, _) => return Err(ShowError::Seed),
        (Kind::Psbt, false) => "crypto-psbt",
        (Kind::Psbt, true) => "psbt",
        (Kind::Key, _) => "crypto-hdkey",
        (Kind::Descriptor, _) => "crypto-output",
        (Kind::Account, _) => "crypto-account",
        (Kind::Transaction | Kind::Json | Kind::Text | Kind::Binary, _) => "bytes",
    };
    let keys = std::str::from_utf8(bytes).ok().and_then(|text| keys_out::encode(kind, text));
    Ok(match (kind, keys) {
        (_, Some(cbor)) => (name, cbor),
        (Kind::Key | Kind::Descriptor | Kind::Account, None) => ("bytes", cbor::byte_string(bytes)),
        (_, None) => (name, cbor::byte_string(bytes)),
    })
}

const fn letter(kind: Kind) -> Result<u8, ShowError> {
    match kind {
        Kind::Psbt => Ok(b'P'),
        Kind::Transaction => Ok(b'T'),
        Kind::Json => Ok(b'J'),
        Kind::Text | Kind::Key | Kind::Descriptor | Kind::Account => Ok(b'U'),
        Kind::Binary => Err(ShowError::Binary),
        Kind::Seed => Err(ShowError::Seed),
    }
}

/// A payload as one UR text, however long: for a file.
///
/// # Errors
/// [`ShowError::Seed`].
pub fn ur_text(kind: Kind, bytes: &[u8], of_2023: bool) -> Result<String, ShowError> {
    let (name, cbor) = content(kind, bytes, of_2023)?;
    Ok(ur::single(name, &cbor))
}

/// A key, a descriptor or an account as one UR text of its own type.
///
/// # Errors
/// [`ShowError::NoForm`].
pub fn ur_of_keys(kind: Kind, text: &str) -> Result<String, ShowError> {
    match content(kind, text.as_bytes(), false)? {
        ("bytes", _) => Err(ShowError::NoForm),
        (name, cbor) => Ok(ur::single(name, &cbor)),
    }
}

/// A payload as one BBQr text, however long: for a file.
///
/// # Errors
/// A kind that BBQr has no letter for, or more than [`crate::limits::QR_MESSAGE_BYTES`].
pub fn bbqr_text(kind: Kind, bytes: &[u8], packing: Packing) -> Result<String, ShowError> {
    Ok(bbqr::single(bytes, letter(kind)?, packing)?)
}

impl Film {
    /// As UR: `of_2023` takes the names of types of 2023.
    ///
    /// # Errors
    /// A seed, or more than a message may have.
    pub fn ur(kind: Kind, bytes: &[u8], density: Density, of_2023: bool) -> Result<Self, ShowError> {
        Self::ur_within(kind, bytes, density.version(), of_2023)
    }

    /// As UR, in codes of `version` at most.
    ///
    /// # Errors
    /// As [`Self::ur`].
    pub fn ur_within(kind: Kind, bytes: &[u8], version: u8, of_2023: bool) -> Result<Self, ShowError> {
        let (name, message) = content(kind, bytes, of_2023)?;
        let room = capacity(version);
        let single = ur::single(name, &message).to_ascii_uppercase();
        if single.len() <= room {
            return Ok(Self::of(Shown::One(single.clone()), single.len()));
        }
        let sender = Sender::new(name, message.clone(), ur::fragment(name, message.len(), room))?;
        let longest = sender.part(99_999).text().len();
        Ok(Self::of(Shown::Ur(sender), longest))
    }

    /// As BBQr; base32 where packing wins nothing.
    ///
    /// # Errors
    /// A kind that BBQr has no letter for, or more pieces than it counts.
    pub fn bbqr(kind: Kind, bytes: &[u8], density: Density, packing: Packing) -> Result<Self, ShowError> {
        Self::bbqr_within(kind, bytes, density.version(), packing)
    }

    /// As BBQr, in codes of `version` at most.
    ///
    /// # Errors
    /// As [`Self::bbqr`].
    pub fn bbqr_within(kind: Kind, bytes: &[u8], version: u8, packing: Packing) -> Result<Self, ShowError> {
        let split = bbqr::split(bytes, letter(kind)?, packing, (version.min(5), version))?;
        Ok(Self { version: split.version, ..Self::of(Shown::Pieces(split.pieces), 0) })
    }

    fn of(shown: Shown, longest: usize) -> Self {
        let version = (1..=40).find(|version| capacity(*version) >= longest).unwrap_or(40);
        Self { shown, version, next: 1, only: Vec::new() }
    }

    /// Parts with a number; a receiver that misses none needs no more.
    #[must_use]
    pub fn count(&self) -> u32 {
        match &self.shown {
            Shown::One(_) => 1,
            Shown::Ur(sender) => sender.count(),
            Shown::Pieces(pieces) => u32::try_from(pieces.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether parts beyond the count tell something new.
    #[must_use]
    pub const fn has_mixed(&self) -> bool {
        matches!(self.shown, Shown::Ur(_))
    }

    /// The least version of QR code that all parts fit into, so that all are drawn of one size.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// Part `number`, from 1. Beyond the count: UR mixes, BBQr begins again.
    #[must_use]
    pub fn part(&self, number: u32) -> String {
        match &self.shown {
            Shown::One(text) => text.clone(),
            Shown::Ur(sender) => sender.part(number.max(1)).text().to_ascii_uppercase(),
            Shown::Pieces(pieces) => {
                let place = number.saturating_sub(1).checked_rem(self.count()).unwrap_or(0);
                usize::try_from(place).ok().and_then(|place| pieces.get(place)).cloned().unwrap_or_default()
            }
        }
    }

    /// Begins again with the first part, and shows all.
    pub fn restart(&mut self) {
        self.next = 1;
        self.only.clear();
    }

    /// Shows only these numbered parts, again and again. Numbers that there are not are left out; none shows all.
    pub fn only(&mut self, numbers: &[u32]) {
        self.next = 1;
        self.only = numbers.iter().copied().filter(|number| (1..=self.count()).contains(number)).collect();
    }

    /// The next text to show.
    pub fn next_part(&mut self) -> String {
        let number = self.next;
        self.next = self.next.checked_add(1).unwrap_or(1);
        let turns = u32::try_from(self.only.len()).unwrap_or(u32::MAX);
        let place = number.saturating_sub(1).checked_rem(turns).and_then(|place| usize::try_from(place).ok());
        let number = place.and_then(|place| self.only.get(place)).copied().unwrap_or(number);
        self.part(number)
    }
}

/// Numbers as people write them down: `3, 7-9`.
#[must_use]
pub fn listed(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run =
        |(first, last): &(usize, usize)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

/// The numbers of such a list; `None` where it is none, or longer than a message has parts.
#[must_use]
pub fn of_list(text: &str) -> Option<Vec<u32>> {
    let number = |text: &str| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|n| plain && (1..=crate::limits::QR_PARTS).contains(n))
    };
    let most = usize::try_from(crate::limits::QR_PARTS).unwrap_or(0).saturating_mul(4);
    let mut numbers = Vec::new();
    for run in text.split(',') {
        let (first, last) = run.trim().split_once('-').unwrap_or((run.trim(), run.trim()));
        let (first, last) = (number(first.trim())?, number(last.trim())?);
        if first > last || numbers.len() > most {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: u32) -> Vec<u8> {
        b"psbt\xff".iter().copied().chain((5..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8)).collect()
    }

    #[test]
    fn all_parts_of_a_film_are_of_one_size() {
        for density in Density::ALL {
            let film = Film::ur(Kind::Psbt, &noise(50_000), density, false).unwrap();
            assert_eq!(film.version(), density.version());
            assert!((1..200).all(|number| film.part(number).len() <= capacity(film.version())));
            let film = Film::bbqr(Kind::Psbt, &noise(50_000), density, Packing::Zlib).unwrap();
            assert!(film.version() <= density.version() && film.version() > 10);
            assert!((1..=film.count()).all(|number| film.part(number).len() <= capacity(film.version())));
        }
    }

    #[test]
    fn half_a_megabyte_is_shown_in_both_formats() {
        for density in Density::ALL {
            let film = Film::ur(Kind::Psbt, &noise(500_000), density, false).unwrap();
            assert!(film.has_mixed() && film.count() > 400);
            let film = Film::bbqr(Kind::Psbt, &noise(500_000), density, Packing::Base32).unwrap();
            assert!(!film.has_mixed() && film.count() > 300);
        }
    }

    #[test]
    fn a_short_payload_is_one_code_that_stays() {
        let mut film = Film::ur(Kind::Psbt, &noise(200), Density::Normal, true).unwrap();
        assert_eq!((film.count(), film.next_part() == film.next_part()), (1, true));
        assert!(film.part(1).starts_with("UR:PSBT/") && film.version() < 20);
        let film = Film::ur(Kind::Text, b"text", Density::Normal, false).unwrap();
        assert!(film.part(1).starts_with("UR:BYTES/"));
    }

    #[test]
    fn a_film_begins_anew_and_shows_what_is_missing() {
        let mut film = Film::ur(Kind::Psbt, &noise(5_000), Density::Compatible, false).unwrap();
        let (first, second) = (film.next_part(), film.next_part());
        assert!(first.starts_with("UR:CRYPTO-PSBT/1-") && second.starts_with("UR:CRYPTO-PSBT/2-"));
        film.restart();
        assert_eq!(film.next_part(), first);
        let only = |film: &mut Film| (0..5).map(|_| film.next_part()).collect::<Vec<_>>();
        film.only(&[2, 4, 9_999, 0]);
        assert_eq!(only(&mut film), [2, 4, 2, 4, 2].map(|number| film.part(number)));
        film.only(&[]);
        assert_eq!(film.next_part(), first);
        let mut film = Film::bbqr(Kind::Psbt, &noise(5_000), Density::Compatible, Packing::Hex).unwrap();
        let count = film.count();
        assert_eq!(film.part(count + 2), film.part(2));
        film.only(&[3]);
        assert_eq!(film.next_part(), film.part(3));
        assert_eq!(film.next_part(), film.part(3));
    }

    #[test]
    fn what_must_not_or_cannot_be_shown() {
        let error = |kind| Film::bbqr(kind, b"x", Density::Normal, Packing::Zlib).err().unwrap();
        assert_eq!(error(Kind::Seed), ShowError::Seed);
        assert_eq!(error(Kind::Binary), ShowError::Binary);
        assert_eq!(Film::ur(Kind::Seed, b"x", Density::Normal, false).err(), Some(ShowError::Seed));
        assert_eq!(ur_text(Kind::Seed, b"x", false), Err(ShowError::Seed));
        let large = vec![0; (1 << 20) + 1];
        assert_eq!(Film::ur(Kind::Psbt, &large, Density::Fast, false).err(), Some(ShowError::Ur(UrError::TooLarge)));
        assert_eq!(bbqr_text(Kind::Psbt, &large, Packing::Zlib), Err(ShowError::Bbqr(BbqrError::TooLarge)));
    }

    #[test]
    fn lists_are_written_as_they_are_read() {
        assert_eq!(listed(&[3, 7, 8, 9, 11]), "3, 7-9, 11");
        assert_eq!(of_list("3, 7-9, 11"), Some(vec![3, 7, 8, 9, 11]));
        assert_eq!(of_list(" 3,7 - 9 "), Some(vec![3, 7, 8, 9]));
        assert_eq!(listed(&[]), "");
        for bad in ["", ",", "3,", "0", "-3", "3-", "9-7", "+3", "3 4", "4097", "1-4096,1-4096,1-4096,1-4096,1-4096,1"]
        {
            assert_eq!(of_list(bad), None, "{bad}");
        }
    }
}
