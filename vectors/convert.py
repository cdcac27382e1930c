#!/usr/bin/env python3
"""Writes the test vectors of this folder anew from a folder of transcribed figures.

    python3 vectors/convert.py FOLDER

Needs nothing but Python 3. Every case of every listed specification is carried over, of the ones in PART a part; a field
that this script does not know, a case that would be lost or an id that comes twice stops it. README.md says what the
files mean.
"""

import base64
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BIPS = "bitcoin/bips@7fe0b034ec96"

# (specification, file, where the figures come from)
SPECIFICATIONS = [
    ("BIP32", "bip32", f"BIP32, test vectors 1 to 5; {BIPS}"),
    ("BIP39", "bip39", "vectors.json of trezor/python-mnemonic@b57a5ad77a98; test_JP_BIP39.json of bip32JP@0d1ac7193345"),
    ("BIP44", "bip44", f"BIP44, examples of paths; {BIPS}"),
    ("BIP49", "bip49", f"BIP49, test vectors; {BIPS}"),
    ("BIP67", "bip67", f"BIP67, vectors 1 to 4; {BIPS}"),
    ("BIP84", "bip84", f"BIP84, test vectors; {BIPS}"),
    ("BIP86", "bip86", f"BIP86, test vectors; {BIPS}"),
    ("BIP143", "bip143", f"BIP143, examples; {BIPS}"),
    ("BIP173", "bip173", f"BIP173, test vectors; {BIPS}"),
    ("BIP174", "bip174", f"BIP174, test vectors; {BIPS}"),
    ("BIP322", "bip322", f"BIP322, basic and generated test vectors; {BIPS}"),
    ("BIP340", "bip340", f"BIP340, test-vectors.csv; {BIPS}"),
    ("BIP341", "bip341", f"BIP341, wallet-test-vectors.json; {BIPS}"),
    ("BIP350", "bip350", f"BIP350, test vectors; {BIPS}"),
    ("BIP370", "bip370", f"BIP370, test vectors; {BIPS}"),
    ("BIP371", "bip371", f"BIP371, test vectors; {BIPS}"),
    ("BIP373", "bip373", f"BIP373, test vectors; {BIPS}"),
    ("BIP380", "bip380", f"BIP380, test vectors; {BIPS}"),
    ("BIP381", "bip381", f"BIP381, test vectors; {BIPS}"),
    ("BIP382", "bip382", f"BIP382, test vectors; {BIPS}"),
    ("BIP383", "bip383", f"BIP383, test vectors; {BIPS}"),
    ("BIP384", "bip384", f"BIP384, test vectors; {BIPS}"),
    ("BIP385", "bip385", f"BIP385, test vectors; {BIPS}"),
    ("BIP386", "bip386", f"BIP386, test vectors; {BIPS}"),
    ("BIP389", "bip389", f"BIP389, test vectors; {BIPS}"),
    ("SLIP-39", "slip39", "vectors.json of trezor/python-shamir-mnemonic@17fcce14736a"),
    ("UR", "ur", "BlockchainCommons/Research@e4a4fbb186e2; tests of BlockchainCommons/bc-ur@4479fb81b235, "
     "dspicher/ur-rs@9b3064d879c9 and BlockchainCommons/crypto-commons@a2f4151ace8e"),
    ("BBQr", "bbqr", "coinkite/BBQr@d33d7555558a; pieces split by its reference implementation, invalid ones made of these"),
]

