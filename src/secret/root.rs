//! The entropy root: all sources in one hash, looked at (and destroyed) or used, and everything drawn from it.
//!
//! Floor 1. Pure.

use super::entropy::{EntropyError, KernelDraw, Kind, Thrown};
use super::labels;
use super::role::{ApprovalKey, StatementKey};
use super::stretch::{copy, hkdf};
use crate::digest::Tagged;
use crate::secret::KeyError;
use crate::sys::{MemoryError, Secret, burn_stack};
use crate::text::Name;

/// All sources, mixed. People now choose: [`Mixed::audit`] or [`Mixed::accept`].
pub struct Mixed {
    root: Secret,
    kernel: KernelDraw,
    thrown: Vec<Thrown>,
}

impl Mixed {
    /// `root = tagged_hash("strongroom/entropy/1", u8 count, for each source u8 kind and its bytes)`, the kernel first.
    ///
    /// # Errors
    /// Nothing was thrown.
    pub fn new(kernel: KernelDraw, thrown: Vec<Thrown>) -> Result<Self, EntropyError> {
        if thrown.is_empty() {
            return Err(EntropyError::OneSource);
        }
        let mut root = Secret::zeroed(32)?;
        mix(&kernel, &thrown, root.expose_mut());
        burn_stack();
        Ok(Self { root, kernel, thrown })
    }

    /// AUDIT: everything, as text that lets a person compute the commitment, the root and the seed's entropy again
    /// with stock tools. The root is destroyed; start again with new bytes and throws.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn audit(self) -> Result<Secret, EntropyError> {
        let mut page = Page::new()?;
        page.line(&["# These values are destroyed. To check them, in a shell:"])?;
        page.line(&["join() { printf %s \"$@\"; }"])?;
        page.line(&["tag() { printf %s \"$1\" | sha256sum | cut -c1-64; }"])?;
        page.line(&["hash() { t=$(tag \"$1\"); printf %s \"$t$t$2\" | xxd -r -p | sha256sum | cut -c1-64; }"])?;
        page.joined("kernel", letters(self.kernel.bytes.expose()), HEX)?;
        page.line(&["hash ", labels::COMMIT_TAG, " 00000040$kernel   # the commitment"])?;
        let count = self.thrown.len().saturating_add(1);
        page.line(&["fields="])?;
        page.hex(&[u8::try_from(count).unwrap_or(u8::MAX), Kind::Kernel.code()])?;
        page.push(b"00000040$kernel")?;
        for source in &self.thrown {
            page.line(&["# ", source.kind.noun(), "s"])?;
            let typed = if source.kind == Kind::Cards { CARDS } else { THROWS };
            page.joined("throws", source.outcomes().iter().copied(), typed)?;
            page.line(&["fields=${fields}"])?;
            page.hex(&[source.kind.code()])?;
            page.hex(&u32::try_from(source.outcomes().len()).unwrap_or(u32::MAX).to_be_bytes())?;
            page.push(b"$(printf %s $throws | xxd -p -c 0)")?;
        }
        page.line(&["hash ", labels::ROOT_TAG, " $fields   # the root, which is"])?;
        page.joined("root", letters(self.root.expose()), HEX)?;
        page.line(&["# of a new seed (an imported one has none of it), 32 bytes of entropy (24 words; 12 words take the first 16):"])?;
        page.line(&[
            "openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:$root -kdfopt info:",
            labels::SEED,
            " HKDF",
        ])?;
        page.line(&["# which gives"])?;
        page.line(&["#"])?;
        page.grouped(letters(hkdf(self.root.expose(), labels::SEED.as_bytes(), 32)?.expose()), HEX, b"\n#")?;
        page.push(b"\n")?;
        Ok(page.finish())
    }

    /// USE: nothing is shown.
    #[must_use]
    pub fn accept(self) -> Root {
        Root { mixed: self }
    }
}

/// What all secrets of one ceremony are drawn from.
pub struct Root {
    mixed: Mixed,
}

