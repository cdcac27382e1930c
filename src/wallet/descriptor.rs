//! Descriptors as text (BIP380-386, 389): checked by rules of our own, turned into scripts by miniscript.
//!
//! Floor 1. For reading descriptors of any kind, such as the published vectors. What a vault uses is a
//! [`super::Wallet`], which takes far fewer forms and does not pass through here.

use bitcoin::{PublicKey, ScriptBuf};

use super::{
    checksum::{self, ChecksumError},
    key_text::{KeyText, KeyTextError, Secrets},
    rules,
    syntax::Node,
};
use crate::{limits::DESCRIPTOR_BYTES, text::printable};

/// A descriptor that follows the grammar and the rules of nesting.
pub struct Expression {
    pub(super) pieces: Vec<Piece>,
    pub(super) keys: Vec<KeyText>,
}

/// A descriptor is text with keys in it.
pub(super) enum Piece {
    Text(String),
    /// An index into the keys.
    Key(usize),
}

impl Expression {
    /// Reads a descriptor with or without checksum. It may hold private keys: for published vectors only, as they
    /// are not kept like secrets.
    ///
    /// # Errors
    /// What is wrong, or the kind that is not supported.
    pub fn parse(text: &str) -> Result<Self, DescriptorError> {
        Self::read(text, Secrets::Read)
    }

    /// Reads a descriptor of public keys only.
    ///
    /// # Errors
    /// As [`Self::parse`]; any private key.
    pub fn parse_public(text: &str) -> Result<Self, DescriptorError> {
        Self::read(text, Secrets::Refused)
    }

    fn read(text: &str, secrets: Secrets) -> Result<Self, DescriptorError> {
        if text.len() > DESCRIPTOR_BYTES {
            return Err(DescriptorError::TooLong);
        }
        let payload = checksum::strip(text)?;
        let node = Node::read(payload).map_err(|at| DescriptorError::Syntax { at })?;
        let expression = rules::check(&node, secrets)?;
        expression.script_of(|number, key| stand_in(number, key))?;
        Ok(expression)
    }

    /// The number of alternatives (BIP389): 1 where there is no `<…>`.
    #[must_use]
    pub fn alternatives(&self) -> usize {
        self.keys.iter().map(KeyText::alternatives).max().unwrap_or(1)
    }

    /// Whether a key has a wildcard.
    #[must_use]
    pub fn ranged(&self) -> bool {
        self.keys.iter().any(KeyText::ranged)
    }

    /// The scripts at `index`, one an alternative. Without a wildcard they are the same at each index.
    ///
    /// # Errors
    /// A key that cannot be derived: a hardened step below a public key, an index of 2^31 or more.
    pub fn scripts(&self, index: u32) -> Result<Vec<ScriptBuf>, DescriptorError> {
        let alternatives = 0..self.alternatives();
        alternatives.map(|alternative| self.script_of(|_, key| key.key(alternative, index))).collect()
    }

    fn script_of(
        &self,
        mut derive: impl FnMut(usize, &KeyText) -> Result<PublicKey, KeyTextError>,
    ) -> Result<ScriptBuf, DescriptorError> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Key(number) => {
                    let named = |error| DescriptorError::Key { number: number.saturating_add(1), error };
                    let key = self.keys.get(*number).ok_or_else(|| named(KeyTextError::BadKey))?;
                    text.push_str(&derive(*number, key).map_err(named)?.to_string());
                }
            }
        }
        let descriptor: miniscript::Descriptor<PublicKey> =
            text.parse().map_err(|e: miniscript::Error| DescriptorError::Script(printable(&e.to_string())))?;
        Ok(descriptor.script_pubkey())
    }
}

/// A key in the place of one that was not derived yet: another one for each number.
fn stand_in(number: usize, key: &KeyText) -> Result<PublicKey, KeyTextError> {
    if let Some(single) = key.single() {
        return Ok(single);
    }
    let mut seed = number.to_be_bytes().to_vec();
    for _ in 0..128 {
        let x = crate::digest::sha256(&seed);
        let mut bytes = vec![2];
        bytes.extend(x);
        if let Ok(key) = PublicKey::from_slice(&bytes) {
            return Ok(key);
        }
        seed = x.to_vec();
    }
    Err(KeyTextError::NoChild)
}

/// A kind of descriptor that this program does not use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// `raw(…)`
    Raw,
    /// `addr(…)`
    Addr,
    /// `combo(…)`
    Combo,
    /// A script that stands bare in the output: `pk(…)`, `multi(…)`, `sortedmulti(…)`, miniscript.
    Bare,
    /// `rawtr(…)`
    RawTr,
    /// `musig(…)`
    Musig,
    /// `sortedmulti_a(…)`
    SortedMultiA,
    /// Miniscript in `sh` or `wsh`: can be read, not registered.
    Miniscript,
    /// `tr` with leaves: can be read, not registered.
    TrLeaves,
}

impl Unsupported {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Raw => "unsupported-raw",
            Self::Addr => "unsupported-addr",
            Self::Combo => "unsupported-combo",
            Self::Bare => "unsupported-bare",
            Self::RawTr => "unsupported-rawtr",
            Self::Musig => "unsupported-musig",
            Self::SortedMultiA => "unsupported-sortedmulti-a",
            Self::Miniscript => "unsupported-miniscript",
            Self::TrLeaves => "unsupported-tr-leaves",
        }
    }

    /// What the kind is called.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Raw => "`raw`, a script without keys,",
            Self::Addr => "`addr`, an address without keys,",
            Self::Combo => "`combo`, several script types in one,",
            Self::Bare => "a bare script (`pk`, `multi` or another outside of `sh` and `wsh`)",
            Self::RawTr => "`rawtr`, an output key without its internal key,",
            Self::Musig => "`musig`",
            Self::SortedMultiA => "`sortedmulti_a`",
            Self::Miniscript => "miniscript other than `multi` and `sortedmulti`",
            Self::TrLeaves => "`tr` with leaves",
        }
    }
}

