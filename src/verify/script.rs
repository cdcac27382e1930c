//! Which key a coin answers to, and by which digest: read from its scriptPubKey, never from a claim.
//!
//! Scripts that a PSBT or a plan offers count only where the scriptPubKey holds their hash. Floor 4.

use bitcoin::{
    Script, ScriptBuf,
    hashes::{Hash, hash160, sha256},
    secp256k1::XOnlyPublicKey,
};

use super::keys::{self, Signer};

/// The digest that a coin's signatures are over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Without witness, over this script code.
    Legacy(ScriptBuf),
    /// BIP143, over this script code.
    V0(ScriptBuf),
}

/// Scripts that were offered for a coin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offered<'a> {
    pub(super) redeem: Option<&'a Script>,
    pub(super) witness: Option<&'a Script>,
    /// The innermost script as derived, used where the PSBT leaves it out.
    pub(super) derived: Option<&'a Script>,
}

/// How `key` signs for `script_pubkey`; `None` where it does not, or where a script is missing or another one.
pub(super) fn ecdsa_way(script_pubkey: &Script, key: &[u8; 33], offered: Offered<'_>) -> Option<Way> {
    match script_pubkey.as_bytes() {
        // Compared with a hash of 20 bytes: one of another length is never equal.
        [0x76, 0xa9, 0x14, hash @ .., 0x88, 0xac] => {
            let ours = offered.redeem.is_none() && offered.witness.is_none() && hash160(key) == *hash;
            ours.then(|| Way::Legacy(script_pubkey.to_owned()))
        }
        [0xa9, 0x14, hash @ .., 0x87] => {
            let redeem = redeem_script(hash, key, offered)?;
            if let Some(program) = program_v0(&redeem) {
                return v0_way(program, key, offered);
            }
            let ours = offered.witness.is_none() && keys::asks(&redeem, Signer::Full(key));
            ours.then_some(Way::Legacy(redeem))
        }
        _ => {
            let program = program_v0(script_pubkey)?;
            if offered.redeem.is_some() { None } else { v0_way(program, key, offered) }
        }
    }
}

/// The output key of a taproot coin.
pub(super) fn taproot_key(script_pubkey: &Script) -> Option<XOnlyPublicKey> {
    match script_pubkey.as_bytes() {
        [0x51, 0x20, key @ ..] => XOnlyPublicKey::from_slice(key).ok(),
        _ => None,
    }
}

/// The script that hashes to `hash`: the one that the PSBT has, or what the derived script or the key make.
fn redeem_script(hash: &[u8], key: &[u8; 33], offered: Offered<'_>) -> Option<ScriptBuf> {
    let fits = |script: &ScriptBuf| hash160(script.as_bytes()) == *hash;
    if let Some(given) = offered.redeem {
        return Some(given.to_owned()).filter(fits);
    }
    let witness = offered.witness.or(offered.derived);
    let candidates = [
        offered.derived.map(Script::to_owned),
        witness.map(|script| program_script(sha256::Hash::hash(script.as_bytes()).as_byte_array())),
        Some(program_script(&hash160(key))),
    ];
    candidates.into_iter().flatten().find(fits)
}

fn v0_way(program: &[u8], key: &[u8; 33], offered: Offered<'_>) -> Option<Way> {
    match program.len() {
        20 => {
            let ours = offered.witness.is_none() && hash160(key) == *program;
            ours.then(|| {
                let code = [&[0x76, 0xa9, 0x14], program, &[0x88, 0xac]].concat();
                Way::V0(ScriptBuf::from_bytes(code))
            })
        }
        32 => {
            let script = offered.witness.or(offered.derived)?;
            let fits = sha256::Hash::hash(script.as_bytes()).as_byte_array() == program;
            (fits && keys::asks(script, Signer::Full(key))).then(|| Way::V0(script.to_owned()))
        }
        _ => None,
    }
}