# What this program answers to an invalid case: (specification, because) -> error code. Where a code is wider than
# the reason, README.md says why.
ERRORS = {
    # BIP173, BIP350: the decoder does not tell a bad character of the checksum from one of the data, nor the other
    # specification's checksum (or one over capital letters) from a wrong one; where there is no data at all, it
    # takes the checksum's first character for the version, and what is left is no checksum.
    **{
        (bip, because): {
            "checksum-char": "data-char", "uppercase-hrp-checksum": "checksum", "bad-checksum": "checksum",
            "bech32-not-bech32m": "checksum", "bech32m-not-bech32": "checksum",
            "empty-data": "checksum",
        }.get(because, because)
        for bip in ("bip173", "bip350")
        for because in (
            "hrp-char", "empty-hrp", "too-long", "no-separator", "data-char", "checksum-char", "short-checksum",
            "uppercase-hrp-checksum", "bad-hrp", "bad-checksum", "bad-version", "program-length", "v0-program-length",
            "mixed-case", "zero-padding", "nonzero-padding", "empty-data", "bech32-not-bech32m", "bech32m-not-bech32",
        )
    },
    # BIP174: the rules of a PSBT's bytes have wider bounds than the BIP's captions. P06 is every key of a wrong length;
    # P10 everything that is no unsigned transaction without witnesses, as the one of value-size-mismatch: its bytes
    # after the version are those of BIP144's marker and flag, and neither reading fills the value.
    ("bip174", "network-tx-not-psbt"): "P01",
    ("bip174", "missing-outputs"): "P03",
    ("bip174", "script-sig-in-unsigned-tx"): "P10",
    ("bip174", "no-unsigned-tx"): "P09",
    ("bip174", "duplicate-input-key"): "P04",
    ("bip174", "bad-global-tx-key"): "P06",
    ("bip174", "bad-witness-utxo-key"): "P06",
    ("bip174", "bad-partial-sig-pubkey-length"): "P06",
    ("bip174", "bad-redeem-script-key"): "P06",
    ("bip174", "bad-witness-script-key"): "P06",
    ("bip174", "bad-input-bip32-pubkey"): "P06",
    ("bip174", "bad-non-witness-utxo-key"): "P06",
    ("bip174", "bad-final-script-sig-key"): "P06",
    ("bip174", "bad-final-witness-key"): "P06",
    ("bip174", "bad-output-bip32-pubkey"): "P06",
    ("bip174", "bad-sighash-type-key"): "P06",
    ("bip174", "bad-output-redeem-script-key"): "P06",
    ("bip174", "bad-output-witness-script-key"): "P06",
    ("bip174", "unsigned-tx-witness-format"): "P10",
    ("bip174", "value-size-mismatch"): "P10",
    # BIP174, "Signer": what a review must find before anything is signed.
    ("bip174", "witness-utxo-for-non-witness-input"): "U11",
    ("bip174", "redeem-script-mismatch-non-witness-utxo"): "I04",
    ("bip174", "redeem-script-mismatch-witness-utxo"): "I04",
    ("bip174", "witness-script-mismatch"): "I05",
    # BIP371: P06 is every key of a wrong length, P07 every value of one.
    ("bip371", "in-internal-key-too-long"): "P07",
    ("bip371", "in-key-sig-too-short"): "P07",
    ("bip371", "in-key-sig-too-long"): "P07",
    ("bip371", "in-bip32-key-too-long"): "P06",
    ("bip371", "out-internal-key-too-long"): "P07",
    ("bip371", "out-bip32-key-too-long"): "P06",
    ("bip371", "in-script-sig-key-too-long"): "P06",
    ("bip371", "in-script-sig-too-long"): "P07",
    ("bip371", "in-script-sig-too-short"): "P07",
    ("bip371", "control-block-too-long"): "P06",
    ("bip371", "control-block-too-short"): "P06",
    # BIP373: a field of MuSig2 is refused before anyone looks at its length, as the valid ones are.
    **{
        ("bip373", f"{field}-{fault}"): "P17"
        for field in ("in-participants", "out-participants", "pubnonce", "partial-sig")
        for fault in ("xonly-aggregate", "xonly-participant", "value-length")
    },
    # BIP340: a ballot has one error for whatever is wrong with its signature.
    ("bip340", "public-key-not-on-curve"): "signature",
    ("bip340", "r-has-odd-y"): "signature",
    ("bip340", "message-negated"): "signature",
    ("bip340", "s-negated"): "signature",
    ("bip340", "r-infinite-x-zero"): "signature",
    ("bip340", "r-infinite-x-one"): "signature",
    ("bip340", "r-not-on-curve"): "signature",
    ("bip340", "r-is-field-size"): "signature",
    ("bip340", "s-is-curve-order"): "signature",
    ("bip340", "public-key-above-field"): "signature",
    # BIP370: P09 is its whole table of fields that a version must have or must not have.
    **{("bip370", f"v0-with-{field}"): "P09" for field in (
        "global-version", "global-tx-version", "global-fallback-locktime", "global-input-count", "global-output-count",
        "global-tx-modifiable", "in-previous-txid", "in-output-index", "in-sequence", "in-required-time-locktime",
        "in-required-height-locktime", "out-amount", "out-script",
    )},
    ("bip370", "v2-with-global-unsigned-tx"): "P09",
    **{("bip370", f"v2-missing-{field}"): "P09" for field in (
        "global-input-count", "global-output-count", "global-tx-version", "in-previous-txid", "in-output-index",
        "out-amount", "out-script",
    )},
    ("bip370", "time-locktime-below-500000000"): "L07",
    ("bip370", "height-locktime-not-below-500000000"): "L07",
    ("bip370", "height-locktime-zero"): "L07",
    ("bip370", "no-common-locktime-kind"): "L06",
    # UR: a text without words is as short as one with a word
    ("ur", "bad-checksum"): "checksum",
    ("ur", "too-short"): "short",
    ("ur", "bad-scheme"): "scheme",
    ("ur", "no-type"): "no-type",
    ("ur", "bad-type-characters"): "type",
    ("ur", "bad-indices"): "numbers",
    # BBQr: a piece that differs in what all pieces have in common is one of another message; under another letter,
    # the digits of this one are no characters.
    ("bbqr", "missing-part"): "incomplete",
    ("bbqr", "mixed-file-type"): "mixed",
    ("bbqr", "mixed-encoding"): "characters",
    ("bbqr", "bad-magic"): "head",
    ("bbqr", "index-not-below-count"): "numbers",
    ("bbqr", "duplicate-part-different-data"): "mixed",
    ("bbqr", "count-mismatch"): "mixed",
    ("bbqr", "out-of-range"): "numbers",
}

