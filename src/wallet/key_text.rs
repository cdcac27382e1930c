//! Key expressions of descriptors (BIP380, BIP389): origin, key, path, wildcard.
//!
//! Floor 1. Also reads private keys, for the published vectors only: they are neither locked nor wiped, so what a
//! person registers goes through [`Secrets::Refused`], which does not even decode them. No error tells a key.

use bitcoin::{
    PrivateKey, PublicKey,
    bip32::{ChildNumber, Xpriv, Xpub},
    secp256k1::{Parity, PublicKey as Point, Secp256k1, XOnlyPublicKey},
};

use super::{account::HARDENED, derive::Parent};

/// Whether private keys are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// For published vectors.
    Read,
    /// A text with a private key is refused.
    Refused,
}

/// Why a text is no key expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// `]` without `[`.
    #[error("a `]` without `[` before it")]
    MissingOriginStart,
    /// `[` without `]`.
    #[error("a `[` without `]` after it")]
    MissingOriginEnd,
    /// More than one `[…]`.
    #[error("more than one origin in brackets")]
    MultipleOrigins,
    /// `[…]` and nothing after it.
    #[error("an origin without a key after it")]
    OriginWithoutKey,
    /// The fingerprint is too short.
    #[error("the fingerprint has fewer than 8 digits")]
    FingerprintTooShort,
    /// The fingerprint is too long.
    #[error("the fingerprint has more than 8 digits")]
    FingerprintTooLong,
    /// The fingerprint is not hex.
    #[error("the fingerprint is not hex")]
    FingerprintNotHex,
    /// `*` in the origin.
    #[error("a wildcard in the origin")]
    WildcardInOrigin,
    /// `/]`.
    #[error("a `/` at the end of the origin")]
    TrailingSlashInOrigin,
    /// `<…>` in the origin.
    #[error("alternatives in the origin")]
    MultipathInOrigin,
    /// A step with another mark than `h` or `'`.
    #[error("a step with another mark than `h` or `'`")]
    BadHardenedMarker,
    /// A step that is no number.
    #[error("a step that is no number")]
    BadIndex,
    /// A step of 2^31 or more.
    #[error("a step of 2147483648 or more")]
    IndexOutOfRange,
    /// A path after a key that has no children.
    #[error("a path after a public key that is no xpub")]
    PublicKeyWithDerivation,
    /// A path after a WIF key.
    #[error("a path after a private key that is no xprv")]
    WifWithDerivation,
    /// A wildcard after a WIF key.
    #[error("a wildcard after a private key that is no xprv")]
    WifWithWildcard,
    /// A wildcard before the end.
    #[error("a wildcard that is not the last step")]
    WildcardNotLast,
    /// Two `<…>`.
    #[error("two sets of alternatives in one key")]
    TwoMultipaths,
    /// `<>`.
    #[error("`<>` without alternatives")]
    EmptyMultipath,
    /// `>` without `<`.
    #[error("a `>` without `<`")]
    MissingStart,
    /// `<` without `>`.
    #[error("a `<` without `>`")]
    MissingEnd,
    /// `<0;>`.
    #[error("an alternative without a number")]
    MissingIndex,
    /// `<0>`.
    #[error("a single alternative in `<…>`")]
    SingleMultipath,
    /// `<0;0>`.
    #[error("the same alternative twice")]
    RepeatedMultipath,
    /// zpub and the like.
    #[error("a key of SLIP-132 (ypub, zpub, upub, vpub …): descriptors take xpub and tpub")]
    Slip132,
    /// A private key where none may be.
    #[error("a private key: only public keys are registered, and this one is no longer a secret")]
    Private,
    /// Nothing that is a key.
    #[error("no valid key")]
    BadKey,
    /// A hardened step below an xpub.
    #[error("a hardened step below a public key, which cannot be derived")]
    HardenedFromXpub,
    /// No key at this index.
    #[error("no key at this index")]
    NoChild,
}

