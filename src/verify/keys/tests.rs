//! Keys of scripts that miniscript wrote, and of others.

use std::str::FromStr;

use bitcoin::{PublicKey, ScriptBuf, XOnlyPublicKey, key::Secp256k1, secp256k1::SecretKey};
use miniscript::{Miniscript, Segwitv0, Tap};

use super::*;

fn public(number: u8) -> PublicKey {
    SecretKey::from_slice(&[number; 32]).unwrap().public_key(&Secp256k1::new()).into()
}

fn full(number: u8) -> [u8; 33] {
    public(number).inner.serialize()
}

fn x_only(number: u8) -> [u8; 32] {
    public(number).inner.x_only_public_key().0.serialize()
}

/// `@1` to `@9` are keys; `#` a hash of 32 bytes that is the first key without its sign, `%` the hash of that key.
fn filled(text: &str, key: impl Fn(u8) -> String) -> String {
    let text = (1..=9).fold(text.to_owned(), |text, number| text.replace(&format!("@{number}"), &key(number)));
    let hash = crate::text::hex(&x_only(1));
    text.replace('#', &hash).replace('%', &crate::text::hex(&hash160(&full(1))))
}

fn witness_script(text: &str) -> ScriptBuf {
    let text = filled(text, |number| public(number).to_string());
    Miniscript::<PublicKey, Segwitv0>::from_str_insane(&text).unwrap().encode()
}

fn leaf_script(text: &str) -> ScriptBuf {
    let text = filled(text, |number| crate::text::hex(&x_only(number)));
    Miniscript::<XOnlyPublicKey, Tap>::from_str_insane(&text).unwrap().encode()
}

#[track_caller]
fn asked(text: &str, keys: &[u8]) {
    let script = witness_script(text);
    for number in 1..=9 {
        assert_eq!(asks(&script, Signer::Full(&full(number))), keys.contains(&number), "{text}: {number}");
    }
}

#[track_caller]
fn asked_in_leaf(text: &str, keys: &[u8]) {
    let script = leaf_script(text);
    for number in 1..=9 {
        assert_eq!(asks(&script, Signer::XOnly(&x_only(number))), keys.contains(&number), "{text}: {number}");
    }
}

#[test]
fn every_fragment_gives_its_keys() {
    asked("pk(@1)", &[1]);
    asked("pkh(@2)", &[2]);
    asked("multi(2,@1,@2,@3)", &[1, 2, 3]);
    asked("or_d(multi(2,@1,@2),and_v(v:pkh(@3),older(52560)))", &[1, 2, 3]);
    asked("andor(pk(@1),older(1008),pk(@2))", &[1, 2]);
    asked("and_v(v:multi(1,@4,@5),after(900000))", &[4, 5]);
    asked("thresh(2,pk(@1),s:pk(@2),a:pkh(@3),snl:after(900000))", &[1, 2, 3]);
    asked("c:or_i(pk_k(@1),pk_h(@2))", &[1, 2]);
    asked("or_b(pk(@1),s:pk(@2))", &[1, 2]);
    asked("t:or_c(pk(@1),v:pk(@2))", &[1, 2]);
    asked("and_v(v:sha256(#),pk(@2))", &[2]);
    asked("and_v(v:hash160(%),pk(@2))", &[2]);
    asked("and_v(v:ripemd160(%),pkh(@3))", &[3]);
    asked("or_d(pk(@1),and_b(pk(@2),a:hash256(#)))", &[1, 2]);
    asked("andor(pk(@1),j:and_v(v:pkh(@2),older(4194305)),pkh(@3))", &[1, 2, 3]);
    asked_in_leaf("pk(@1)", &[1]);
    asked_in_leaf("multi_a(2,@1,@2,@3)", &[1, 2, 3]);
    asked_in_leaf("and_v(v:multi_a(1,@1,@2),older(10))", &[1, 2]);
    asked_in_leaf("and_v(v:sha256(#),pk(@2))", &[2]);
    asked_in_leaf("and_v(v:hash256(#),pk(@2))", &[2]);
    asked_in_leaf("and_v(v:pkh(@3),after(1800000000))", &[3]);
    asked_in_leaf("thresh(1,pk(@1),s:pk(@2))", &[1, 2]);
}

/// `script` with `bytes` at its end or start.
#[track_caller]
fn unread(what: &str, script: &[u8]) {
    let script = Script::from_bytes(script);
    assert!(!asks(script, Signer::Full(&full(1))) && !asks(script, Signer::XOnly(&x_only(1))), "{what}");
}

#[test]
fn other_scripts_have_no_keys() {
    let pk = witness_script("and_v(v:pk(@1),older(1))").into_bytes();
    assert!(asks(Script::from_bytes(&pk), Signer::Full(&full(1))));
    unread("OP_CODESEPARATOR", &[&[0xab], pk.as_slice()].concat());
    unread("OP_DROP", &[pk.as_slice(), &[0x75]].concat());
    unread("OP_SHA1", &[pk.as_slice(), &[0xa7]].concat());
    unread("OP_NOP", &[pk.as_slice(), &[0x61]].concat());
    unread("an OP_SUCCESS of leaves", &[pk.as_slice(), &[0x7e]].concat());
    unread("OP_RETURN", &[pk.as_slice(), &[0x6a]].concat());
    unread("a push that is cut", &[pk.as_slice(), &[5, 1]].concat());
    unread("a long push", &[&[0x4c, 33], full(1).as_slice(), &[0xac]].concat());
    unread("a key that nothing checks", &[&[33], full(1).as_slice()].concat());
    unread("a key behind the last check", &[&[33], full(2).as_slice(), &[0xac, 33], &full(1)].concat());
    unread("a multisig without its threshold", &[&[33], full(1).as_slice(), &[0x51, 0xae, 0xac]].concat());
    unread("a multisig in a leaf", &[&[0x51, 32], x_only(1).as_slice(), &[0x51, 0xae]].concat());
    unread("CHECKSIGADD outside of a leaf", &[&[33], full(1).as_slice(), &[0xba, 0xac]].concat());
    unread(
        "the hash of a key that only has to be shown",
        &[&[0xa9, 20], hash160(&full(1)).as_slice(), &[0x88, 0xac]].concat(),
    );
    unread("nothing", &[]);
}

#[test]
fn keys_of_leaves_and_of_scripts_before_them_are_not_the_same() {
    assert!(!asks(&witness_script("pk(@1)"), Signer::XOnly(&x_only(1))));
    assert!(!asks(&leaf_script("pk(@1)"), Signer::Full(&full(1))));
    assert!(XOnlyPublicKey::from_str(&crate::text::hex(&x_only(1))).is_ok());
}
