//! The test vector in `docs/vault-format.md` of what the ballots of a transaction approve, from bytes put together by hand.

use bitcoin::base64::{Engine as _, engine::general_purpose::STANDARD};
use strongroom::{
    digest::sha256,
    psbt::Place,
    review::{Class, Finding, Proof},
    text::hex,
};

use crate::transactions::*;

const DOCUMENT: &str = include_str!("../../docs/vault-format.md");
const HEADING: &str = "### The subject of a transaction";
/// All ones, where an output is not ours and a warning is of the whole transaction.
const NONE: u32 = u32::MAX;

/// The fields in their order: as people read them, and their bytes.
#[derive(Default)]
struct Fields {
    rows: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Fields {
    fn row(&mut self, name: &str, value: impl ToString, bytes: &[u8]) {
        self.rows.push((name.to_owned(), value.to_string()));
        self.bytes.extend(bytes);
    }

    fn u8(&mut self, name: &str, value: u8) {
        self.row(name, value, &[value]);
    }

    fn u32(&mut self, name: &str, value: u32) {
        self.row(name, value, &value.to_be_bytes());
    }

    fn u64(&mut self, name: &str, value: u64) {
        self.row(name, value, &value.to_be_bytes());
    }

    fn string(&mut self, name: &str, shown: &str, value: &[u8]) {
        let length = u32::try_from(value.len()).unwrap().to_be_bytes();
        self.row(name, if value.is_empty() { "empty" } else { shown }, &[&length[..], value].concat());
    }

    fn text(&mut self, name: &str, value: &str) {
        self.string(name, value, value.as_bytes());
    }

    fn hex(&mut self, name: &str, value: &[u8]) {
        self.string(name, &hex(value), value);
    }
}

/// BIP340's tagged hash.
fn tagged(tag: &str, fields: &[u8]) -> [u8; 32] {
    let tag = sha256(tag.as_bytes());
    sha256(&[&tag[..], &tag[..], fields].concat())
}

/// A payment with its change, whose fee asks for an acknowledgement.
fn payment() -> Case {
    let case = Case::new(vec![wpkh()]).input(0, 0, 3, 1_000_000).pay(foreign(1), 600_000).back(0, 1, 7, 390_000);
    case.with(|case| case.policy = "[caps]\nfee_notice_sat = 1_000\n".to_owned())
}

fn fields(case: &Case) -> Fields {
    let coin = wpkh().coin(0, 3).unwrap();
    let mut fields = Fields::default();
    fields.hex("S", &[3; 32]);
    fields.hex("unsigned transaction", &bitcoin::consensus::serialize(&case.psbt.unsigned_tx));
    fields.u32("inputs", 1);
    fields.text("input 0, wallet", "wpkh");
    fields.u64("input 0, amount", 1_000_000);
    fields.hex("input 0, script", coin.script_pubkey.as_bytes());
    fields.u32("input 0, branch", 0);
    fields.u32("input 0, index", 3);
    fields.u8("input 0, proof level", Proof::Proved.code());
    fields.hex("input 0, leaf", &[]);
    fields.u32("input 0, keys", 1);
    fields.hex("input 0, key 0", &coin.keys[0]);
    fields.u32("outputs", 2);
    fields.u8("output 0, class", Class::External.code());
    fields.text("output 0, wallet", "");
    fields.u32("output 0, branch", NONE);
    fields.u32("output 0, index", NONE);
    fields.u8("output 1, class", Class::Change.code());
    fields.text("output 1, wallet", "wpkh");
    fields.u32("output 1, branch", 1);
    fields.u32("output 1, index", 7);
    fields.u32("warnings", 1);
    fields.text("warning 0, rule", "M04");
    fields.u8("warning 0, scope", 0);
    fields.u32("warning 0, index", NONE);
    fields.hex("SHA-256 of the PSBT", &sha256(&case.bytes()));
    fields
}

#[test]
fn the_page_has_the_subject_of_a_transaction() {
    let case = payment();
    let cleared = case.judge().ok().unwrap();
    let warnings: Vec<_> = cleared.warnings().iter().flat_map(Finding::names).collect();
    assert_eq!(warnings, [("M04", Place::Whole)]);
    let fields = fields(&case);
    let subject = tagged("strongroom/review/1", &fields.bytes);
    assert_eq!(cleared.digest().0, subject);

    let psbt = STANDARD.encode(case.bytes());
    let mut rows = vec![("PSBT".to_owned(), psbt)];
    rows.extend(fields.rows);
    rows.push(("all fields".to_owned(), hex(&fields.bytes)));
    rows.push(("subject".to_owned(), hex(&subject)));
    let expected: String = rows.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let (_, after) = DOCUMENT.split_once(HEADING).unwrap_or_else(|| panic!("no {HEADING}"));
    let (_, block) = after.split_once("```\n").unwrap();
    let found = block.split_once("```").unwrap().0;
    assert!(found == expected, "`{HEADING}` should be followed by\n```\n{expected}```");
}