# Specifications whose reasons are this program's error codes.
OWN_WORDS = {"bip32", "slip39", "bip380", "bip381", "bip382", "bip383", "bip384", "bip385", "bip386", "bip389"}

# Valid cases that this program does not take, with the code of its refusal: (specification, id) -> error code.
UNSUPPORTED = {
    # digests have 32 bytes
    ("bip340", "schnorr-15"): "message-length",
    ("bip340", "schnorr-16"): "message-length",
    ("bip340", "schnorr-17"): "message-length",
    ("bip340", "schnorr-18"): "message-length",
    # word lists that are not the BIP's; the seed is right all the same
    **{("bip39", f"{language}-{n:02}"): "unknown-word" for language in ("russian", "turkish") for n in range(1, 25)},
    # transactions that nobody can sign, or that the network does not relay: no inputs; 63 bytes
    ("bip174", "valid-09-zero-inputs-outputs"): "P11",
    ("bip174", "valid-10-zero-inputs"): "P11",
    ("bip174", "valid-07-unknown-input-types"): "P15",
    ("bip174", "combine-unknown-a"): "P15",
    ("bip174", "combine-unknown-b"): "P15",
    ("bip174", "combine-unknown-result"): "P15",
    # messages, whose transactions have version 0, and proofs of funds, which are no payments
    **{("bip322", f"hash-{n:02}"): "P12" for n in (1, 2, 3)},
    **{("bip322", f"generated-proof-of-funds-{n:02}"): "X03" for n in (1, 2, 3)},
    # MuSig2, whose sessions keep a secret between two rounds
    **{("bip373", f"valid-{n:02}-{name}"): "P17" for n, name in enumerate((
        "output-key-participants", "output-key-pubnonces", "output-key-partial-sigs", "internal-key-participants",
        "internal-key-pubnonces", "internal-key-partial-sigs", "script-key-participants", "script-key-pubnonces",
        "script-key-partial-sigs", "derived-internal-key-participants", "derived-internal-key-pubnonces",
        "derived-internal-key-partial-sigs", "receive-internal-key", "receive-derived-internal-key",
    ), start=1)},
    # scripts that stand bare in an output
    **{("bip381", f"valid-{n:02}"): "unsupported-bare" for n in (1, 2, 6, 7, 16, 17)},
    **{("bip383", f"valid-{n:02}"): "unsupported-bare" for n in (1, 2, 3, 5)},
    **{("bip389", f"valid-{n:02}"): "unsupported-bare" for n in (1, 4)},
    # combo, raw, addr
    **{("bip384", f"valid-{n:02}"): "unsupported-combo" for n in (1, 2, 3, 4)},
    **{("bip380", f"checksum-{n:02}"): "unsupported-raw" for n in (1, 2)},
    **{("bip385", f"valid-{n:02}"): "unsupported-raw" for n in (1, 2, 3)},
    ("bip385", "valid-04"): "unsupported-addr",
    # UR: types that carry secrets, addresses or questions
    **{("ur", f"commons-crypto-request-{n:02}"): "ur-type" for n in range(1, 13)},
    **{("ur", f"commons-crypto-sskr-{n:02}"): "ur-type" for n in range(1, 7)},
    **{("ur", f"{v}bcr-2020-011-{n:02}"): "ur-type" for v in ("", "v1-") for n in range(1, 9)},
    **{
        ("ur", f"{v}bcr-2020-{n}"): "ur-type"
        for v in ("", "v1-") for n in ("008-01", "008-02", "009-01", "009-02")
    },
    ("ur", "bcr-2020-006-01"): "ur-type",
    ("ur", "v1-bcr-2020-006-02"): "ur-type",
    **{("ur", f"bcr-{n}"): "ur-type" for n in ("2020-005-01", "2020-005-02", "2021-001-01", "2021-001-02")},
    ("ur", "bcr-2020-011-sskr-set"): "ur-type",
    ("ur", "ur-type-name-2"): "ur-type",
    # a type's name with other content than the type has
    ("ur", "ur-type-name-1"): "content",
    # private keys, an address in the place of a key
    **{("ur", f"{v}bcr-2020-007-01"): "private-key" for v in ("", "v1-")},
    ("ur", "bcr-2023-010-2"): "unread",
    ("ur", "bcr-2023-010-3"): "private-key",
}