impl KeyTextError {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingOriginStart => "missing-origin-start",
            Self::MissingOriginEnd => "missing-origin-end",
            Self::MultipleOrigins => "multiple-origins",
            Self::OriginWithoutKey => "origin-without-key",
            Self::FingerprintTooShort => "fingerprint-too-short",
            Self::FingerprintTooLong => "fingerprint-too-long",
            Self::FingerprintNotHex => "fingerprint-not-hex",
            Self::WildcardInOrigin => "wildcard-in-origin",
            Self::TrailingSlashInOrigin => "trailing-slash-in-origin",
            Self::MultipathInOrigin => "multipath-in-origin",
            Self::BadHardenedMarker => "bad-hardened-marker",
            Self::BadIndex => "bad-index",
            Self::IndexOutOfRange => "index-out-of-range",
            Self::PublicKeyWithDerivation => "public-key-with-derivation",
            Self::WifWithDerivation => "wif-with-derivation",
            Self::WifWithWildcard => "wif-with-wildcard",
            Self::WildcardNotLast => "wildcard-not-last",
            Self::TwoMultipaths => "two-multipaths-in-one-key",
            Self::EmptyMultipath => "empty-multipath",
            Self::MissingStart => "missing-start",
            Self::MissingEnd => "missing-end",
            Self::MissingIndex => "missing-index",
            Self::SingleMultipath => "single-multipath",
            Self::RepeatedMultipath => "repeated-multipath",
            Self::Slip132 => "slip132-key",
            Self::Private => "private-key",
            Self::BadKey => "bad-key",
            Self::HardenedFromXpub => "hardened-from-xpub",
            Self::NoChild => "no-child",
        }
    }
}

/// The key itself.
pub(super) enum Root {
    /// A public key of 33 or 65 bytes.
    Public(PublicKey),
    /// An x-only public key.
    XOnly(XOnlyPublicKey),
    /// From a WIF private key.
    Wif(PublicKey),
    Xpub(Xpub),
    Xpriv(Xpriv),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    One(u32),
    /// `<a;b;…>`: at least two.
    Any(Vec<u32>),
}

/// The last step, where it is `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcard {
    None,
    Plain,
    Hardened,
}

/// A key expression: `[fingerprint/origin]key/path/*`.
pub struct KeyText {
    pub(super) origin: Option<([u8; 4], Vec<u32>)>,
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
    pub(super) wildcard: Wildcard,
}

impl KeyText {
    /// Reads a key expression.
    ///
    /// # Errors
    /// What is wrong with it; a private key where `secrets` refuses them.
    ///
    /// # Source
    /// BIP380, "Key Expressions"; BIP389.
    pub fn read(text: &str, secrets: Secrets) -> Result<Self, KeyTextError> {
        let (origin, rest) = match text.strip_prefix('[') {
            Some(inner) => {
                let (origin, rest) = inner.split_once(']').ok_or(KeyTextError::MissingOriginEnd)?;
                if rest.contains(['[', ']']) {
                    return Err(KeyTextError::MultipleOrigins);
                }
                if rest.is_empty() {
                    return Err(KeyTextError::OriginWithoutKey);
                }
                (Some(read_origin(origin)?), rest)
            }
            None if text.contains(']') => return Err(KeyTextError::MissingOriginStart),
            None => (None, text),
        };
        let (head, path) = match rest.split_once('/') {
            Some((head, path)) => (head, Some(path)),
            None => (rest, None),
        };
        let root = read_root(head, secrets)?;
        match (&root, path) {
            (Root::Public(_) | Root::XOnly(_), Some(_)) => return Err(KeyTextError::PublicKeyWithDerivation),
            (Root::Wif(_), Some(path)) if path.ends_with(['*']) => return Err(KeyTextError::WifWithWildcard),
            (Root::Wif(_), Some(_)) => return Err(KeyTextError::WifWithDerivation),
            (Root::Public(_) | Root::XOnly(_) | Root::Wif(_), None) | (Root::Xpub(_) | Root::Xpriv(_), _) => {}
        }
        let (steps, wildcard) = match path {
            Some(path) => read_path(path)?,
            None => (Vec::new(), Wildcard::None),
        };
        Ok(Self { origin, root, steps, wildcard })
    }

