"""Opens a vault that Strongroom made with Debian's age and PyPI's shamir-mnemonic alone.

usage: recover.py STRONGROOM RECOVERY.md

Every command is taken from the page; this script only gives them a terminal and answers their questions. The mnemonic
that comes out must be the one that went in.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pexpect

MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title"
BIP39_PASSPHRASE = 'zwei "Wörter"'
PASSPHRASES = {name: f"the passphrase of {name}" for name in ("alice", "bob", "carol")}


def create(program: str) -> None:
    arguments = [program, "vault", "create", "treasury.vault", "--network", "regtest", "--threshold", "2"]
    arguments += ["--import-mnemonic", "--dice", "142536" * 17]
    for name, passphrase in PASSPHRASES.items():
        pathlib.Path(f"{name}.pass").write_text(passphrase + "\n")
        arguments += ["--custodian", name, "--passphrase", f"{name}={name}.pass"]
    typed = f"{MNEMONIC}\n{BIP39_PASSPHRASE}\n".encode()
    subprocess.run(arguments, input=typed, check=True)
    ballots = ["--ballot", "alice=alice.pass", "--ballot", "bob=bob.pass"]
    subprocess.run([program, "wallet", "add", "treasury.vault", "main", "--script", "wpkh", *ballots], check=True)


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def run(command: str, answers: list[tuple[str, str]]) -> str:
    """Runs one line of the page at a terminal of its own and answers what it asks."""
    terminal = pexpect.spawn("/bin/sh", ["-c", command], encoding="utf-8", timeout=60, dimensions=(40, 400))
    terminal.delaybeforesend = 0.3
    for question, answer in answers:
        terminal.expect(question)
        terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0, f"{command}\n{terminal.before}"
    return terminal.before.strip()


def main() -> None:
    program, page = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:])
    os.environ["PATH"] = str(pathlib.Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
    for tool in ("age", "shamir"):
        assert subprocess.run(["which", tool], capture_output=True).returncode == 0, f"{tool} is not installed"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        create(program)
        # The slot of the highest sequence, as the page says: after one wallet it is slot.b.
        lines = [line.replace("slot.a", "slot.b") for line in commands(pathlib.Path(page).read_text())]
        words, secret, seen = [], None, []
        for line in lines:
            holder = next((name for name in PASSPHRASES if line.endswith(f"{name}.age") and line.startswith("age")), None)
            if holder:
                run(line, [("passphrase", PASSPHRASES[holder])])
            elif line.startswith("shamir"):
                said = run(line, [(".*", words[0]), (".*", words[1])])
                secret = re.findall(r"\b[0-9a-f]{64}\b", said)[-1]
            elif line.startswith("age") and "body" in line:
                run(line, [("passphrase", secret)])
            else:
                said = run(line, [])
                words += [said] if '["words"]' in line else []
                seen.append(said)
        assert all(len(share.split()) == 33 for share in words), words
        recovered = seen[-2].splitlines()
        assert recovered[0].strip() == MNEMONIC, "another mnemonic came out"
        assert recovered[1].strip() == repr(BIP39_PASSPHRASE), "another passphrase came out"
        assert seen[-1].startswith("main wpkh("), seen[-1]
    print(f"recovered with stock tools, {len(lines)} commands of the page: 1 passed, 0 failed")


main()