def case(old, kind, **fields):
    """A case in our form: id and verdict first, absent fields left out."""
    new = {"id": old.pop("name"), "kind": kind}
    valid = old.pop("valid", True)
    new["expect"] = "accept" if valid else "refuse"
    reason = old.pop("reason", None)
    if reason is not None:
        new["because"] = reason
    new.update({name: value for name, value in fields.items() if value is not None})
    if old:
        sys.exit(f"{new['id']}: not carried over: {', '.join(old)}")
    return new


def bip32(c):
    if "xkey" in c:
        return case(c, "parse", key=c.pop("xkey"))
    return case(c, "derive", seed=c.pop("seed"), path=c.pop("path"), public=c.pop("xpub"), private=c.pop("xprv"))


def bip39(c):
    return case(
        c, "words" if c.pop("bip39_wordlist") else "seed",
        language=c.pop("language"), entropy=c.pop("entropy"), words=c.pop("mnemonic"),
        passphrase=c.pop("passphrase"), seed=c.pop("seed"), master=c.pop("xprv"),
    )


def bip44(c):
    coins = {"Bitcoin": "mainnet", "Bitcoin Testnet": "testnet"}
    branches = {"external": 0, "change": 1}
    return case(
        c, "path", network=coins[c.pop("coin")], account=c.pop("account"), branch=branches[c.pop("chain")],
        index=c.pop("index"), path=c.pop("path"),
    )


def bip49(c):
    if c.pop("network") != "test":
        sys.exit("BIP49: another network")
    return case(
        c, "account", network="testnet", words=c.pop("mnemonic"), master_private=c.pop("root_xprv"),
        account_path=c.pop("account_path"), account_private=c.pop("account_xprv"),
        account_public=c.pop("account_xpub"), path=c.pop("path"), wif=c.pop("privkey_wif"),
        secret_key=c.pop("privkey"), public_key=c.pop("pubkey"), key_hash=c.pop("keyhash"),
        redeem_script=c.pop("redeem_script"), script_hash=c.pop("script_hash"), address=c.pop("address"),
    )


def bip84(c):
    kind = "node" if "zpub" in c else "address"
    return case(
        c, kind, network="mainnet", words=c.pop("mnemonic"), path=c.pop("path"), private=c.pop("zprv", None),
        public=c.pop("zpub", None), wif=c.pop("privkey_wif", None), public_key=c.pop("pubkey", None),
        address=c.pop("address", None),
    )


def bip86(c):
    kind = "address" if "address" in c else "node"
    return case(
        c, kind, network="mainnet", words=c.pop("mnemonic"), path=c.pop("path"), private=c.pop("xprv"),
        public=c.pop("xpub"), internal_key=c.pop("internal_key", None), output_key=c.pop("output_key", None),
        script=c.pop("script_pubkey", None), address=c.pop("address", None),
    )


def bip67(c):
    return case(
        c, "multisig", threshold=c.pop("required"), keys=c.pop("pubkeys"), sorted=c.pop("sorted"),
        redeem_script=c.pop("script"), address=c.pop("address"),
    )


def spent(c):
    outputs = c.pop("prevouts", None)
    if outputs is None:
        return {}
    return {
        "spent_scripts": [o.pop("script_pubkey") for o in outputs],
        "spent_amounts": [o.pop("amount") for o in outputs],
    }


def bip143(c):
    return case(
        c, "digest", transaction=c.pop("unsigned_tx", None), input=c.pop("input_index"),
        outpoint=c.pop("outpoint"), amount=c.pop("amount"), sequence=c.pop("sequence"),
        sighash_type=c.pop("sighash_type"), script_code=c.pop("script_code"),
        redeem_script=c.pop("redeem_script", None), witness_script=c.pop("witness_script", None),
        hash_prevouts=c.pop("hash_prevouts"), hash_sequence=c.pop("hash_sequence"),
        hash_outputs=c.pop("hash_outputs"), preimage=c.pop("preimage"), digest=c.pop("sighash"),
        secret_key=c.pop("privkey", None), public_key=c.pop("pubkey", None), signature=c.pop("signature", None),
        signed=c.pop("signed_tx"), signed_swapped=c.pop("signed_tx_swapped", None), **spent(c),
    )


