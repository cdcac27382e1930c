//! PSBTs: what is read is written again as it came.

use strongroom::psbt::{
    Accepts, Encoding, FinalizeError, NewSignature, ParseError, Parsed, SignatureCheck, finalize, join, parse, splice,
    trimmed, unwrap, wrap,
};
use strongroom::review::rules;

/// A binary PSBT: read, written, cut down, signed, joined and finished.
pub fn psbt(data: &[u8]) {
    let parsed = match parse(data.to_vec()) {
        Ok(parsed) => parsed,
        Err(error) => return refusal(&error),
    };
    assert_eq!(parsed.bytes(), data);
    assert_eq!(splice(&parsed, &[]), data);
    assert_eq!(parsed.inputs().len(), parsed.transaction().input.len());
    assert_eq!(parsed.outputs().len(), parsed.transaction().output.len());

    let short = trimmed(&parsed, &[]);
    assert!(short.len() <= data.len());
    let cut = read(short.clone());
    same_transaction(&cut, &parsed);
    assert_eq!(trimmed(&cut, &[]), short, "cut down twice");

    // A signature of another key than any that is there adds one, and no more.
    let key = [&[2][..], &[0x79; 32]].concat().try_into().expect("33 bytes");
    let new = NewSignature::Ecdsa { key, signature: signature() };
    let signed = splice(&parsed, &[(0, new.clone())]);
    if let Ok(signed) = parse(signed.clone()) {
        same_transaction(&signed, &parsed);
        let there = parsed.inputs().first().expect("an input").partial_sigs.len();
        let now = signed.inputs().first().expect("an input").partial_sigs.len();
        assert!(now == there || now == there.saturating_add(1), "{there} to {now}");
        assert_eq!(splice(&signed, &[(0, new)]), signed.bytes(), "added twice");
    }

    for encoding in [Encoding::Binary, Encoding::Base64, Encoding::Hex] {
        let (again, found) = unwrap(&wrap(data, encoding)).expect("what was written");
        assert_eq!((&again[..], found), (data, encoding));
    }
    for check in [&yes as &SignatureCheck<'_>, &no] {
        joined(&parsed, check);
        finished(&parsed, check);
    }
}

/// A file that holds one, in any encoding.
pub fn psbt_file(data: &[u8]) {
    match unwrap(data) {
        Ok((binary, encoding)) => {
            let (again, found) = unwrap(&wrap(&binary, encoding)).expect("what was written");
            assert_eq!((&again, found), (&binary, encoding));
            if encoding == Encoding::Binary {
                assert_eq!(binary, data);
            }
            psbt(&binary);
        }
        Err(error) => refusal(&error),
    }
}

/// A refusal has a rule of the table, and is said in a line.
pub(crate) fn refusal(error: &ParseError) {
    let rule = rules::find(error.rule).unwrap_or_else(|| panic!("{} is in no table", error.rule));
    assert!(rule.actions.contains(&strongroom::review::Action::Refuse), "{} refuses", error.rule);
    super::readable(&error.what);
    super::readable(error.remedy);
}

fn read(bytes: Vec<u8>) -> Parsed {
    parse(bytes).unwrap_or_else(|error| panic!("what was written is not read: {error}"))
}

fn same_transaction(one: &Parsed, other: &Parsed) {
    assert_eq!(one.version(), other.version());
    assert_eq!(one.transaction(), other.transaction());
    assert_eq!(one.unique_id(), other.unique_id());
}

/// A strict DER signature with ALL: r and s are 1.
fn signature() -> Vec<u8> {
    vec![0x30, 6, 2, 1, 1, 2, 1, 1, 1]
}

fn yes(_: &Parsed) -> Accepts<'_> {
    Box::new(|_, _| true)
}

fn no(_: &Parsed) -> Accepts<'_> {
    Box::new(|_, _| false)
}

fn joined(parsed: &Parsed, check: &SignatureCheck<'_>) {
    let other = || read(parsed.bytes().to_vec());
    let Ok(once) = join(parsed, &[other()], check) else { return };
    let once = read(once);
    same_transaction(&once, parsed);
    let twice = join(&once, &[other(), other()], check).expect("joins again");
    assert_eq!(twice, once.bytes());
}

fn finished(parsed: &Parsed, check: &SignatureCheck<'_>) {
    match finalize(parsed, check) {
        Ok(done) => {
            let again = read(done.psbt.clone());
            assert_eq!(again.version(), parsed.version());
            assert_eq!(again.transaction(), parsed.transaction());
        }
        Err(error) => super::readable(&FinalizeError::to_string(&error)),
    }
}