/// Why a text is no descriptor that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// The text is longer than the limit.
    #[error("the descriptor is longer than 8192 bytes")]
    TooLong,
    /// The checksum.
    #[error(transparent)]
    Checksum(#[from] ChecksumError),
    /// The grammar.
    #[error("the parentheses and commas do not make a descriptor, at character {at}")]
    Syntax {
        /// The byte, from 1.
        at: usize,
    },
    /// A key expression.
    #[error("key {number}: {error}")]
    Key {
        /// Which key, from 1, as they stand in the text.
        number: usize,
        /// What is wrong with it.
        error: KeyTextError,
    },
    /// A kind that this program does not use.
    #[error("{} is not supported: use pkh, wpkh, sh(wpkh), tr, or multi and sortedmulti in sh and wsh", .0.kind())]
    Unsupported(Unsupported),
    /// A text without any function, or with one that no specification has.
    #[error("this is no descriptor: it starts with none of their functions")]
    NotADescriptor,
    /// A function where it may not stand.
    #[error("`{inner}` cannot stand in `{outer}`")]
    Misplaced {
        /// The function inside.
        inner: &'static str,
        /// The function around it.
        outer: &'static str,
    },
    /// A script where a key belongs.
    #[error("`{function}` takes a key, not a script")]
    ScriptForKey {
        /// The function.
        function: &'static str,
    },
    /// A key where a script belongs.
    #[error("`{function}` takes a script, not a key")]
    KeyForScript {
        /// The function.
        function: &'static str,
    },
    /// Too few or too many arguments.
    #[error("`{function}` has the wrong number of arguments")]
    Arguments {
        /// The function.
        function: &'static str,
    },
    /// A miniscript fragment with an argument that is neither key nor number nor hash, or an unknown wrapper.
    #[error("an argument that is neither key nor number nor hash, or an unknown wrapper")]
    BadArgument,
    /// An uncompressed key in a segwit script.
    #[error("key {number} is uncompressed, which `{function}` cannot spend")]
    Uncompressed {
        /// Which key, from 1.
        number: usize,
        /// The function.
        function: &'static str,
        /// Whether it is a private key.
        private: bool,
    },
    /// The threshold is no number.
    #[error("the threshold is no number")]
    BadThreshold,
    /// The threshold is zero.
    #[error("a threshold of zero: anyone could spend")]
    ThresholdZero,
    /// The threshold is larger than the number of keys.
    #[error("a threshold of {threshold} with {keys} keys: nobody could spend")]
    ThresholdOverKeys {
        /// The threshold.
        threshold: usize,
        /// The keys.
        keys: usize,
    },
    /// More keys than a script may have.
    #[error("{keys} keys, where a script has at most {limit}")]
    TooManyKeys {
        /// The keys.
        keys: usize,
        /// The limit.
        limit: usize,
    },
    /// More keys than fit the 520 bytes of a `sh` script.
    #[error("{keys} keys do not fit the 520 bytes of `sh`: use `wsh` or `sh(wsh)`")]
    TooManyKeysForSh {
        /// The keys.
        keys: usize,
    },
    /// The argument of `raw` is not hex.
    #[error("the script of `raw` is not hex")]
    RawNotHex,
    /// The argument of `addr` is no address.
    #[error("the argument of `addr` is no address")]
    BadAddress,
    /// Keys with different numbers of alternatives.
    #[error("key {number} has {found} alternatives, an earlier one {expected}")]
    LengthMismatch {
        /// Which key, from 1.
        number: usize,
        /// Its alternatives.
        found: usize,
        /// Those of the first key that has any.
        expected: usize,
    },
    /// Miniscript refuses the script.
    #[error("not a valid script: {0}")]
    Script(String),
}

impl DescriptorError {
    /// A stable code: what a published vector gives as the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::Checksum(error) => error.code(),
            Self::Syntax { .. } => "bad-syntax",
            Self::Key { error, .. } => error.code(),
            Self::Unsupported(kind) => kind.code(),
            Self::NotADescriptor => "not-a-descriptor",
            Self::Misplaced { inner, outer } => rules::misplaced_code(inner, outer),
            Self::ScriptForKey { function } => match *function {
                "pk" => "pk-of-script",
                "pkh" => "pkh-of-script",
                "wpkh" => "script-in-wpkh",
                "combo" => "script-in-combo",
                "tr" => "script-in-tr",
                _ => "script-for-key",
            },
            Self::KeyForScript { function } => match *function {
                "sh" => "sh-of-key",
                "wsh" => "key-in-wsh",
                _ => "key-for-script",
            },
            Self::Arguments { .. } => "wrong-arguments",
            Self::BadArgument => "bad-argument",
            Self::Uncompressed { function, private, .. } => match (*function, private) {
                ("wpkh", _) => "uncompressed-wpkh",
                ("wsh", _) => "uncompressed-wsh",
                (_, true) => "uncompressed-privkey",
                (_, false) => "uncompressed-pubkey",
            },
            Self::BadThreshold => "bad-threshold",
            Self::ThresholdZero => "threshold-zero",
            Self::ThresholdOverKeys { .. } => "threshold-over-keys",
            Self::TooManyKeys { .. } => "too-many-keys",
            Self::TooManyKeysForSh { .. } => "too-many-keys-p2sh",
            Self::RawNotHex => "raw-not-hex",
            Self::BadAddress => "bad-address",
            Self::LengthMismatch { .. } => "length-mismatch",
            Self::Script(_) => "bad-script",
        }
    }
}
