//! Bytewords: a word of four letters a byte, or its first and last letter, and a CRC-32 at the end.
//!
//! # Source
//! BCR-2020-012.

use std::sync::LazyLock;

use super::UrError;

/// The 256 words, in order.
const WORDS: &[u8; 1024] =
    b"ableacidalsoapexaquaarchatomauntawayaxisbackbaldbarnbeltbetabiasbluebodybragbrewbulbbuzzcalmcashcatschefcityclaw\
codecolacookcostcruxcurlcuspcyandarkdatadaysdelidicedietdoordowndrawdropdrumdulldutyeacheasyechoedgeepicevenexam\
exiteyesfactfairfernfigsfilmfishfizzflapflewfluxfoxyfreefrogfuelfundgalagamegeargemsgiftgirlglowgoodgraygrimguru\
gushgyrohalfhanghardhawkheathelphighhillholyhopehornhutsicedideaidleinchinkyintoirisironitemjadejazzjoinjoltjowl\
judojugsjumpjunkjurykeepkenokeptkeyskickkilnkingkitekiwiknoblamblavalazyleaflegsliarlimplionlistlogoloudloveluau\
lucklungmainmanymathmazememomenumeowmildmintmissmonknailnavyneednewsnextnoonnotenumbobeyoboeomitonyxopenovalowls\
paidpartpeckplaypluspoempoolposepuffpumapurrquadquizraceramprealredorichroadrockroofrubyruinrunsrustsafesagascar\
setssilkskewslotsoapsolosongstubsurfswantacotasktaxitenttiedtimetinytoiltombtoystriptunatwinuglyundouniturgeuser\
vastveryvetovialvibeviewvisavoidvowswallwandwarmwaspwavewaxywebswhatwhenwhizwolfworkyankyawnyellyogayurtzapszero\
zestzinczonezoom";

/// The byte of each pair of letters, by 26 times the first and the last.
static BYTES: LazyLock<Vec<Option<u8>>> = LazyLock::new(|| {
    let mut table = vec![None; 26 * 26];
    for (byte, word) in (0..=u8::MAX).zip(words()) {
        if let Some(slot) = word.first().zip(word.last()).and_then(|(a, z)| table.get_mut(place(*a, *z)?)) {
            *slot = Some(byte);
        }
    }
    table
});

/// The words, in order.
pub(crate) fn words() -> impl Iterator<Item = &'static [u8]> {
    WORDS.chunks_exact(4)
}

fn place(first: u8, last: u8) -> Option<usize> {
    let letter = |letter: u8| letter.checked_sub(b'a').filter(|place| *place < 26).map(usize::from);
    Some(letter(first)?.saturating_mul(26).saturating_add(letter(last)?))
}

/// How the words stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Whole words with blanks between.
    Standard,
    /// Whole words with hyphens between.
    Uri,
    /// Two letters a word, nothing between.
    Minimal,
}

/// `bytes` and their CRC-32 in words.
pub(crate) fn encode(bytes: &[u8], style: Style) -> String {
    let between = match style {
        Style::Standard => " ",
        Style::Uri => "-",
        Style::Minimal => "",
    };
    let mut text = String::with_capacity(bytes.len().saturating_add(4).saturating_mul(5));
    for byte in bytes.iter().chain(&crc32(bytes).to_be_bytes()) {
        if !text.is_empty() {
            text.push_str(between);
        }
        let at = usize::from(*byte).saturating_mul(4);
        let word = WORDS.get(at..at.saturating_add(4)).unwrap_or_default();
        let letters = word.iter().enumerate().filter(|(n, _)| style != Style::Minimal || *n == 0 || *n == 3);
        text.extend(letters.map(|(_, letter)| char::from(*letter)));
    }
    text
}

/// The bytes behind lower-case words, their CRC-32 checked and taken off.
///
/// # Errors
/// [`UrError::Letters`], [`UrError::Short`], [`UrError::Checksum`].
pub(crate) fn decode(text: &str, style: Style) -> Result<Vec<u8>, UrError> {
    let bytes = match style {
        Style::Standard => text.split(' ').filter(|word| !word.is_empty()).map(of_word).collect(),
        Style::Uri => text.split('-').filter(|word| !word.is_empty()).map(of_word).collect(),
        Style::Minimal if !text.len().is_multiple_of(2) => Err(UrError::Letters),
        Style::Minimal => text.as_bytes().chunks_exact(2).map(of_pair).collect::<Result<Vec<u8>, _>>(),
    }?;
    let body = bytes.len().checked_sub(4).filter(|body| *body > 0).ok_or(UrError::Short)?;
    let (body, sum) = bytes.split_at_checked(body).ok_or(UrError::Short)?;
    if sum == crc32(body).to_be_bytes() { Ok(body.to_vec()) } else { Err(UrError::Checksum) }
}

fn of_pair(pair: &[u8]) -> Result<u8, UrError> {
    let found = pair.first().zip(pair.last()).and_then(|(a, z)| *BYTES.get(place(*a, *z)?)?);
    found.ok_or(UrError::Letters)
}

fn of_word(word: &str) -> Result<u8, UrError> {
    let byte = of_pair(word.as_bytes())?;
    let whole = words().nth(usize::from(byte)) == Some(word.as_bytes());
    if whole { Ok(byte) } else { Err(UrError::Letters) }
}

/// CRC-32 (IEEE 802.3, reflected).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_letters_of_its_own() {
        let all: Vec<u8> = (0..=255).collect();
        for style in [Style::Standard, Style::Uri, Style::Minimal] {
            assert_eq!(decode(&encode(&all, style), style).unwrap(), all);
        }
        assert_eq!(encode(&all, Style::Minimal).len(), 2 * 260);
    }

    #[test]
    fn what_is_no_bytewords_is_refused() {
        for (text, error) in [
            ("aeadaolazmjendeozz", UrError::Letters),
            ("aeadaolazmjendeot", UrError::Letters),
            ("AEADAOLAZMJENDEOTI", UrError::Letters),
            ("aeadaolazmjendeoae", UrError::Checksum),
            ("aeaeaeae", UrError::Short),
            ("", UrError::Short),
        ] {
            assert_eq!(decode(text, Style::Minimal), Err(error), "{text}");
        }
        // the letters of `able`, and not the word
        let good = encode(&[0, 1], Style::Standard);
        assert_eq!(decode(&good.replace("able", "axxe"), Style::Standard), Err(UrError::Letters));
    }
}
