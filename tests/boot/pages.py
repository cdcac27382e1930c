"""The pictures in the pages: kept in `docs/screens`, and held against what the machine shows.

Run with STRONGROOM_SCREENS in the environment, the test writes them anew. What differs from run to run (words, keys,
digests, addresses) is not compared, nor are codes dot by dot.
"""

import os
import re

import letters
import pictures

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/screens")
VARIES = [
    # Rows of words: numbered ones, those of the image, a passphrase.
    (r"(?m)^( *\d+ [a-z]+){2,} *$", "(words)"),
    (r"(?m)^ *([a-z-]+ ){5,}[a-z-]+$", "(words)"),
    (r"(?m)\breview( [a-z]+){8}$", "review (words)"),
    (r"(?m)^( *review) .*$", r"\1 (words)"),
    (r"\b[0-9a-f]{64}\b|\b([0-9a-f]{4} ){4,}[0-9a-f]{4}\b|\b[0-9a-f]{16,}\b", "(digest)"),
    (r"\b(fingerprint of the seed:) [0-9a-f]{8}\b", r"\1 (digits)"),
    (r"\bbcrt ?1q[0-9a-z ]+", "(address)"),
    (r"\[[0-9a-f]{8}/", "[(key)/"),
    (r"wpkh #[0-9a-z]+", "wpkh #(sum)"),
    (r"kernel \S+, \d+ MB, \d+ modules", "kernel (release)"),
]


def masked(text):
    # A cursor may be on or off.
    text = text.replace("\u00b7", " ")
    for varies, instead in VARIES:
        text = re.sub(varies, instead, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def path(name):
    return os.path.join(FOLDER, f"{name}.png")


def kept(name, grey):
    """Holds a screen of letters against the page's picture of it, or makes that."""
    if "STRONGROOM_SCREENS" in os.environ:
        os.makedirs(FOLDER, exist_ok=True)
        pictures.save(path(name), grey)
    told, shown = (masked(letters.read(one)) for one in (pictures.png(path(name)), grey))
    assert told == shown, f"docs/screens/{name}.png is to be\n{shown}\nand is\n{told}"


def kept_code(name, grey, read):
    """The same for a screen with a code on it: what `read` reads off both begins alike."""
    if "STRONGROOM_SCREENS" in os.environ:
        pictures.save(path(name), grey)
    told, shown = (re.sub(r"/.*", "", read(one).split("\n")[0]) for one in (pictures.png(path(name)), grey))
    assert told == shown and told, f"docs/screens/{name}.png shows {told}, and the screen {shown}"