def bech32_string(c):
    text = c.pop("string").encode().hex() if "string" in c else c.pop("string_hex")
    return case(c, "string", checksum=c.pop("encoding"), text_hex=text)


NETWORKS = {"main": "mainnet", "test": "testnet"}

# BIP350 replaced BIP173's checksum for witness versions 1 to 16. What BIP350 says of BIP173's cases of those
# versions, where it differs: they are refused, whatever BIP173 thought of them.
SUPERSEDED = {
    "address-valid-03", "address-valid-04", "address-valid-05",
    "address-invalid-04", "address-invalid-05", "address-invalid-08",
}


def segwit_address(c):
    network = NETWORKS.get(c.pop("network", None))
    return case(c, "address", network=network, address=c.pop("address"), script=c.pop("script_pubkey", None))


def bip173(c):
    if c.pop("type") == "string":
        return bech32_string(c)
    if c["name"] in SUPERSEDED:
        formerly = "accept" if c["valid"] else c["reason"]
        c["valid"], c["reason"] = False, "bech32-not-bech32m"
        return {**segwit_address(c), "formerly": formerly}
    return segwit_address(c)


def bip350(c):
    return bech32_string(c) if c.pop("type") == "string" else segwit_address(c)


def bip174(c):
    kind = c.pop("type")
    psbt = c.pop("psbt", None)
    if kind == "parse":
        return case(c, "parse", psbt=psbt)
    if kind == "signer_fail":
        sound = "valid-04-p2pkh-and-p2sh-p2wpkh-outputs-filled" if "-01-" in c["name"] else "flow-5-sign-b"
        return case(c, "review", psbt=psbt, sound=sound)
    if kind == "create":
        inputs, outputs = c.pop("inputs"), c.pop("outputs")
        return case(
            c, kind, psbt=psbt, master=c.pop("root_xprv"), master_wif=c.pop("hd_seed_wif"),
            outpoints=[f"{i.pop('txid')}:{i.pop('vout')}" for i in inputs],
            output_scripts=[o.pop("script_pubkey") for o in outputs], output_amounts=[o.pop("amount") for o in outputs],
        )
    if kind == "update" and "prev_txs" in c:
        keys = c.pop("pubkeys")
        return case(
            c, kind, psbt=psbt, after=c.pop("input"), previous=c.pop("prev_txs"),
            redeem_scripts=c.pop("redeem_scripts"), witness_scripts=c.pop("witness_scripts"),
            public_keys=[k.pop("pubkey") for k in keys], paths=[k.pop("path") for k in keys],
        )
    if kind == "update":
        return case(c, kind, psbt=psbt, after=c.pop("input"), sighash_type=c.pop("sighash_type"))
    if kind == "sign":
        keys = c.pop("keys")
        if c.pop("rfc6979") is not True:
            sys.exit("BIP174: signatures of another kind")
        return case(
            c, kind, psbt=psbt, after=c.pop("input"), wifs=[k.pop("wif") for k in keys],
            paths=[k.pop("path") for k in keys],
        )
    if kind == "combine":
        return case(c, kind, psbt=psbt, after=c.pop("inputs"))
    if kind == "finalize":
        return case(c, kind, psbt=psbt, after=c.pop("input"))
    if kind == "extract":
        return case(c, kind, after=c.pop("input"), transaction=c.pop("tx"))
    sys.exit(f"BIP174: kind {kind}")


def bip370(c):
    kind = c.pop("type")
    if kind not in ("parse", "locktime"):
        sys.exit(f"BIP370: kind {kind}")
    return case(c, kind, psbt=c.pop("psbt"), locktime=c.pop("locktime", None))


def bip340(c):
    # The CSV says in its comments why a signature is invalid; the codes are ours.
    reasons = {
        "schnorr-05": "public-key-not-on-curve", "schnorr-06": "r-has-odd-y", "schnorr-07": "message-negated",
        "schnorr-08": "s-negated", "schnorr-09": "r-infinite-x-zero", "schnorr-10": "r-infinite-x-one",
        "schnorr-11": "r-not-on-curve", "schnorr-12": "r-is-field-size", "schnorr-13": "s-is-curve-order",
        "schnorr-14": "public-key-above-field",
    }
    if not c["valid"]:
        c["reason"] = reasons[c["name"]]
    return case(
        c, "sign" if "seckey" in c else "verify", secret_key=c.pop("seckey", None),
        auxiliary=c.pop("aux_rand", None), public_key=c.pop("pubkey"), message=c.pop("message"),
        signature=c.pop("signature"),
    )


