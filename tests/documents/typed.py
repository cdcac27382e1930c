"""Runs commands at a terminal of 80 by 25 and types what a person would; prints what the terminal showed.

usage: typed.py FOLDER < COMMANDS

One command a line, run in FOLDER by a shell. What is typed stands on the screen as it would; what is typed unseen is
not told. Passphrases that the program makes up are kept in FOLDER/.typed.json for the next call.
"""

import json
import os
import pathlib
import pty
import random
import re
import select
import struct
import sys
import termios
import time
import fcntl

SECONDS = 120
CLEARED = "\x1b[2J\x1b[3J\x1b[H"
ROLLS = random.Random(6)


def rolls(count: int) -> str:
    return "".join(ROLLS.choice("123456") for _ in range(count))


class Person:
    """Answers the questions of one command, in turn."""

    def __init__(self, memory: dict):
        self.memory = memory
        self.voters = ["alice", "carol"]
        self.mixing = ["AUDIT", "USE"] if not memory else ["USE"]
        self.name = "alice"

    def answer(self, shown: str) -> str | None:
        """What is typed when `shown` ends in a question; nothing while it does not."""
        last = shown.rsplit("\n", 1)[-1]
        rules = [
            (r"Enter: go on .*Ctrl-C: stop $", lambda _: ""),
            (r"^dice, coins or cards\? $", lambda _: "dice"),
            (r"^(\d+) of 99 rolls: $", lambda found: rolls(50 if found[1] == "0" else 49)),
            (r"^Type AUDIT or USE: $", lambda _: self.mixing.pop(0)),
            (r"^Enter, or OWN: $", lambda _: ""),
            (r"Enter: take it off the screen $", lambda _: self.note(shown)),
            (r"^(\w+), the seven words \(unseen\): $", lambda found: self.memory[found[1]]),
            (r"^Approval \d+ of \d+\. Your name \(Enter alone refuses\): $", lambda _: self.voters.pop(0)),
            (r"^(\w+), your passphrase \(unseen\): $", lambda found: self.known(found[1])),
            (r"^Type (\w+) to acknowledge \(Enter alone refuses\): $", lambda found: found[1]),
            (r"^Type YES if this is what you want \(Enter alone refuses\): $", lambda _: "YES"),
        ]
        for question, reply in rules:
            if found := re.search(question, last):
                return reply(found)
        return None

    def known(self, name: str) -> str:
        self.name = name
        return self.memory[name]

    def note(self, shown: str) -> str:
        page = shown.rsplit(CLEARED, 1)[-1]
        if found := re.match(r"── (\w+): write down these seven words.*\n\n([a-z -]+)\n", page):
            self.memory[found[1]] = found[2]
        return ""


def run(command: str, folder: str, person: Person) -> tuple[str, int]:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(TERM="linux", LANG="C.UTF-8")
        os.environ.pop("COLUMNS", None)
        # The size of the window is set before the program looks at it.
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        os.execvp("sh", ["sh", "-c", command])
    shown, until = b"", time.monotonic() + SECONDS
    answered = 0
    while True:
        if time.monotonic() > until:
            os.close(terminal)
            sys.exit(f"no answer to what `{command}` shows:\n{shown.decode(errors='replace')[-2000:]}")
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                part = b""
            if not part:
                break
            shown += part
            continue
        text = shown.decode(errors="replace").replace("\r\n", "\n")
        if len(shown) > answered and (reply := person.answer(text)) is not None:
            answered = len(shown)
            os.write(terminal, reply.encode() + b"\n")
    _, status = os.waitpid(child, 0)
    return shown.decode(errors="replace").replace("\r\n", "\n"), os.waitstatus_to_exitcode(status)


def plain(shown: str) -> str:
    """What a camera over the shoulder would have seen, page under page."""
    shown = shown.replace(CLEARED, "\n")
    shown = re.sub(r"^.*\r\x1b\[K", "", shown, flags=re.MULTILINE)
    # The question under a page stands at the foot of the screen.
    shown = re.sub(r"\n+(   Enter: go on)", r"\n\1", shown)
    return "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).splitlines())


def main() -> None:
    folder = sys.argv[1]
    kept = pathlib.Path(folder, ".typed.json")
    memory = json.loads(kept.read_text()) if kept.exists() else {}
    for command in sys.stdin.read().splitlines():
        shown, code = run(command, folder, Person(memory))
        kept.write_text(json.dumps(memory))
        print(f"$ {command}\n{plain(shown)}")
        if code != 0:
            sys.exit(f"`{command}` ended with {code}:\n{plain(shown)}")


main()
