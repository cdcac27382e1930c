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
        expression.concrete(stand_in)?.sanity_check().map_err(|e| DescriptorError::of_miniscript(&e))?;
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
        let at = |alternative| self.concrete(|_, key| key.key(alternative, index));
        alternatives.map(|alternative| Ok(at(alternative)?.script_pubkey())).collect()
    }

    /// The descriptor with a public key in the place of each key expression.
    fn concrete(
        &self,
        derive: impl Fn(usize, &KeyText) -> Result<PublicKey, KeyTextError>,
    ) -> Result<miniscript::Descriptor<PublicKey>, DescriptorError> {
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
        text.parse().map_err(|e| DescriptorError::of_miniscript(&e))
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
    #[error("{} is not supported: use pkh, wpkh, sh(wpkh), tr, or multi, sortedmulti and miniscript in sh and wsh", .0.kind())]
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
    /// A valid script that is not safe to use.
    #[error("{}", .0.sentence())]
    Unsound(Unsound),
}

/// What makes a valid script unsafe (miniscript's sanity check).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// It can be spent without a signature.
    NoSignature,
    /// Others can change how it is spent.
    Malleable,
    /// It can be spent in a way that is beyond the network's limits.
    TooLarge,
    /// A key stands in it twice.
    RepeatedKey,
    /// Locks of different units belong together.
    MixedTimelocks,
}

impl Unsound {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoSignature => "it can be spent without a signature, by anyone: put a key into each way to spend",
            Self::Malleable => "others could change how it is spent: let a key or lock stand in each branch",
            Self::TooLarge => "a way to spend it is beyond the network's limits: use fewer keys or a tree of leaves",
            Self::RepeatedKey => "a key stands twice in one script: use another account of it",
            Self::MixedTimelocks => {
                "locks by height and by time belong together, which no transaction can satisfy: use one unit"
            }
        }
    }
}

impl DescriptorError {
    /// What miniscript says, in our words where we have some.
    pub(super) fn of_miniscript(error: &miniscript::Error) -> Self {
        use miniscript::AnalysisError;
        // It quotes with guillemets, which not every console can show.
        let said = || Self::Script(printable(&error.to_string().replace(['«', '»'], "`")));
        let miniscript::Error::AnalysisError(analysis) = error else {
            return said();
        };
        match analysis {
            AnalysisError::SiglessBranch => Self::Unsound(Unsound::NoSignature),
            AnalysisError::Malleable => Self::Unsound(Unsound::Malleable),
            AnalysisError::BranchExceedResouceLimits => Self::Unsound(Unsound::TooLarge),
            AnalysisError::RepeatedPubkeys => Self::Unsound(Unsound::RepeatedKey),
            AnalysisError::HeightTimelockCombination => Self::Unsound(Unsound::MixedTimelocks),
            AnalysisError::ContainsRawPkh => said(),
        }
    }

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
            Self::Script(_) | Self::Unsound(_) => "bad-script",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd";
    const OTHER: &str = "0260b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600";
    const LONG: &str = "04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235";
    const X: &str = "a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd";

    fn fill(text: &str) -> String {
        text.replace("KEY", KEY).replace("OTHER", OTHER).replace("LONG", LONG).replace("XONLY", X)
    }

    #[track_caller]
    fn script(text: &str, expected: &str) {
        let scripts = Expression::parse(&fill(text)).map_err(|e| e.to_string()).unwrap().scripts(0).unwrap();
        assert_eq!(scripts.iter().map(|script| script.to_hex_string()).collect::<Vec<_>>(), [expected], "{text}");
    }