def bip322(c):
    if c.pop("type") == "tx_hashes":
        return case(
            c, "message", message=c.pop("message"), address=c.pop("address"), message_hash=c.pop("message_hash"),
            to_spend=c.pop("to_spend_txid"), to_sign=c.pop("to_sign_txid"),
        )
    if c.pop("variant") != "proof_of_funds":
        sys.exit("BIP322: a signature of another kind")
    (signature,) = c.pop("signatures")
    if not signature.startswith("pof"):
        sys.exit("BIP322: a proof of funds of another form")
    c.pop("privkeys_wif"), c.pop("script_type")
    more = [coin for coins in c.pop("additional_inputs") for coin in coins]
    return case(
        c, "proof-of-funds", message=c.pop("message"), address=c.pop("address"), version=c.pop("tx_version"),
        lock_time=c.pop("lock_time"), sequence=c.pop("sequence"),
        more_scripts=[coin["pk_script"] for coin in more], more_amounts=[coin["value"] for coin in more],
        psbt=signature.removeprefix("pof"),
    )


def bip371(c):
    return case(c, c.pop("type"), psbt=c.pop("psbt"))


def bip373(c):
    participants = c.pop("participants", None)
    if participants is None:
        return case(c, c.pop("type"), psbt=c.pop("psbt"))
    return case(
        c, c.pop("type"), psbt=c.pop("psbt"), aggregate=c.pop("aggregate_pubkey"),
        participants=[p.pop("pubkey") for p in participants], wifs=[p.pop("wif") for p in participants],
    )


def leaves(tree, depth=0):
    """A script tree as a flat list in the order it is written: depth, leaf version, script."""
    if tree is None:
        return []
    if isinstance(tree, list):
        return [leaf for branch in tree for leaf in leaves(branch, depth + 1)]
    return [f"{depth} {tree['leaf_version']:02x} {tree['script']}"]


def bip341(c):
    kind = c.pop("type")
    if kind == "script_pubkey":
        return case(
            c, "output", internal_key=c.pop("internal_key"), leaves=leaves(c.pop("script_tree")),
            leaf_hashes=c.pop("leaf_hashes"), merkle_root=c.pop("merkle_root"), tweak=c.pop("tweak"),
            output_key=c.pop("output_key"), script=c.pop("script_pubkey"), address=c.pop("address"),
            control_blocks=c.pop("control_blocks"),
        )
    if kind == "key_path_tx":
        return case(
            c, "transaction", transaction=c.pop("unsigned_tx"), **spent(c), hash_amounts=c.pop("sha_amounts"),
            hash_outputs=c.pop("sha_outputs"), hash_prevouts=c.pop("sha_prevouts"),
            hash_scripts=c.pop("sha_script_pubkeys"), hash_sequences=c.pop("sha_sequences"), signed=c.pop("signed_tx"),
        )
    names = {
        "hashAmounts": "hash_amounts", "hashOutputs": "hash_outputs", "hashPrevouts": "hash_prevouts",
        "hashScriptPubkeys": "hash_scripts", "hashSequences": "hash_sequences",
    }
    return case(
        c, "input", after=c.pop("tx"), input=c.pop("input_index"), secret_key=c.pop("internal_privkey"),
        merkle_root=c.pop("merkle_root"), sighash_type=c.pop("sighash_type"), internal_key=c.pop("internal_key"),
        tweak=c.pop("tweak"), tweaked_secret_key=c.pop("tweaked_privkey"), message=c.pop("sig_msg"),
        committed=[names[n] for n in c.pop("precomputed_used")], digest=c.pop("sighash"), witness=c.pop("witness"),
    )


def bip380(c):
    if c.pop("type") == "descriptor":
        return case(c, "checksum", descriptor=c.pop("descriptor"), has_checksum=c.pop("has_checksum"))
    hardened = c.pop("hardened_from_xpub", None)
    return case(c, "key", key=c.pop("key"), underivable=True if hardened else None)


def descriptor(c):
    if c.pop("ranged", False):
        scripts = {"scripts_by_index": [[script] for script in c.pop("scripts")]}
    elif "scripts_by_index" in c:
        scripts = {"scripts_by_index": c.pop("scripts_by_index")}
    else:
        scripts = {"scripts": c.pop("scripts", None)}
    return case(c, "descriptor", descriptor=c.pop("descriptor"), **scripts)


def bip389(c):
    return case(c, "multipath", descriptor=c.pop("descriptor"), single=c.pop("expands_to", None))


def slip39(c):
    return case(
        c, "combine", shares=c.pop("mnemonics"), passphrase=c.pop("passphrase"), secret=c.pop("secret", None),
        master=c.pop("xprv", None),
    )


