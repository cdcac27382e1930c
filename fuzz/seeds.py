#!/usr/bin/env python3
"""Writes what the corpora of fuzz/ grow from into FOLDER/TARGET: the cases of vectors/, and the vault of fuzz/corpus.

Usage: fuzz/seeds.py FOLDER
       fuzz/seeds.py fit FOLDER BYTES   takes files out, small and large ones alike, until so many bytes are left
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LARGE = 8_000


def fit(folder, most):
    files = sorted(folder.iterdir(), key=lambda file: (file.stat().st_size, file.name))
    whole = sum(file.stat().st_size for file in files)
    seen = left = 0
    for file in files:
        size = file.stat().st_size
        seen += size
        if whole > most and left + size > seen * most / whole:
            file.unlink()
        else:
            left += size


def main(out):
    def seed(target, data):
        data = data.encode() if isinstance(data, str) else data
        if data and len(data) <= LARGE:
            folder = out / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)

    for file in sorted(ROOT.glob("vectors/**/*.json")):
        for case in json.loads(file.read_text())["cases"]:
            of_case(file.stem, case, seed)
    for text in POLICIES:
        seed("policy", text)
    for text in TYPED:
        seed("typed", text)
    for value in ({}, [], {"a": 1, "b": [1, "x", None, True]}, "é\n", 2**53 - 1, {"a": {"b": {"c": []}}}):
        seed("canon", json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        seed("canon", json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    for side in (1, 21, 33):
        for depth, color in ((8, 0), (1, 0), (8, 2), (16, 6)):
            seed("picture", png(side, depth, color))
    for version in range(8):
        seed("eye", bytes([version, version * 3, version * 5]) + bytes(range(version * 5)))
        seed("eye", bytes([0x80 | version, 40]) + bytes([14, 15, 14 * 3, 15, 14, 99] * 40))
    for size, order in ((7, (1, 2, 3)), (7, (4, 5, 6, 7, 8)), (30, (2, 1, 2, 9, 3))):
        parts = b"".join(bytes([number, 0]) + bytes([number] * size) for number in order)
        seed("ur", bytes([0x80, size, 3, size * 3 - 1, 7]) + parts)
    for form in ("", " C420jpeg", " C422", " C444", " Cmono"):
        head = f"YUV4MPEG2 W3 H2 F30:1{form}\n".encode()
        seed("video", head + (b"FRAME\n" + bytes(10)) * 3)
    for file in sorted((ROOT / "fuzz/corpus/share").iterdir()):
        text = file.read_text(errors="replace")
        if text.startswith("{") and '"sealed"' in text:
            try:
                seed("sealed", json.loads(text)["sealed"])
            except ValueError:
                pass
    for name in ("journal", "slot", "share"):
        for file in sorted((ROOT / "fuzz/corpus" / name).iterdir()):
            seed("canon", file.read_bytes())


def of_case(name, case, seed):
    for key in ("psbt", "file"):
        if isinstance(case.get(key), str):
            try:
                data = base64.b64decode(case[key], validate=True)
            except ValueError:
                seed("psbt_file", case[key])
                continue
            if key == "file":
                seed("psbt_file", data)
            else:
                seed("psbt", data)
                seed("review", data)
                if len(data) < 1_000:
                    seed("psbt_file", case[key])
                    seed("psbt_file", data.hex())
    if isinstance(case.get("descriptor"), str):
        seed("descriptor", case["descriptor"])
        if name == "bip380":
            seed("typed", case["descriptor"])
    if isinstance(case.get("policy"), str):
        seed("policy", case["policy"])
    if isinstance(case.get("address"), str):
        seed("address", case["address"])
    for key in ("script", "text_hex"):
        if isinstance(case.get(key), str):
            try:
                seed("address", bytes.fromhex(case[key]))
            except ValueError:
                pass
    for key in ("words", "path", "public", "private"):
        if isinstance(case.get(key), str):
            seed("typed", case[key])
    for share in case.get("shares", []):
        seed("typed", share)
    if name == "ur" and case["kind"] == "text":
        of_ur(case["ur"], seed)
    if name in ("bbqr", "ur"):
        texts = []
        for key in ("pieces", "parts", "order", "text", "texts", "part"):
            value = case.get(key)
            if isinstance(value, str):
                seed("qr", value)
            elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
                texts = value
        if texts:
            seed("qr", "\n".join(texts))
            seed("qr", "\n".join(reversed(texts[:4])))


def of_ur(text, seed):
    """The content behind the checksum, with the number of its type before it (`ur` in fuzz/src/carried.rs)."""
    cases = json.loads((ROOT / "vectors/ur.json").read_text())["cases"]
    words = next(case["words"] for case in cases if case["id"] == "bytewords-wordlist")
    values = {word[0] + word[3]: value for value, word in enumerate(words)}
    scheme, *path = text.lower().split("/")
    if scheme in TYPES and len(path) == 1:
        data = bytes(values[path[0][at : at + 2]] for at in range(0, len(path[0]), 2))
        seed("ur", bytes([TYPES.index(scheme)]) + data[:-4])


def png(side, depth, color):
    """A chequered picture."""
    samples = {0: 1, 2: 3, 6: 4}[color]
    row = bytes((x * 37) & 0xFF for x in range((side * samples * depth + 7) // 8))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", side, side, depth, color, 0, 0, 0)
    data = zlib.compress((b"\0" + row) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# In the order of fuzz/src/carried.rs.
TYPES = [f"ur:{name}" for name in ("bytes", "crypto-psbt", "psbt", "crypto-hdkey", "hdkey", "crypto-output",
                                   "output-descriptor", "crypto-account", "account-descriptor")]
POLICIES = [
    "[allow]\nforeign_inputs = true\nunproven_amounts = true\n",
    "[caps]\nfee_refuse_sat = 2_000_000\nfee_notice_sat = 1_000\n",
    '[destinations]\npayroll = ["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"]\n'
    '[[rule]]\nwhen = { only_to = ["payroll"], leaves_at_most_sat = 5_000_000 }\nthen = "allow"\n'
    '[[rule]]\nwhen = { leaves_above_sat = 100_000_000 }\nthen = { approvals = "all" }\n',
    "[[rule]]\nwhen = { period_blocks = 144, period_above_sat = 7 }\nthen = { approvals = 3 }\n"
    '[[rule]]\nwhen = { wallets = ["wsh"], wait_blocks = 6 }\nthen = "refuse"\n',
]
TYPED = ["14253614253614253614253614253614253614253614253614253614253614253614253614253614253614253614253614", "hththt" * 50,
         "as 2h td kc", "alice", "m/84h/0h/0h", "84'/1'/0'/0/7", "correct horse battery staple"]

if __name__ == "__main__":
    if sys.argv[1] == "fit":
        fit(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(pathlib.Path(sys.argv[1]))