    #[track_caller]
    fn refused(text: &str, code: &str) {
        let error = Expression::parse(&fill(text)).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), code, "{text}: {error}");
    }

    #[test]
    fn scripts_are_those_of_the_bips() {
        script("pkh(KEY)", "76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac");
        script("wpkh(KEY)", "00149a1c78a507689f6f54b847ad1cef1e614ee23f1e");
        script("sh(pk(KEY))", "a9141857af51a5e516552b3086430fd8ce55f7c1a52487");
        script("tr(XONLY)", "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11");
        script("tr(KEY)", "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11");
        assert!(Expression::parse(&fill("wsh(or_d(pk(KEY),and_v(v:pkh(OTHER),older(1000))))")).is_ok());
        assert!(Expression::parse(&fill("tr(XONLY,{multi_a(1,KEY,OTHER),pk(KEY)})")).is_ok());
    }

    #[test]
    fn each_fault_has_its_own_code() {
        refused("sh(sh(pk(KEY)))", "sh-in-sh");
        refused("wsh(sh(pk(KEY)))", "sh-in-wsh");
        refused("sh(wsh(wpkh(KEY)))", "wpkh-in-wsh");
        refused("wsh(and_v(v:pk(KEY),wpkh(KEY)))", "wpkh-in-wsh");
        refused("wsh(multi_a(1,KEY))", "multi-a-in-wsh");
        refused("tr(XONLY,multi(1,KEY))", "misplaced-in-tr");
        refused("tr(XONLY,sortedmulti_a(1,KEY,OTHER))", "unsupported-sortedmulti-a");
        refused("wsh(pk(LONG))", "uncompressed-wsh");
        refused("tr(XONLY,pk(LONG))", "uncompressed-pubkey");
        refused("wsh(pk(XONLY))", "bad-key");
        refused("wpkh(KEY,KEY)", "wrong-arguments");
        refused("wpkh()", "bad-key");
        refused("wpkh(KEY", "bad-syntax");
        refused("wsh(older(KEY))", "bad-argument");
        refused("wsh(Z:pk(KEY))", "bad-argument");
        refused("wsh(older(10))", "bad-script");
        refused("wsh(frob(KEY))", "not-a-descriptor");
        refused("wsh(multi(1,KEY,pk(KEY)))", "script-for-key");
        refused("raw(abc)", "raw-not-hex");
        refused("pk_k(KEY)", "unsupported-bare");
        refused("rawtr(XONLY)", "unsupported-rawtr");
        refused("tr(musig(KEY,OTHER))", "unsupported-musig");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z:_0-9(){},;<>/*'#\\[\\]]{0,80}", cut in 0..400usize, put in "[(){},<>*;#/0-9h]{0,3}") {
            let _ = Expression::parse(&text);
            let good = fill("wsh(andor(multi(1,KEY,[deadbeef/0h]OTHER),and_v(v:pk(KEY),older(5)),thresh(2,pk(OTHER),s:pk(KEY),sln:after(9))))");
            let cut = cut.min(good.len());
            let _ = Expression::parse(&format!("{}{put}{}", &good[..cut], &good[cut..]));
            let _ = Expression::parse(&format!("{}{put}", &good[..cut]));
            let name = || "w".parse().unwrap();
            let _ = crate::wallet::Wallet::read(name(), &text, crate::network::Network::Mainnet, &[0]);
            let good = crate::wallet::samples::SCRIPTS[cut % 8].replace("@0", "@4");
            let bent = format!("{}{put}{}", &good[..cut.min(good.len())], &good[cut.min(good.len())..]);
            let path = crate::wallet::samples::SCRIPTS_PATH;
            let _ = crate::wallet::samples::read(&bent, path, crate::network::Network::Mainnet, &[0]);
        }
    }

    #[test]
    fn the_sentence_names_the_kind() {
        for (text, word) in [
            ("raw(00)", "`raw`"),
            ("combo(KEY)", "`combo`"),
            ("pk(KEY)", "bare script"),
            ("sortedmulti(1,KEY)", "bare script"),
        ] {
            let sentence = Expression::parse(&fill(text)).map(|_| ()).unwrap_err().to_string();
            assert!(sentence.contains(word) && sentence.contains("not supported"), "{sentence}");
        }
    }
}