impl Root {
    /// How the root was made: the commitment to the kernel's bytes, then what was thrown (`dice 3512…`), a line each;
    /// for the body of the vault only. Without the kernel's bytes, so that whoever opens the body later cannot
    /// compute the approval keys of others.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn record(&self) -> Result<Secret, EntropyError> {
        let mut page = Page::new()?;
        page.push(b"kernel-commitment ")?;
        page.hex(self.mixed.kernel.commitment().as_bytes())?;
        for source in &self.mixed.thrown {
            let name = match source.kind {
                Kind::Kernel => "kernel ",
                Kind::Dice => "dice ",
                Kind::Coins => "coins ",
                Kind::Cards => "cards ",
            };
            page.line(&[name])?;
            page.push(source.outcomes())?;
        }
        page.push(b"\n")?;
        Ok(page.finish())
    }

    /// Entropy of a mnemonic of 12 words (16 bytes) or 24 (32 bytes).
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn seed_entropy(&self, length: usize) -> Result<Secret, EntropyError> {
        Ok(self.draw(labels::SEED, length)?)
    }

    /// The quorum secret, 32 bytes.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn quorum_secret(&self) -> Result<Secret, EntropyError> {
        Ok(self.draw(labels::QUORUM, 32)?)
    }

    /// Random bytes for [`split`](crate::secret::split), enough for any threshold.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn coefficients(&self) -> Result<Secret, EntropyError> {
        Ok(self.draw(labels::COEFFICIENTS, super::slip39::COEFFICIENT_BYTES)?)
    }

    /// A SLIP-39 identifier (15 bits) unlike all in `used`.
    ///
    /// # Errors
    /// No memory for a secret; all candidates are used already ([`EntropyError::NoIdentifier`]).
    pub fn identifier(&self, used: &[u16]) -> Result<u16, EntropyError> {
        let candidates = self.draw(labels::IDENTIFIER, 4096)?;
        let number = |pair: &[u8]| pair.try_into().ok().map(|pair| u16::from_be_bytes(pair) & 0x7fff);
        let mut numbers = candidates.expose().chunks(2).filter_map(number);
        numbers.find(|number| !used.contains(number)).ok_or(EntropyError::NoIdentifier)
    }

    /// The key that signs statements and closing lines.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn statement_key(&self) -> Result<StatementKey, KeyError> {
        first_key(labels::STATEMENT_KEY, |label| self.draw(label, 32), StatementKey::new)
    }

    /// A custodian's approval key.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn approval_key(&self, custodian: &Name) -> Result<ApprovalKey, KeyError> {
        let label = format!("{}/{custodian}", labels::APPROVAL_KEY);
        first_key(&label, |label| self.draw(label, 32), ApprovalKey::new)
    }

    fn draw(&self, label: &str, length: usize) -> Result<Secret, MemoryError> {
        hkdf(self.mixed.root.expose(), label.as_bytes(), length)
    }
}

/// The key of `label`, or of `label/2`, `label/3` … where the bytes before are no scalar of the curve (once in 2^127).
fn first_key<K>(
    label: &str,
    mut draw: impl FnMut(&str) -> Result<Secret, MemoryError>,
    key: impl Fn(Secret) -> Result<K, KeyError>,
) -> Result<K, KeyError> {
    let mut result = key(draw(label)?);
    for counter in 2..=9u8 {
        if !matches!(result, Err(KeyError::NotAScalar)) {
            break;
        }
        result = key(draw(&format!("{label}/{counter}"))?);
    }
    result
}

#[inline(never)]
fn mix(kernel: &KernelDraw, thrown: &[Thrown], out: &mut [u8]) {
    let count = u8::try_from(thrown.len().saturating_add(1)).unwrap_or(u8::MAX);
    let mut hash = Tagged::new(labels::ROOT_TAG).u8(count).u8(Kind::Kernel.code()).bytes(kernel.bytes.expose());
    for source in thrown {
        hash = hash.u8(source.kind.code()).bytes(source.outcomes());
    }
    copy(out, &hash.finish());
}

/// How many letters stand together, and how many in a row.
#[derive(Clone, Copy)]
struct Groups {
    group: usize,
    row: usize,
}

const HEX: Groups = Groups { group: 4, row: 32 };
const THROWS: Groups = Groups { group: 5, row: 50 };
const CARDS: Groups = Groups { group: 2, row: 32 };

/// Bytes as hex, letter by letter.
fn letters(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let digit = |nibble: u8| {
        if nibble < 10 { b'0'.wrapping_add(nibble) } else { b'a'.wrapping_add(nibble.wrapping_sub(10)) }
    };
    bytes.iter().flat_map(move |byte| [digit(byte >> 4), digit(byte & 15)])
}

/// A secret text that grows, within 16 KiB of locked memory.
struct Page {
    text: Secret,
    length: usize,
}

impl Page {
    fn new() -> Result<Self, MemoryError> {
        Ok(Self { text: Secret::zeroed(16 * 1024)?, length: 0 })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let end = self.length.saturating_add(bytes.len());
        let place = self.text.expose_mut().get_mut(self.length..end).ok_or(MemoryError::NoPages)?;
        copy(place, bytes);
        self.length = end;
        Ok(())
    }

    fn line(&mut self, parts: &[&str]) -> Result<(), MemoryError> {
        if self.length > 0 {
            self.push(b"\n")?;
        }
        parts.iter().try_for_each(|part| self.push(part.as_bytes()))
    }

    fn hex(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        letters(bytes).try_for_each(|letter| self.push(&[letter]))
    }

    /// A variable of the shell, whose value can be copied by hand.
    fn joined(&mut self, name: &str, value: impl Iterator<Item = u8>, how: Groups) -> Result<(), MemoryError> {
        self.line(&[name, "=$(join \\\n "])?;
        self.grouped(value, how, b" \\\n ")?;
        self.push(b")")
    }

    /// In groups, each after a space, and in rows.
    fn grouped(&mut self, value: impl Iterator<Item = u8>, how: Groups, between: &[u8]) -> Result<(), MemoryError> {
        for (place, letter) in value.enumerate() {
            if place > 0 && place.is_multiple_of(how.row) {
                self.push(between)?;
            }
            if place.is_multiple_of(how.group) {
                self.push(b" ")?;
            }
            self.push(&[letter])?;
        }
        Ok(())
    }

