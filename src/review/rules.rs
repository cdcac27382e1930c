//! The table of all rules in force: what each does, and what it stops.

use crate::review::{Action, Permission};

/// The room that holds a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Room {
    /// The reader of PSBTs.
    Psbt,
    /// The registration of wallets.
    Register,
    /// The review.
    Review,
    /// What is shown of each transaction, whatever it is.
    Render,
    /// The verdict.
    Policy,
    /// The ballots.
    Quorum,
    /// The frames of QR codes.
    Qr,
    /// The secrets in memory.
    Secret,
    /// The signer.
    Sign,
    /// The check of signatures and answer.
    Verify,
}

/// What it takes to see a rule bite, and so what a test of it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// One PSBT with the ground that it is reviewed on: `vectors/psbt` has a case that it stops or tells, and a near
    /// one that passes.
    File,
    /// Several PSBTs or messages in order, with a history between them.
    Sequence,
    /// Steps of people and program around a PSBT.
    Process,
    /// What holds in every run, whatever comes.
    Invariant,
}

impl Class {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Sequence => "sequence",
            Self::Process => "process",
            Self::Invariant => "invariant",
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id, in messages and ballots.
    pub id: &'static str,
    /// What it may do, by how far a case goes; nothing where no input can break it.
    pub actions: &'static [Action],
    /// What a test of it is made of.
    pub class: Class,
    /// The room that holds it.
    pub room: Room,
    /// The functions of the review that find it, `file::function`; none where another room alone holds it. What is one
    /// walk over inputs or outputs, or one comparison with several outcomes, is one function.
    pub holders: &'static [&'static str],
    /// What it stops.
    pub stops: &'static str,
    /// Whether a refusal by it shows that somebody tampered.
    pub fraud: bool,
}

/// The rule of an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// Whether a refusal by this rule shows that somebody tampered.
#[must_use]
pub(super) fn is_fraud(id: &str) -> bool {
    find(id).is_some_and(|rule| rule.fraud)
}

const R: Action = Action::Refuse;
const A: Action = Action::Acknowledge;
const S: Action = Action::Show;
const FOREIGN: Action = Action::RefuseUnless(Permission::ForeignInputs);
const UNPROVEN: Action = Action::RefuseUnless(Permission::UnprovenAmounts);
const MIXED: Action = Action::RefuseUnless(Permission::MixedWallets);
const MORE: Action = Action::RefuseUnless(Permission::MoreSignatures);
const BURN: Action = Action::RefuseUnless(Permission::OpReturnValue);

impl Rule {
    /// The same rule in another class than that of files.
    const fn of(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// The same rule, held by these functions.
    const fn by(self, holders: &'static [&'static str]) -> Self {
        Self { holders, ..self }
    }
}

const fn rule(id: &'static str, actions: &'static [Action], room: Room, stops: &'static str) -> Rule {
    Rule { id, actions, class: Class::File, room, holders: &[], stops, fraud: false }
}

const fn rule_of_fraud(id: &'static str, actions: &'static [Action], room: Room, stops: &'static str) -> Rule {
    Rule { id, actions, class: Class::File, room, holders: &[], stops, fraud: true }
}