def seed(c, name="seed"):
    """The text that a sequence starts from, or the text whose CRC-32 it starts from."""
    value = c.pop(name)
    (which, content), = value.items()
    return {"seed" if which == "text" else "seed_crc": content}


def rows(lists):
    return [" ".join(str(n) for n in row) for row in lists]


def ur(c):
    kind = c.pop("type")
    if kind == "wordlist":
        return case(c, "words", words=c.pop("words"))
    if kind == "bytewords" and "data" in c:
        return case(
            c, "bytewords", data=c.pop("data"), standard=c.pop("standard"), uri=c.pop("uri", None),
            minimal=c.pop("minimal"),
        )
    if kind == "bytewords":
        return case(c, "bytewords", style=c.pop("style"), text=c.pop("text"))
    if kind == "crc32":
        return case(c, "crc32", text=c.pop("text"), sum=c.pop("crc32"))
    if kind == "xoshiro256":
        operations = {"next mod 100": "modulo-100", "int 1..10": "between-1-and-10"}
        return case(c, "random", **seed(c), draw=operations[c.pop("op")], values=c.pop("values"))
    if kind == "alias_sampler":
        return case(c, "sampler", **seed(c), weights=c.pop("weights"), values=c.pop("values"))
    if kind == "shuffle":
        return case(c, "shuffle", **seed(c), items=c.pop("input"), rows=rows(c.pop("values")))
    if kind == "fragment_length":
        c.pop("min")  # a bound that never decides
        return case(c, "fragment-length", length=c.pop("message_length"), most=c.pop("max"), size=c.pop("length"))
    if kind == "partition":
        c.pop("min")
        return case(c, "partition", message=c.pop("message"), most=c.pop("max"), fragments=c.pop("fragments"))
    if kind == "degree" and "seeds" in c:
        first, last = c.pop("seeds").split("..")
        stem = first.removesuffix("1")
        seeds = [f"{stem}{n}" for n in range(1, int(last.removeprefix(stem)) + 1)]
        return case(c, "degrees", count=c.pop("sequence_length"), seeds=seeds, values=c.pop("values"))
    if kind == "degree":
        return case(c, "degrees", **seed(c), count=c.pop("sequence_length"), values=c.pop("values"))
    if kind == "choose_fragments":
        return case(
            c, "choose", message=c.pop("message"), count=c.pop("sequence_length"), first=c.pop("first_seq"),
            rows=rows(c.pop("values")),
        )
    if kind == "xor":
        return case(c, "xor", one=c.pop("a"), other=c.pop("b"), both=c.pop("result"))
    if kind == "fountain":
        parts = c.pop("parts")
        new = case(
            c, "fountain", message=c.pop("message"), most=c.pop("max_fragment"),
            numbers=[p.pop("seq_num") for p in parts], counts=[p.pop("seq_len") for p in parts],
            lengths=[p.pop("message_length") for p in parts], sums=[p.pop("checksum") for p in parts],
            data=[p.pop("data") for p in parts], parts=[p.pop("cbor") for p in parts],
        )
        if any(parts):
            sys.exit("UR: a field of a part is not known")
        return new
    if kind == "part_cbor":
        return case(
            c, "part", number=c.pop("seq_num"), count=c.pop("seq_len"), length=c.pop("message_length"),
            sum=c.pop("checksum"), data=c.pop("data"), cbor=c.pop("cbor"),
        )
    if kind == "multipart_roundtrip":
        return case(
            c, "round-trip", **seed(c, "message_seed"), length=c.pop("message_length"), most=c.pop("max_fragment"),
            first=c.pop("first_seq"),
        )
    if kind == "ur_multipart":
        return case(
            c, "parts", ur_type=c.pop("ur_type"), message=c.pop("message"), cbor=c.pop("cbor"),
            most=c.pop("max_fragment"), texts=c.pop("parts"),
        )
    if kind == "ur_part":
        return case(c, "one-part", ur_type=c.pop("ur_type"), ur=c.pop("ur"))
    if kind == "sskr":
        groups = rows(c.pop("groups"))
        return case(
            c, "sskr", secret=c.pop("secret"), threshold=c.pop("group_threshold"), groups=groups, shares=c.pop("shares"),
        )
    if kind == "cbor":
        return case(
            c, "tagged", ur_type=c.pop("ur_type"), descriptor=c.pop("descriptor"), cbor=c.pop("cbor_tagged"),
        )
    if kind != "ur":
        sys.exit(f"UR: kind {kind}")
    # where the document was found, and whether it prints the CBOR too
    c.pop("revision", None)
    c.pop("cbor_in_document", None)
    return case(
        c, "text", ur=c.pop("ur"), ur_type=c.pop("ur_type", None), cbor=c.pop("cbor", None), key=c.pop("xkey", None),
        descriptor=c.pop("descriptor", None), words=c.pop("mnemonic", None), descriptors=c.pop("descriptors", None),
    )