    fn finish(mut self) -> Secret {
        self.text.shorten(self.length);
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::entropy::tests::{rolls, secret};
    use crate::text::hex;

    fn kernel() -> KernelDraw {
        let bytes = [crate::digest::sha256(b"a"), crate::digest::sha256(b"b")].concat();
        KernelDraw::new(Secret::copied(&bytes).unwrap()).ok().unwrap()
    }

    fn mixed() -> Mixed {
        Mixed::new(kernel(), vec![Thrown::dice(&secret(&rolls(99))).ok().unwrap()]).ok().unwrap()
    }

    #[test]
    fn the_root_is_the_hash_of_all_sources() {
        let hash = Tagged::new("strongroom/entropy/1").u8(2).u8(0).bytes(kernel().bytes.expose());
        let expected = hash.u8(1).bytes(rolls(99).as_bytes()).finish();
        assert_eq!(mixed().root.expose(), expected);
        assert!(matches!(Mixed::new(kernel(), Vec::new()), Err(EntropyError::OneSource)));
    }

    #[test]
    fn an_audit_can_be_computed_again_with_stock_tools() {
        let page = mixed().audit().ok().unwrap();
        let page = page.expose_str().unwrap();
        let root = hex(mixed().root.expose());
        // Nothing is longer than what eyes keep while a hand writes.
        let given: Vec<&str> = page.lines().filter(|line| line.starts_with("  ")).collect();
        assert!(given.len() == 4 + 2 + 2 && given.iter().all(|line| line.len() <= 64), "{given:?}");
        assert!(
            given.iter().all(|line| line.trim_end_matches([')', '\\']).split_whitespace().all(|part| part.len() <= 5))
        );
        let available = |tool: &str| std::process::Command::new(tool).arg("--version").output().is_ok();
        let tools = ["bash", "openssl", "sha256sum", "xxd"];
        if !tools.into_iter().all(available) {
            assert!(std::env::var_os("CI").is_none(), "{tools:?} are needed");
            eprintln!("SKIPPED: {tools:?} are needed");
            return;
        }
        let shell = std::process::Command::new("bash").args(["-c", page]).output().unwrap();
        assert_eq!(String::from_utf8(shell.stderr).unwrap(), "");
        let said = String::from_utf8(shell.stdout).unwrap();
        let commitment = kernel().commitment().to_string();
        assert!(said.starts_with(&format!("{commitment}\n{root}\n")), "{said}");
        let entropy = mixed().accept().seed_entropy(32).ok().unwrap();
        let entropy = hex(entropy.expose());
        assert_eq!(said.lines().nth(2).unwrap().replace(':', "").to_lowercase(), entropy);
    }

    #[test]
    fn everything_drawn_is_different_and_repeatable() {
        let (root, again) = (mixed().accept(), mixed().accept());
        let (alice, bob) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        let draws = |root: &Root| {
            let keys = [root.approval_key(&alice).ok().unwrap(), root.approval_key(&bob).ok().unwrap()];
            let mut all: Vec<Vec<u8>> = keys.iter().map(|key| key.private().expose().to_vec()).collect();
            all.push(root.statement_key().ok().unwrap().private().expose().to_vec());
            all.push(root.seed_entropy(32).ok().unwrap().expose().to_vec());
            all.push(root.quorum_secret().ok().unwrap().expose().to_vec());
            all.push(root.coefficients().ok().unwrap().expose()[..32].to_vec());
            all
        };
        let all = draws(&root);
        assert_eq!(all, draws(&again));
        for (place, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 32);
            assert!(!all[..place].contains(one));
        }
        assert_eq!(root.seed_entropy(16).ok().unwrap().expose(), &all[3][..16]);
    }

    #[test]
    fn an_identifier_is_unlike_all_earlier_ones() {
        let root = mixed().accept();
        let first = root.identifier(&[]).unwrap();
        let second = root.identifier(&[first]).unwrap();
        assert!(first <= 0x7fff && second <= 0x7fff && first != second);
        let all: Vec<u16> = (0..0x8000).collect();
        assert_eq!(root.identifier(&all), Err(EntropyError::NoIdentifier));
    }

    #[test]
    fn the_record_holds_throws_and_no_kernel_bytes() {
        let record = mixed().accept().record().ok().unwrap();
        let expected = format!("kernel-commitment {}\ndice {}\n", kernel().commitment(), rolls(99));
        assert_eq!(record.expose_str(), Some(&expected[..]));
    }

    #[test]
    fn bytes_that_are_no_scalar_lead_to_the_next_label() {
        let mut labels = Vec::new();
        let draw = |label: &str| {
            labels.push(label.to_owned());
            Secret::copied(if label == "k/3" { &[1; 32] } else { &[0xff; 32] })
        };
        assert!(first_key("k", draw, StatementKey::new).is_ok());
        assert_eq!(labels, ["k", "k/2", "k/3"]);
    }
}