/// The program of a version 0 script (BIP141): 20 or 32 bytes.
fn program_v0(script: &Script) -> Option<&[u8]> {
    match script.as_bytes() {
        [0x00, 0x14, program @ ..] if program.len() == 20 => Some(program),
        [0x00, 0x20, program @ ..] if program.len() == 32 => Some(program),
        _ => None,
    }
}

fn program_script(program: &[u8]) -> ScriptBuf {
    let length = u8::try_from(program.len()).unwrap_or(0);
    ScriptBuf::from_bytes([&[0, length], program].concat())
}

pub(super) fn hash160(bytes: &[u8]) -> [u8; 20] {
    hash160::Hash::hash(bytes).to_byte_array()
}

#[cfg(test)]
mod tests {
    use super::{super::keys::multisig_keys, *};

    fn key(byte: u8) -> [u8; 33] {
        let mut key = [byte; 33];
        key[0] = 2;
        key
    }

    fn multi(threshold: u8, keys: &[[u8; 33]]) -> ScriptBuf {
        let mut bytes = vec![0x50 + threshold];
        for key in keys {
            bytes.push(33);
            bytes.extend(key);
        }
        if keys.len() > 16 {
            bytes.extend([1, keys.len() as u8])
        } else {
            bytes.push(0x50 + keys.len() as u8)
        }
        bytes.push(0xae);
        ScriptBuf::from_bytes(bytes)
    }

    fn wsh(script: &Script) -> ScriptBuf {
        ScriptBuf::new_p2wsh(&script.wscript_hash())
    }

    fn sh(script: &Script) -> ScriptBuf {
        ScriptBuf::new_p2sh(&script.script_hash())
    }

    fn wpkh(key: &[u8; 33]) -> ScriptBuf {
        program_script(&hash160(key))
    }

    fn pkh(key: &[u8; 33]) -> ScriptBuf {
        ScriptBuf::from_bytes([&[0x76, 0xa9, 0x14], hash160(key).as_slice(), &[0x88, 0xac]].concat())
    }

    const NOTHING: Offered<'_> = Offered { redeem: None, witness: None, derived: None };

    #[test]
    fn single_keys_are_those_whose_hash_the_script_has() {
        let ours = key(7);
        let code = pkh(&ours);
        assert_eq!(ecdsa_way(&pkh(&ours), &ours, NOTHING), Some(Way::Legacy(code.clone())));
        assert_eq!(ecdsa_way(&wpkh(&ours), &ours, NOTHING), Some(Way::V0(code.clone())));
        assert_eq!(ecdsa_way(&sh(&wpkh(&ours)), &ours, NOTHING), Some(Way::V0(code)));
        for script in [pkh(&ours), wpkh(&ours), sh(&wpkh(&ours))] {
            assert_eq!(ecdsa_way(&script, &key(8), NOTHING), None);
        }
    }

    #[test]
    fn multisig_keys_are_those_in_the_script_that_the_hash_names() {
        let script = multi(2, &[key(1), key(2), key(3)]);
        let other = multi(1, &[key(1), key(2), key(3)]);
        let program = wsh(&script);
        let given = Offered { witness: Some(&script), ..NOTHING };
        assert_eq!(ecdsa_way(&program, &key(2), given), Some(Way::V0(script.clone())));
        assert_eq!(ecdsa_way(&program, &key(9), given), None);
        assert_eq!(ecdsa_way(&program, &key(2), Offered { witness: Some(&other), ..NOTHING }), None);
        assert_eq!(ecdsa_way(&program, &key(2), NOTHING), None);
        let both = Offered { redeem: Some(&program), witness: Some(&script), derived: None };
        assert_eq!(ecdsa_way(&sh(&program), &key(2), both), Some(Way::V0(script.clone())));
        // A redeem script beside a native program, or of another coin, decides nothing.
        assert_eq!(ecdsa_way(&program, &key(2), both), None);
        assert_eq!(ecdsa_way(&sh(&wsh(&other)), &key(2), both), None);
        let legacy = Offered { redeem: Some(&script), ..NOTHING };
        assert_eq!(ecdsa_way(&sh(&script), &key(3), legacy), Some(Way::Legacy(script.clone())));
        assert_eq!(ecdsa_way(&sh(&script), &key(4), legacy), None);
        // A witness script beside a legacy redeem script, or a program that hides in it.
        assert_eq!(ecdsa_way(&sh(&script), &key(3), Offered { witness: Some(&script), ..legacy }), None);
        let wrong = wpkh(&key(3));
        assert_eq!(ecdsa_way(&sh(&script), &key(3), Offered { redeem: Some(&wrong), ..NOTHING }), None);
    }