def bbqr(c):
    kind = c.pop("type")
    c.pop("origin", None)
    if kind == "header":
        return case(
            c, "header", header=c.pop("header"), packing=c.pop("encoding"), file_type=c.pop("file_type"),
            count=c.pop("part_count"), index=c.pop("index"),
        )
    if kind == "base36":
        if not c.get("valid", True):
            c["reason"] = "out-of-range"
        return case(c, "base36", value=str(c.pop("value")), text=c.pop("text", None))
    if kind == "data":
        of = c["name"].removeprefix("data-")
        data = base64.b64decode(c.pop("data"), validate=True).hex()
        return case(c, "data", file_type=c.pop("file_type"), data=data, splits=[f"split-{of}-{p}" for p in "H2Z"])
    if kind == "split":
        return case(
            c, "split", after=c.pop("data"), packing=c.pop("requested_encoding"), packed=c.pop("encoding"),
            most=c.pop("max_version"), version=c.pop("version"), pieces=c.pop("parts"),
        )
    if kind != "join":
        sys.exit(f"BBQr: kind {kind}")
    order = c.pop("scan_order", None)
    if order is not None and c.pop("scan_count") != len(order):
        sys.exit("BBQr: another number of scans")
    return case(
        c, "join", pieces=c.pop("parts"), order=order, packing=c.pop("encoding", None),
        file_type=c.pop("file_type", None), count=c.pop("part_count", None), data_length=c.pop("data_length", None),
        data_sha256=c.pop("data_sha256", None),
    )


READERS = {
    "bip32": bip32, "bip39": bip39, "bip44": bip44, "bip49": bip49, "bip67": bip67, "bip84": bip84, "bip86": bip86,
    "bip143": bip143, "bip173": bip173, "bip174": bip174, "bip322": bip322, "bip340": bip340, "bip341": bip341,
    "bip350": bip350, "bip370": bip370, "bip371": bip371, "bip373": bip373,
    "bip380": bip380, "bip381": descriptor, "bip382": descriptor, "bip383": descriptor, "bip384": descriptor,
    "bip385": descriptor, "bip386": descriptor, "bip389": bip389, "slip39": slip39, "ur": ur,
    "bbqr": bbqr,
}

# Specifications of which a part is carried over. BIP322: the transactions and PSBTs; its other cases are signatures
# of messages, which this program neither makes nor reads.
PART = {"bip322": lambda c: c["type"] == "tx_hashes" or c.get("variant") == "proof_of_funds"}


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def write(specification, name, source, folder):
    figures = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    if name in PART:
        figures = [figure for figure in figures if PART[name](figure)]
    count = len(figures)
    cases = [READERS[name](figure) for figure in figures]
    if len(cases) != count or len({c["id"] for c in cases}) != count:
        sys.exit(f"{name}: cases lost")
    for c in cases:
        unsupported = UNSUPPORTED.get((name, c["id"]))
        if unsupported is not None:
            c["unsupported"] = unsupported
        if c["expect"] == "refuse":
            if "because" not in c:
                sys.exit(f"{name} {c['id']}: no reason")
            error = c["because"] if name in OWN_WORDS else ERRORS.get((name, c["because"]))
            if error is None:
                sys.exit(f"{name} {c['id']}: no error code for {c['because']}")
            c["error"] = error
    unknown = {i for n, i in UNSUPPORTED if n == name} - {c["id"] for c in cases}
    if unknown:
        sys.exit(f"{name}: no cases {', '.join(sorted(unknown))}")
    lines = ",\n".join(text(c) for c in cases)
    whole = f'{{"specification": {text(specification)},\n"source": {text(source)},\n"cases": [\n{lines}\n]}}\n'
    (HERE / f"{name}.json").write_text(whole, encoding="utf-8")
    refused = sum(c["expect"] == "refuse" for c in cases)
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return f"| {name}.json | {specification} | {count} | {count - refused} | {refused} | `{digest}` |"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    rows = [write(*each, folder) for each in SPECIFICATIONS]
    readme = HERE / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition("<!-- table -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    head = "| file | specification | cases | accept | refuse | SHA-256 of the file |\n|---|---|---:|---:|---:|---|\n"
    table = head + "\n".join(rows) + "\n"
    readme.write_text(f"{before}<!-- table -->\n{table}<!-- end -->\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