    /// The key where it has no children.
    pub(super) fn single(&self) -> Option<PublicKey> {
        match &self.root {
            Root::Public(key) | Root::Wif(key) => Some(*key),
            Root::XOnly(key) => Some(PublicKey::new(Point::from_x_only_public_key(*key, Parity::Even))),
            Root::Xpub(_) | Root::Xpriv(_) => None,
        }
    }

    /// The number of alternatives: 1 where there is no `<…>`.
    #[must_use]
    pub fn alternatives(&self) -> usize {
        self.steps.iter().map(|step| if let Step::Any(any) = step { any.len() } else { 1 }).max().unwrap_or(1)
    }

    /// Whether the last step is a wildcard.
    #[must_use]
    pub fn ranged(&self) -> bool {
        self.wildcard != Wildcard::None
    }

    /// The public key of one alternative (from 0) at `index`.
    ///
    /// # Errors
    /// A hardened step below a public key; no such alternative or index.
    pub fn key(&self, alternative: usize, index: u32) -> Result<PublicKey, KeyTextError> {
        if let Some(single) = self.single() {
            return Ok(single);
        }
        let mut path = Vec::new();
        for step in &self.steps {
            match step {
                Step::One(number) => path.push(*number),
                Step::Any(any) => path.push(*any.get(alternative).ok_or(KeyTextError::NoChild)?),
            }
        }
        if index >= HARDENED {
            return Err(KeyTextError::NoChild);
        }
        match self.wildcard {
            Wildcard::None => {}
            Wildcard::Plain => path.push(index),
            Wildcard::Hardened => path.push(index | HARDENED),
        }
        match &self.root {
            Root::Xpub(xpub) => public_child(xpub, &path),
            Root::Xpriv(xpriv) => private_child(xpriv, &path),
            Root::Public(_) | Root::Wif(_) | Root::XOnly(_) => Err(KeyTextError::NoChild),
        }
    }
}

fn public_child(xpub: &Xpub, path: &[u32]) -> Result<PublicKey, KeyTextError> {
    let Some((last, before)) = path.split_last() else {
        return Ok(PublicKey::new(xpub.public_key));
    };
    if path.iter().any(|step| *step >= HARDENED) {
        return Err(KeyTextError::HardenedFromXpub);
    }
    let parent = before.iter().try_fold(Parent::of(xpub), |parent, step| parent.descend(*step));
    let child = parent.and_then(|parent| parent.child(*last)).map_err(|_| KeyTextError::NoChild)?;
    Ok(PublicKey::new(child))
}

fn private_child(xpriv: &Xpriv, path: &[u32]) -> Result<PublicKey, KeyTextError> {
    let secp = Secp256k1::signing_only();
    let path: Vec<ChildNumber> = path.iter().map(|step| ChildNumber::from(*step)).collect();
    let mut child = xpriv.derive_priv(&secp, &path).map_err(|_| KeyTextError::NoChild)?;
    let public = child.private_key.public_key(&secp);
    child.private_key.non_secure_erase();
    Ok(PublicKey::new(public))
}

fn read_origin(text: &str) -> Result<([u8; 4], Vec<u32>), KeyTextError> {
    let mut parts = text.split('/');
    let digits = parts.next().unwrap_or_default();
    match digits.chars().count() {
        8 => {}
        count if count < 8 => return Err(KeyTextError::FingerprintTooShort),
        _ => return Err(KeyTextError::FingerprintTooLong),
    }
    let fingerprint = bitcoin::hex::FromHex::from_hex(digits).map_err(|_| KeyTextError::FingerprintNotHex)?;
    let mut steps = Vec::new();
    for part in parts {
        if part.contains('*') {
            return Err(KeyTextError::WildcardInOrigin);
        }
        if part.contains(['<', '>', ';']) {
            return Err(KeyTextError::MultipathInOrigin);
        }
        if part.is_empty() {
            return Err(KeyTextError::TrailingSlashInOrigin);
        }
        steps.push(read_step(part)?);
    }
    Ok((fingerprint, steps))
}