    #[test]
    fn a_program_has_the_length_that_it_says() {
        let script = multi(2, &[key(1), key(2), key(3)]);
        let hash = sha256::Hash::hash(script.as_bytes()).to_byte_array();
        let given = Offered { witness: Some(&script), ..NOTHING };
        let coin = |start: &[u8], program: &[u8]| ScriptBuf::from_bytes([start, program].concat());
        assert!(ecdsa_way(&coin(&[0x00, 0x20], &hash), &key(1), given).is_some());
        assert!(ecdsa_way(&coin(&[0x00, 0x20], &hash160(&key(1))), &key(1), NOTHING).is_none());
        assert!(ecdsa_way(&coin(&[0x00, 0x14], &hash), &key(1), given).is_none());
        assert!(ecdsa_way(&coin(&[0x00, 0x14], &hash160(&key(1))[..19]), &key(1), NOTHING).is_none());
    }

    #[test]
    fn a_script_that_the_psbt_leaves_out_is_the_derived_one() {
        let script = multi(2, &[key(1), key(2)]);
        let derived = Offered { derived: Some(&script), ..NOTHING };
        for coin in [wsh(&script), sh(&wsh(&script))] {
            assert_eq!(ecdsa_way(&coin, &key(1), derived), Some(Way::V0(script.clone())));
        }
        assert_eq!(ecdsa_way(&sh(&script), &key(1), derived), Some(Way::Legacy(script.clone())));
        let other = multi(2, &[key(1), key(3)]);
        for coin in [wsh(&other), sh(&wsh(&other)), sh(&other)] {
            assert_eq!(ecdsa_way(&coin, &key(1), derived), None);
        }
    }

    #[test]
    fn only_plain_multisig_is_read() {
        let keys: Vec<_> = (1..=20).map(key).collect();
        assert_eq!(multisig_keys(multi(3, &keys).as_bytes()).map(|keys| keys.len()), Some(20));
        let good = multi(2, &keys[..3]).into_bytes();
        #[track_caller]
        fn refused(what: &str, script: &[u8]) {
            assert!(multisig_keys(script).is_none(), "{what}");
        }
        refused("threshold above the count", &[&[0x54], &good[1..]].concat());
        refused("threshold 0", &[&[0x00], &good[1..]].concat());
        refused("one key fewer than counted", &[&good[..1], &good[35..]].concat());
        refused("an opcode after", &[good.as_slice(), &[0x51]].concat());
        refused("cut", &good[..good.len() - 1]);
        refused("cut in a key", &good[..50]);
        refused("nothing", &[]);
    }

    #[test]
    fn a_taproot_key_is_32_bytes_of_version_1() {
        let good: Vec<u8> = [0x51, 0x20].into_iter().chain([2; 32]).collect();
        assert!(taproot_key(Script::from_bytes(&good)).is_some());
        let other = |edit: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            edit(&mut bytes);
            taproot_key(Script::from_bytes(&bytes))
        };
        assert!(other(&|bytes| bytes[0] = 0x52).is_none());
        assert!(other(&|bytes| bytes.push(0)).is_none());
        assert!(other(&|bytes| bytes[2..].fill(0xff)).is_none());
    }
}
