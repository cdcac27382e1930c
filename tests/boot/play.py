"""Plays the cases of `boot.py` and `rite.py`, or those of them that are named.

    play.py FOLDER [CASE...]
    play.py --known [CASE...]

FOLDER is one of `image/build`. With `--known` it only says whether there are cases of these names.
"""

import os
import sys
import time

import boot
import letters
import rite
from machine import once_more

CASES = boot.CASES + rite.CASES


def named(names):
    """The cases of these names, in their own order; all of them where there are none."""
    known = [case.__name__ for case in CASES]
    if unknown := [name for name in names if name not in known]:
        print(f"image/test: there is no case {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        sys.exit(2)
    return [case for case in CASES if not names or case.__name__ in names]


def main(folder, *names):
    cases = named(names)
    if folder == "--known":
        return
    # Programs are run in other folders, too.
    folder = os.path.abspath(folder)
    letters.learn(os.path.join(folder, "vmlinuz"))
    images = boot.Images(folder)
    for case in cases:
        begun = time.monotonic()
        print(f"── boot {case.__name__}: {' '.join(case.__doc__.split())}", flush=True)
        once_more(case, images)
        print(f"── boot {case.__name__}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