/// All rules in force, by family.
pub const RULES: &[Rule] = &[
    rule("P01", &[R], Room::Psbt, "what is no PSBT is not read as one"),
    rule("P02", &[R], Room::Psbt, "a second PSBT behind the first"),
    rule("P03", &[R], Room::Psbt, "a file cut short"),
    rule("P04", &[R], Room::Psbt, "two values for one key, of which readers choose different ones"),
    rule("P05", &[R], Room::Psbt, "one number in two encodings"),
    rule("P06", &[R], Room::Psbt, "keys of a wrong length"),
    rule("P07", &[R], Room::Psbt, "values of a wrong length"),
    rule("P08", &[R], Room::Psbt, "a version whose rules we do not know"),
    rule("P09", &[R], Room::Psbt, "fields of one version in the other"),
    rule("P10", &[R], Room::Psbt, "signatures hidden in the unsigned transaction"),
    rule("P11", &[R], Room::Psbt, "a transaction without inputs or outputs"),
    rule("P12", &[R], Room::Psbt, "a transaction version that nodes do not relay"),
    rule("P13", &[R], Room::Psbt, "one coin counted twice"),
    rule("P14", &[R], Room::Psbt, "a coinbase, or an output number that cannot be"),
    rule("P15", &[R], Room::Psbt, "a transaction that is too heavy or too small to be relayed")
        .by(&["weight::relayed"]),
    rule("P16", &[R, S], Room::Review, "an unknown field that passes unseen").by(&["passengers::scope"]),
    rule("P17", &[R], Room::Psbt, "a field that changes the meaning and is not understood"),
    rule("P18", &[R, S], Room::Review, "a proprietary field that passes unseen").by(&["passengers::scope"]),
    rule("P19", &[S], Room::Review, "a name that nobody verified").by(&["passengers::fields"]),
    rule("P20", &[R], Room::Psbt, "input that crashes or exhausts the reader"),
    rule("P21", &[R], Room::Psbt, "a transaction that this program read otherwise than it is written")
        .of(Class::Invariant),
    rule("P22", &[R], Room::Psbt, "one file that means two things in two encodings"),
    rule_of_fraud("U01", &[R], Room::Review, "another transaction in place of the one that is spent")
        .by(&["utxo::settle"]),
    rule("U02", &[R], Room::Review, "an output that the previous transaction does not have").by(&["utxo::settle"]),
    rule_of_fraud("U03", &[R], Room::Review, "an amount or script shown that is not the one signed")
        .by(&["utxo::settle"]),
    rule("U04", &[R], Room::Review, "an input of which nothing is known").by(&["utxo::nothing_given"]),
    rule("U05", &[R], Room::Review, "a false amount of a coin whose signature does not cover it").by(&["utxo::given"]),
    rule("U06", &[UNPROVEN], Room::Review, "a false amount that two signing rounds turn into a fee")
        .by(&["utxo::given"]),
    rule_of_fraud("U07", &[R, A], Room::Review, "a second amount for a coin that had another one before")
        .by(&["history::amounts"])
        .of(Class::Sequence),
    rule("U08", &[A], Room::Review, "a coin spent once more, in another transaction")
        .by(&["history::spent_before"])
        .of(Class::Sequence),
    rule("U09", &[R], Room::Review, "sums that overflow").by(&["utxo::amounts"]),
    rule("U10", &[R], Room::Psbt, "a previous transaction with something behind it"),
    rule("U11", &[R, S], Room::Review, "a coin without witness described as one with").by(&["utxo::witness_record"]),
    rule("U12", &[S], Room::Render, "the belief that a coin is there, which nobody can know offline")
        .of(Class::Invariant),
    rule_of_fraud("I01", &[R], Room::Review, "a coin that claims to be ours and is not")
        .by(&["ownership::false_claim"]),
    rule_of_fraud("I02", &[R], Room::Review, "another key under our name")
        .by(&["ownership::false_claim", "ownership::ours"]),
    rule("I03", &[S], Room::Review, "trust in a fingerprint, which anyone can choose")
        .by(&["ownership::strange_records"]),
    rule("I04", &[R], Room::Review, "a redeem script of another coin").by(&["scripts::hash_faults"]),
    rule("I05", &[R], Room::Review, "a witness script of another coin").by(&["scripts::hash_faults"]),
    rule("I06", &[S], Room::Review, "signing a script that came with the PSBT").by(&["scripts::missing"]),
    rule("I07", &[R], Room::Review, "a script with other keys or another threshold").by(&["scripts::contradicted"]),
    rule("I08", &[MIXED], Room::Review, "a weak wallet beside a strong one").by(&["ownership::one_wallet"]),
    rule("I09", &[FOREIGN], Room::Review, "coins of others, with which the fee means nothing")
        .by(&["ownership::foreign"]),
    rule("I10", &[R], Room::Review, "a coin of ours that passes for someone else's").by(&["ownership::foreign"]),
    rule("I11", &[R], Room::Review, "key records that are malformed or doubled").by(&["ownership::keys_are_keys"]),
    rule("I12", &[R], Room::Review, "records that point to different places")
        .by(&["ownership::false_claim", "returns::fraud"]),
    rule("I13", &[A], Room::Review, "keys that nobody registered").by(&["ownership::strange_records"]),
    rule_of_fraud("I14", &[R, S], Room::Review, "an extended key exchanged for another")
        .by(&["xpubs::global", "xpubs::well_formed"]),
    rule("I15", &[R], Room::Review, "coins on paths that a restored wallet does not search")
        .by(&["ownership::false_claim", "returns::fraud"]),
    rule("I16", &[S], Room::Review, "a coin where a restored wallet does not look").by(&["ownership::beyond_window"]),
    rule("I17", &[R], Room::Review, "a wallet of one network used on the other")
        .by(&["ownership::networks", "xpubs::well_formed"]),
    rule("I18", &[R], Room::Review, "a script that nobody can be shown in words").by(&["ownership::false_claim"]),
    rule("I19", &[R], Room::Review, "an uncompressed key with a witness, which cannot be spent")
        .by(&["ownership::uncompressed"]),
    rule("I20", &[R], Room::Review, "a finished input given for signing again").by(&["ownership::finished"]),
    rule("I21", &[R], Room::Review, "a signature that is counted and does not count").by(&["signatures::signed_by"]),
    rule("I22", &[MORE], Room::Review, "a signature that nobody needs").by(&["plan::input", "signatures::signed_by"]),
    rule("I23", &[R], Room::Review, "a ceremony over nothing").by(&["plan::something"]),
    rule("I24", &[R], Room::Register, "one key that counts twice").of(Class::Process),
    rule("I25", &[A, S], Room::Review, "coins that return to an address already used")
        .by(&["lookup::own_addresses", "ownership::reused"]),
    rule("H01", &[R], Room::Review, "a signature that leaves the outputs open").by(&["sighash::fault"]),
    rule("H02", &[R], Room::Review, "a signature that leaves the inputs open").by(&["sighash::fault"]),
    rule("H03", &[R], Room::Review, "a signature that covers nothing").by(&["sighash::fault"]),
    rule("H04", &[R], Room::Review, "a sighash type that does not exist").by(&["sighash::fault"]),
    rule("H05", &[R], Room::Review, "a taproot signature that does not cover everything").by(&["sighash::fault"]),
    rule("H06", &[R], Room::Sign, "a digest made with another type than the one reviewed").of(Class::Invariant),
    rule("H07", &[R], Room::Review, "an exemption for transactions to ourselves")
        .by(&["sighash::asked"])
        .of(Class::Invariant),
    rule("C01", &[A], Room::Review, "change that is only claimed").by(&["lookup::own_addresses"]),
    rule_of_fraud("C02", &[R], Room::Review, "an attacker's output that looks like change").by(&["returns::fraud"]),
    rule("C03", &[S], Room::Review, "a transfer to ourselves that passes for change").by(&["classes::returns"]),
    rule("C04", &[A, S], Room::Review, "a transfer to a weaker wallet").by(&["classes::returns"]),
    rule("C05", &[R, A], Room::Review, "change at an index where nobody looks").by(&["classes::window"]),
    rule("C06", &[R], Room::Review, "change buried in a path").by(&["returns::fraud"]),
    rule("C07", &[R], Room::Review, "change of another script type than the wallet").by(&["returns::unlike"]),
    rule("C08", &[R, A], Room::Review, "coins split into dust").by(&["classes::number_of_change"]),
    rule("C09", &[A, S], Room::Review, "the belief that something comes back").by(&["classes::sweep"]),
    rule("C10", &[A], Room::Review, "change of nothing").by(&["classes::returns"]),
    rule("C11", &[R, S], Room::Review, "fields that make a payment look like ours")
        .by(&["returns::fields", "returns::unclaimed"]),
    rule("C12", &[R], Room::Review, "taproot change with a tree that we do not know")
        .by(&["returns::fraud", "returns::unlike"]),
    rule("C13", &[S], Room::Review, "a move between wallets called change").by(&["classes::returns"]),
    rule("O01", &[S], Room::Render, "an address that is shown shortened").of(Class::Invariant),
    rule("O02", &[BURN], Room::Review, "coins burnt in a data output").by(&["payments::burnt"]),
    rule("O03", &[A, S], Room::Review, "data that nobody saw").by(&["payments::data", "payments::outputs"]),
    rule("O04", &[R, A], Room::Review, "coins sent to a script that no address shows, or that anyone can spend")
        .by(&["payments::unknown", "payments::anchor"]),
    rule("O05", &[A], Room::Review, "coins sent to a version that has no rules yet").by(&["payments::program"]),
    rule("O06", &[A], Room::Review, "coins sent to a key that does not exist").by(&["payments::program"]),
    rule("O07", &[A], Room::Review, "an output so small that the transaction is stuck").by(&["payments::dust"]),
    rule("O08", &[A], Room::Review, "a payment of nothing").by(&["payments::dust"]),
    rule("O09", &[A, S], Room::Review, "a payment made twice, or to an address that looks like another")
        .by(&["likeness::alike", "payments::twice"]),
    rule("O10", &[S], Room::Render, "an output hidden among many").of(Class::Process),
    rule("O11", &[R], Room::Policy, "payments that the custodians' own rules exclude").of(Class::Sequence),
    rule("M01", &[R], Room::Review, "outputs above the inputs").by(&["fee::unknown"]),
    rule("M02", &[A], Room::Review, "a transaction that nobody relays").by(&["fee::none"]),
    rule("M03", &[R, A], Room::Review, "a fee rate by mistake").by(&["fee::rate"]),
    rule("M04", &[R, A], Room::Review, "a fee by mistake").by(&["fee::absolute"]),
    rule("M05", &[R, A], Room::Review, "a fee hidden behind a large change").by(&["fee::share"]),
    rule("M06", &[S], Room::Render, "a fee rate that looks higher than it will be").of(Class::Invariant),
    rule("M07", &[A], Room::Review, "a fee that others should pay").by(&["fee::net"]),
    rule("M08", &[S], Room::Review, "claimed numbers that look like known ones").by(&["fee::claimed"]),
    rule("L01", &[S], Room::Review, "a locktime without effect, or one unseen").by(&["locktime::effective"]),
    rule("L02", &[R, A], Room::Review, "coins held back for ransom").by(&["locktime::far"]),
    rule("L03", &[A, S], Room::Review, "an input that must wait").by(&["locktime::relative"]),
    rule("L04", &[S], Room::Review, "a payment that may be replaced").by(&["locktime::locks"]),
    rule("L05", &[R, A, S], Room::Review, "a path of weaker or fewer keys, taken unseen").by(&[
        "path::choose",
        "path::lacking",
        "path::tell",
        "signatures::signed_by",
    ]),
    rule("L06", &[R], Room::Psbt, "inputs whose locks no locktime serves"),
    rule("L07", &[R], Room::Psbt, "a height that passes for a time, or a time for a height"),
    rule("L08", &[A], Room::Review, "a lock that an input demands and its sequence switches off")
        .by(&["locktime::demanded"]),
    rule("T01", &[R], Room::Review, "a taproot output with another key or tree than ours")
        .by(&["ownership::false_claim"]),
    rule("T02", &[R], Room::Review, "a signature for another taproot output key").by(&["scripts::contradicted"]),
    rule("T03", &[R], Room::Review, "a leaf script of another wallet").by(&["scripts::contradicted"]),
    rule("T04", &[R], Room::Review, "a signature under a leaf that nobody saw").by(&["scripts::contradicted"]),
    rule("T05", &[R, S], Room::Review, "a signature for a leaf that nobody chose").by(&[
        "path::choose",
        "path::tell",
        "signatures::signed_by",
    ]),
    rule("T06", &[R], Room::Review, "a taproot signature over unknown coins").by(&["utxo::given"]),
    rule("T07", &[R, S], Room::Review, "a key path that nobody can use").by(&["path::choose", "path::tell"]),
    rule("T08", &[R], Room::Review, "an annex, which nobody reviewed").by(&["ownership::annexed"]),
    rule("T09", &[R], Room::Register, "a leaf with operations whose meaning may change").of(Class::Process),
    rule("T10", &[R], Room::Register, "one key under two origins").of(Class::Process),
    rule("T11", &[UNPROVEN], Room::Review, "a false amount of a taproot coin beside signatures that do not cover it")
        .by(&["utxo::given"]),
    rule("X01", &[R], Room::Psbt, "a MuSig2 session, which keeps a secret between two rounds").of(Class::Invariant),
    rule("X02", &[R], Room::Psbt, "a MuSig2 nonce used twice, which gives the key away").of(Class::Invariant),
    rule("X03", &[R], Room::Review, "a message that passes for a payment").by(&["payments::message"]),
    rule("X04", &[R], Room::Psbt, "a signature over bytes that nobody can be shown").of(Class::Process),
    rule("V01", &[R], Room::Psbt, "a count that is not that of the maps, or exhausts the reader"),
    rule("V02", &[R], Room::Psbt, "a count that is missed where the keys stand in another order").of(Class::Invariant),
    rule("V03", &[R], Room::Psbt, "an absent sequence that one reader takes for final and another for zero")
        .of(Class::Invariant),
    rule("V04", &[R, A, S], Room::Review, "a transaction that others may still change after it was signed")
        .by(&["modifiable::flags"]),
    rule("V05", &[R], Room::Review, "signatures in a transaction that may still be changed").by(&["modifiable::flags"]),
    rule("V06", &[R], Room::Verify, "an answer of another version, or of another transaction in it")
        .of(Class::Invariant),
    rule("G01", &[R], Room::Policy, "a review that is not the one approved").of(Class::Process),
    rule("G02", &[R], Room::Quorum, "an approval used twice").of(Class::Process),
    rule("G03", &[R], Room::Review, "a verdict that another program made").by(&["mod::review"]).of(Class::Invariant),
    rule("G04", &[R], Room::Sign, "signatures that nobody planned").of(Class::Invariant),
    rule("G05", &[R], Room::Verify, "a signature with a fault in it").of(Class::Process),
    rule("G06", &[R], Room::Sign, "a part of the signatures").of(Class::Process),
    rule("G07", &[R], Room::Sign, "signatures that others can change").of(Class::Invariant),
    rule("G08", &[], Room::Secret, "keys that stay in memory after their use").of(Class::Invariant),
    rule("G09", &[R], Room::Sign, "a transaction finished without being asked").of(Class::Invariant),
    rule("G10", &[R], Room::Verify, "an answer that is not what was asked").of(Class::Process),
    rule("G11", &[S], Room::Render, "a decision that leaves no trace").of(Class::Process),
    rule("G12", &[S], Room::Review, "two answers to one question").by(&["history::again"]).of(Class::Sequence),
    rule("G13", &[R], Room::Render, "text that deceives a screen").of(Class::Invariant),
    rule("G14", &[R], Room::Qr, "parts of two messages put together").of(Class::Sequence),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The families in order, with how many rules each has.
    const FAMILIES: [(char, usize); 12] = [
        ('P', 22),
        ('U', 12),
        ('I', 25),
        ('H', 7),
        ('C', 13),
        ('O', 11),
        ('M', 8),
        ('L', 8),
        ('T', 11),
        ('X', 4),
        ('V', 6),
        ('G', 14),
    ];

    #[test]
    fn every_rule_is_there_once_in_order_with_a_sentence() {
        let numbers = |(family, count): (char, usize)| (1..=count).map(move |number| format!("{family}{number:02}"));
        let all: Vec<String> = FAMILIES.into_iter().flat_map(numbers).collect();
        assert_eq!(all.len(), 141);
        let here: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(here, all);
        for rule in RULES {
            assert!(!rule.stops.is_empty() && !rule.stops.ends_with('.'), "{}", rule.id);
            // What can come in a file is answered.
            assert!(!rule.actions.is_empty() || rule.class == Class::Invariant, "{}", rule.id);
        }
    }

    #[test]
    fn each_class_has_a_word_of_its_own() {
        let words = [Class::File, Class::Sequence, Class::Process, Class::Invariant].map(Class::word);
        assert!(words.iter().all(|word| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())));
        assert_eq!(BTreeSet::from(words).len(), words.len());
    }

    /// Which function of the room has the id of which rule, as the sources say.
    fn held() -> BTreeMap<String, BTreeSet<String>> {
        let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/review")).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let mut function = String::new();
            for line in text.lines().filter(|_| !["rules", "finding"].contains(&file.as_str())) {
                let code = line.trim_start();
                let code = code.strip_prefix("pub(super) ").or(code.strip_prefix("pub ")).unwrap_or(code);
                if let Some(name) = code.strip_prefix("const ").unwrap_or(code).strip_prefix("fn ") {
                    function = name.split(['(', '<']).next().unwrap().to_owned();
                }
                for id in line.split('"').filter(|part| find(part).is_some()) {
                    held.entry(id.to_owned()).or_default().insert(format!("{file}::{function}"));
                }
            }
        }
        held
    }

    #[test]
    fn each_rule_is_held_by_the_functions_that_the_table_names() {
        let mut held = held();
        for rule in RULES {
            let named: BTreeSet<String> = rule.holders.iter().map(ToString::to_string).collect();
            assert!(!named.is_empty() || rule.room != Room::Review, "{}", rule.id);
            // These two are how others are made: no line of theirs has the id.
            if !["G03", "H07"].contains(&rule.id) {
                assert_eq!(named, held.remove(rule.id).unwrap_or_default(), "{}", rule.id);
            }
        }
        assert!(held.is_empty(), "{held:?}");
    }

    /// The sources of the room, read as text: an id in quotes is an id of the table.
    #[test]
    fn every_id_in_the_sources_is_in_the_table() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/review");
        let mut used = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("rules.rs") {
                continue;
            }
            for part in std::fs::read_to_string(path).unwrap().split('"') {
                let bytes = part.as_bytes();
                if bytes.len() == 3 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit) {
                    used.insert(part.to_owned());
                }
            }
        }
        assert!(used.len() > 60, "{used:?}");
        for id in &used {
            assert!(find(id).is_some(), "{id} is not in the table");
        }
        for rule in RULES.iter().filter(|rule| rule.room == Room::Review && !["G03", "H07"].contains(&rule.id)) {
            assert!(used.contains(rule.id), "{} is in the table and nowhere else", rule.id);
        }
    }
}