fn read_root(text: &str, secrets: Secrets) -> Result<Root, KeyTextError> {
    if text.bytes().all(|b| b.is_ascii_hexdigit()) && matches!(text.len(), 64 | 66 | 130) {
        return match text.len() {
            64 => text.parse().map(Root::XOnly).map_err(|_| KeyTextError::BadKey),
            _ => text.parse().map(Root::Public).map_err(|_| KeyTextError::BadKey),
        };
    }
    let start = text.get(..4).unwrap_or_default();
    match start {
        "xpub" | "tpub" => {
            let xpub: Xpub = text.parse().map_err(|_| KeyTextError::BadKey)?;
            // BIP32, "Test vector 5": a master key has neither a parent nor a place among siblings.
            let orphan = xpub.parent_fingerprint.to_bytes() == [0; 4] && u32::from(xpub.child_number) == 0;
            return if xpub.depth > 0 || orphan { Ok(Root::Xpub(xpub)) } else { Err(KeyTextError::BadKey) };
        }
        "ypub" | "zpub" | "Ypub" | "Zpub" | "upub" | "vpub" | "Upub" | "Vpub" => return Err(KeyTextError::Slip132),
        _ => {}
    }
    let extended = start.ends_with("prv");
    let wif = matches!(text.len(), 51 | 52) && text.starts_with(['5', 'K', 'L', '9', 'c']);
    if secrets == Secrets::Refused {
        return Err(if extended || wif { KeyTextError::Private } else { KeyTextError::BadKey });
    }
    if extended {
        return text.parse().map(Root::Xpriv).map_err(|_| KeyTextError::BadKey);
    }
    let mut key = PrivateKey::from_wif(text).map_err(|_| KeyTextError::BadKey)?;
    let public = key.public_key(&Secp256k1::signing_only());
    key.inner.non_secure_erase();
    Ok(Root::Wif(public))
}

fn read_path(text: &str) -> Result<(Vec<Step>, Wildcard), KeyTextError> {
    let mut steps = Vec::new();
    let mut parts = text.split('/').peekable();
    let mut alternatives = false;
    while let Some(part) = parts.next() {
        if let Some(mark) = part.strip_prefix('*') {
            let wildcard = match mark {
                "" => Wildcard::Plain,
                "h" | "'" => Wildcard::Hardened,
                _ => return Err(KeyTextError::BadHardenedMarker),
            };
            return if parts.peek().is_none() { Ok((steps, wildcard)) } else { Err(KeyTextError::WildcardNotLast) };
        }
        if part.contains(['<', '>', ';']) {
            let inner = part.strip_prefix('<').ok_or(KeyTextError::MissingStart)?;
            let inner = inner.strip_suffix('>').ok_or(KeyTextError::MissingEnd)?;
            if alternatives {
                return Err(KeyTextError::TwoMultipaths);
            }
            alternatives = true;
            steps.push(Step::Any(read_alternatives(inner)?));
        } else {
            steps.push(Step::One(read_step(part)?));
        }
    }
    Ok((steps, Wildcard::None))
}

fn read_alternatives(text: &str) -> Result<Vec<u32>, KeyTextError> {
    if text.is_empty() {
        return Err(KeyTextError::EmptyMultipath);
    }
    let mut any = Vec::new();
    for part in text.split(';') {
        if part.is_empty() {
            return Err(KeyTextError::MissingIndex);
        }
        let step = read_step(part)?;
        if any.contains(&step) {
            return Err(KeyTextError::RepeatedMultipath);
        }
        any.push(step);
    }
    if any.len() < 2 { Err(KeyTextError::SingleMultipath) } else { Ok(any) }
}

