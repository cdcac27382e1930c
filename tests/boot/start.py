"""How long the start takes: the shipped image beside the same kernel with a first process that does nothing but draw a line,
in one run, by UEFI from a stick, without KVM.

    start.py FOLDER

Prints `ratio boot VALUE goal 1.5`: from power-on to the screen at which people begin, as a multiple of what that kernel takes
to its first line. And how long that screen takes to answer its first key, beside the bare one, which answers with a line.
"""

import os
import subprocess
import sys
import time

import letters
from boot import PACKAGES, STEPS, TOOL, Images, stick
from machine import Machine, once_more

# Each is started so often, in turns, and the quickest counts: whatever else runs here makes it slower, never quicker.
RUNS = 2
GOAL = 1.5
# The line that is in the kernel's first screen, or ours.
BARE, OURS = "Bare", "This image is called"


def bare(images, run):
    """The same kernel and command line, with the bare first process."""
    paths = {name: os.path.join(run, name) for name in ("none", "mark", "ramdisk", "unified", "bare.img")}
    for name in "none", "mark":
        open(paths[name], "w").close()
    added = ["--init", STEPS, "--modules", paths["none"], "--add", "test/bare", paths["mark"]]
    subprocess.run([TOOL, "ramdisk", PACKAGES, paths["ramdisk"]] + added, check=True)
    subprocess.run([TOOL, "unify", PACKAGES, paths["unified"], paths["ramdisk"]], check=True)
    subprocess.run([TOOL, "disk", paths["bare.img"], paths["unified"]], check=True)
    return paths["bare.img"]


def still(machine):
    """The picture, once nothing on it moves: what is plugged in is found a moment later."""
    picture = machine.picture()
    while True:
        time.sleep(1)
        last, picture = picture, machine.picture()
        if picture == last:
            return picture


def start(run, image, words):
    """Seconds to the screen with these words, and from the first key to another picture."""
    with Machine(run, ["-device", "qemu-xhci"] + stick("boot", image, True), patience=300) as machine:
        machine.sees(words)
        first = machine.seconds()
        machine.shot("first")
        before = still(machine)
        pressed = time.monotonic()
        machine.ask("send-key", keys=[{"type": "qcode", "data": "ret"}])
        while machine.process.poll() is None:
            try:
                if machine.picture() != before:
                    break
            except (EOFError, OSError):
                break  # Off, which is an answer too.
            assert time.monotonic() - pressed < 30, "no answer to a key"
        return first, time.monotonic() - pressed


def main(folder):
    letters.learn(os.path.join(folder, "vmlinuz"))
    images = Images(folder)
    run = images.run("start")
    machines = {BARE: bare(images, run), OURS: images.copy(run, "strongroom.img")}
    times = {BARE: [], OURS: []}
    for number in range(RUNS):
        for words, image in machines.items():
            place = os.path.join(run, f"{number}-{words.split()[0].lower()}")
            times[words].append(once_more(start, place, image, words))
    boots, keys = ({words: min(part[place] for part in all) for words, all in times.items()} for place in (0, 1))
    print(f"── boot start: {boots[OURS]:.1f} s to the first screen, {boots[BARE]:.1f} s with a bare first process")
    print(f"── boot start: {keys[OURS]:.2f} s to the answer to the first key, {keys[BARE]:.2f} s of the bare one")
    print(f"ratio boot {boots[OURS] / boots[BARE]:.3f} goal {GOAL}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
