//! PSBTs that the tests of this room share. The keys' bytes are arbitrary: no rule here needs points.

use bitcoin::{
    Amount, OutPoint, PubkeyHash, ScriptBuf, Sequence, Transaction, TxIn, TxOut, WPubkeyHash, Witness,
    absolute::LockTime, consensus::encode::serialize, hashes::Hash, script::Builder, transaction::Version,
};

use super::{Accepts, NewSignature, Parsed, parse, raw_psbt::RawPsbt};

/// A compressed key that no one has.
pub(super) fn key(number: u8) -> [u8; 33] {
    let mut key = [number; 33];
    key[0] = 2;
    key
}

/// A signature of the right length for `key` in `input`, as [`honest`] knows it.
pub(super) fn ecdsa(number: u8, input: u32) -> NewSignature {
    let mut signature = vec![number; 71];
    signature[0] = 0x30;
    signature[1] = input as u8;
    signature[70] = 1;
    NewSignature::Ecdsa { key: key(number), signature }
}

/// Accepts what [`ecdsa`] makes, and every taproot signature whose first byte is not 0xbb.
pub(super) fn honest(_: &Parsed) -> Accepts<'_> {
    Box::new(|input, signature| match signature {
        NewSignature::Ecdsa { key, .. } => *signature == ecdsa(key[1], input),
        NewSignature::TapKey { signature } | NewSignature::TapScript { signature, .. } => signature[0] != 0xbb,
    })
}

/// `m` of the keys.
pub(super) fn multi(m: i64, keys: &[[u8; 33]]) -> ScriptBuf {
    let keyed = keys.iter().fold(Builder::new().push_int(m), |script, key| script.push_slice(key));
    keyed.push_int(keys.len() as i64).push_opcode(bitcoin::opcodes::all::OP_CHECKMULTISIG).into_script()
}

/// A transaction that pays `script`.
pub(super) fn funding(number: u8, script: &ScriptBuf) -> Transaction {
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::new(bitcoin::Txid::from_byte_array([number; 32]), 1),
            script_sig: ScriptBuf::from_bytes(vec![0x51]),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![
            TxOut { value: Amount::from_sat(1_000), script_pubkey: ScriptBuf::from_bytes(vec![0x6a]) },
            TxOut { value: Amount::from_sat(70_000), script_pubkey: script.clone() },
        ],
    }
}

/// A PSBT that spends one output of each script, with its previous transaction, a pair of `fields` an input.
pub(super) fn spend(scripts: &[ScriptBuf], fields: &[&[(Vec<u8>, Vec<u8>)]]) -> RawPsbt {
    let funded: Vec<_> = (1..=250).cycle().zip(scripts).map(|(number, script)| funding(number, script)).collect();
    let transaction = Transaction {
        version: Version::TWO,
        lock_time: LockTime::from_consensus(900_000),
        input: funded
            .iter()
            .map(|tx| TxIn {
                previous_output: OutPoint::new(tx.compute_txid(), 1),
                script_sig: ScriptBuf::new(),
                sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
                witness: Witness::new(),
            })
            .collect(),
        output: [60_000, 9_000]
            .map(|sat| TxOut {
                value: Amount::from_sat(sat),
                script_pubkey: ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&[3])),
            })
            .to_vec(),
    };
    let mut maps = vec![vec![(vec![0x00], serialize(&transaction))]];
    for (tx, fields) in funded.iter().zip(fields) {
        let mut map = vec![(vec![0x00], serialize(tx))];
        map.extend_from_slice(fields);
        maps.push(map);
    }
    maps.extend([vec![], vec![]]);
    RawPsbt { maps, tail: vec![] }
}

/// Two inputs of `wsh(multi(2, 1, 2, 3))` with scripts and derivations, two outputs, the second with scripts.
pub(super) fn wsh() -> RawPsbt {
    let keys = [key(1), key(2), key(3)];
    let script = multi(2, &keys);
    let mut fields = vec![(vec![0x05], script.to_bytes())];
    for key in keys {
        let origin = [[9, 9, 9, key[1]], [48, 0, 0, 0x80], [1, 0, 0, 0], [7, 0, 0, 0]].concat();
        fields.push(([&[0x06], key.as_slice()].concat(), origin));
    }
    let mut raw = spend(&[script.to_p2wsh(), script.to_p2wsh()], &[&fields, &fields]);
    raw.maps[4] = fields.iter().map(|(key, value)| ([&[key[0] - 4], &key[1..]].concat(), value.clone())).collect();
    raw
}

/// One input of `wpkh(1)`, with both kinds of utxo.
pub(super) fn wpkh() -> RawPsbt {
    let script = ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&key(1)));
    let utxo = serialize(&funding(1, &script).output[1]);
    spend(&[script], &[&[(vec![0x01], utxo), (vec![0x03], vec![1, 0, 0, 0])]])
}

/// One input of `pkh(1)`.
pub(super) fn pkh() -> RawPsbt {
    spend(&[ScriptBuf::new_p2pkh(&PubkeyHash::hash(&key(1)))], &[&[]])
}

/// One input of taproot with all its fields, one output with a tree.
pub(super) fn tr() -> RawPsbt {
    let script = Builder::new().push_int(1).push_slice([5; 32]).into_script();
    let utxo = serialize(&funding(1, &script).output[1]);
    let origin = [[9, 9, 9, 9], [86, 0, 0, 0x80], [0, 0, 0, 0]].concat();
    let leaf_origin = [&[1][..], &[8; 32], &origin].concat();
    let fields = vec![
        (vec![0x01], utxo),
        ([&[0x15, 0xc0][..], &[6; 64]].concat(), vec![0x51, 0xc0]),
        ([&[0x16], &[6; 32][..]].concat(), leaf_origin.clone()),
        ([&[0x16], &[7; 32][..]].concat(), [&[0][..], &origin].concat()),
        (vec![0x17], vec![7; 32]),
        (vec![0x18], vec![8; 32]),
    ];
    let mut raw = spend(&[script], &[&fields]);
    raw.maps[1].remove(0);
    raw.maps[2] = vec![
        (vec![0x05], vec![7; 32]),
        (vec![0x06], vec![1, 0xc0, 1, 0x51, 2, 0xc0, 1, 0x52, 2, 0xc0, 2, 0x53, 0x54]),
        ([&[0x07], &[6; 32][..]].concat(), leaf_origin),
    ];
    raw
}

/// `raw`, parsed.
#[track_caller]
pub(super) fn parsed(raw: &RawPsbt) -> Parsed {
    match parse(raw.to_bytes()) {
        Ok(parsed) => parsed,
        Err(error) => panic!("{error}"),
    }
}