/// One step: a decimal number, `h` or `'` after it where hardened. One other character at its place is taken for a
/// wrong mark.
fn read_step(text: &str) -> Result<u32, KeyTextError> {
    let (digits, bit) = match text.strip_suffix(['h', '\'']) {
        Some(digits) => (digits, HARDENED),
        None => (text, 0),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let first_other = text.find(|c: char| !c.is_ascii_digit()).and_then(|place| text.get(place..));
        let wrong_mark =
            text.starts_with('-') || (digits.len() > 1 && first_other.is_some_and(|rest| rest.chars().count() == 1));
        return Err(if wrong_mark { KeyTextError::BadHardenedMarker } else { KeyTextError::BadIndex });
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(KeyTextError::BadIndex);
    }
    match digits.parse::<u32>() {
        Ok(number) if number < HARDENED => Ok(number | bit),
        Ok(_) | Err(_) => Err(KeyTextError::IndexOutOfRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XPUB: &str = "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB";
    const HEX: &str = "0260b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600";
    const WIF: &str = "L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1";
    const XPRV: &str = "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U";

    #[track_caller]
    fn refused(text: &str, code: &str) {
        assert_eq!(KeyText::read(text, Secrets::Read).map(|_| ()).unwrap_err().code(), code, "{text}");
    }

    #[test]
    fn origin_path_and_wildcard_are_read() {
        let key = KeyText::read(&format!("[DEADbeef/84h/0'/7]{XPUB}/3/<0;1>/*"), Secrets::Refused).unwrap();
        assert_eq!(key.origin, Some(([0xde, 0xad, 0xbe, 0xef], vec![84 | HARDENED, HARDENED, 7])));
        assert_eq!(key.steps, [Step::One(3), Step::Any(vec![0, 1])]);
        assert_eq!((key.alternatives(), key.ranged()), (2, true));
        assert_ne!(key.key(0, 5).unwrap(), key.key(1, 5).unwrap());
        assert_eq!(key.key(2, 5), Err(KeyTextError::NoChild));
        assert_eq!(key.key(0, HARDENED), Err(KeyTextError::NoChild));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        refused(&format!("{XPUB}/*/0"), "wildcard-not-last");
        refused(&format!("{XPUB}/"), "bad-index");
        refused(&format!("{XPUB}//0"), "bad-index");
        refused(&format!("{XPUB}/00"), "bad-index");
        refused(&format!("{XPUB}/0x"), "bad-hardened-marker");
        refused(&format!("{XPUB}/<0>/*"), "single-multipath");
        refused(&format!("{XPUB}/<0;0>/*"), "repeated-multipath");
        refused(&format!("{XPUB}/<0;1>/<0;1>/*"), "two-multipaths-in-one-key");
        refused(&format!("{HEX}/0"), "public-key-with-derivation");
        refused(&format!("[deadbeef//0]{HEX}"), "trailing-slash-in-origin");
        refused(&format!("[deadbeef{HEX}"), "missing-origin-end");
        refused("", "bad-key");
        refused(
            "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
            "slip132-key",
        );
        let damaged = XPUB.replace("MyMw", "MyMx");
        refused(&damaged, "bad-key");
    }

    #[test]
    fn private_keys_are_refused_before_they_are_decoded() {
        for text in [WIF.to_owned(), XPRV.to_owned(), format!("[deadbeef/0h]{XPRV}/0/*"), "xprvnonsense".to_owned()] {
            let error = KeyText::read(&text, Secrets::Refused).map(|_| ()).unwrap_err();
            assert_eq!(error, KeyTextError::Private);
            assert!(!error.to_string().contains("xprv9") && !error.to_string().contains("L4rK"));
        }
        assert!(KeyText::read(WIF, Secrets::Read).is_ok());
    }

    #[test]
    fn hardened_steps_need_the_private_key() {
        let public = KeyText::read(&format!("{XPUB}/3h/*"), Secrets::Read).unwrap();
        assert_eq!(public.key(0, 0), Err(KeyTextError::HardenedFromXpub));
        let private = KeyText::read(&format!("{XPRV}/3h/*h"), Secrets::Read).unwrap();
        assert!(private.key(0, 0).is_ok());
        let plain = KeyText::read(&format!("{XPRV}/3/4"), Secrets::Read).unwrap();
        let twin = KeyText::read(&format!("{XPUB}/3/4"), Secrets::Read).unwrap();
        assert_eq!(plain.key(0, 0), twin.key(0, 0));
    }
}
