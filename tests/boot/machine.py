"""A machine in QEMU, without KVM: it boots, its screen is read, its keys are pressed, its devices are pulled."""

import json
import os
import socket
import subprocess
import time

import letters
import pictures

FIRMWARE = "/usr/share/ovmf/OVMF.fd"


# What the program, and the tests' own first processes, say before anything else: on the screen or on the serial port, where
# the firmware speaks too.
FIRST_WORDS = ["Strongroom", "STRONGROOM", "Bare", "TERMINAL", "STEPS", "FRONT"]


# What a kernel says of a fault of its own, where a test's own first process tells it.
FAULTS = ["KERNEL BUG: ", "KERNEL Oops: ", "KERNEL general protection fault", "KERNEL stack segment: "]


class Stillborn(EOFError):
    """The machine went off before a first process had said a word, or after a fault of its kernel."""


def once_more(play, *arguments):
    """Plays, and once more where the machine was stillborn: under emulation on a loaded machine a kernel may end in its
    first second, or kill a process in a fault of its own. That is said, with what the kernel told; `image/test` counts it,
    and a second time it is a failure."""
    try:
        return play(*arguments)
    except Stillborn as error:
        print(f"!! PLAYED ONCE MORE: {error}", flush=True)
        return play(*arguments)


class Machine:
    """Boots at once. `options` are QEMU's; `uefi` is the firmware of new machines, else the BIOS of old ones."""

    def __init__(self, folder, options, uefi=True, memory=1024, patience=120, secure=False, screen=(1280, 800)):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.shots, self.begun = folder, 0, time.monotonic()
        self.patience = patience
        # Whether a first process has said a word.
        self.alive = False
        self.serial = os.path.join(folder, "serial")
        control = os.path.join(folder, "control")
        for old in (control, self.serial):
            if os.path.exists(old):
                os.remove(old)
        command = ["qemu-system-x86_64", "-machine", "q35" + (",smm=on" if secure else ""), "-accel", "tcg", "-m", str(memory)]
        command += ["-display", "none", "-nic", "none", "-no-reboot"]
        command += ["-vga", "none", "-device", "VGA,xres={},yres={}".format(*screen)]
        command += ["-serial", "file:" + self.serial, "-qmp", f"unix:{control},server=on,wait=off"]
        command += ["-bios", FIRMWARE] if uefi else []
        self.log = open(os.path.join(folder, "qemu.log"), "wb")
        self.process = subprocess.Popen(command + options, stdout=self.log, stderr=self.log)
        self.control = connect(control, self.process).makefile("rw")
        self.control.readline()
        self.ask("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and self.process.poll() is None:
            self.shot("failed")
            print(self.told())
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()

    def ask(self, command, **arguments):
        self.control.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.control.flush()
        while True:
            line = self.control.readline()
            if not line:
                raise EOFError("the machine is off")
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(answer["error"])
            if "return" in answer:
                return answer["return"]

    def told(self):
        """What a test's own first process said on the serial port."""
        with open(self.serial, errors="replace") as file:
            return self.heard(file.read())

    def heard(self, text):
        self.alive = self.alive or any(word in text for word in FIRST_WORDS)
        return text

    def seconds(self):
        return time.monotonic() - self.begun

    # The screen.

    def picture(self):
        path = os.path.join(self.folder, "screen.ppm")
        self.ask("screendump", filename=path)
        # While the screen changes its size, there may be none.
        return pictures.ppm(path) if os.path.getsize(path) else (0, 0, b"")

    def shot(self, name):
        """Keeps the screen as a file of the run."""
        self.shots += 1
        path = os.path.join(self.folder, f"{self.shots:02}-{name}.png")
        try:
            self.ask("screendump", filename=path, format="png")
        except (EOFError, OSError):
            pass  # It went off in this moment.

    def text(self, pitch=16):
        """The letters on the screen, line by line, of which one comes every so many pixels."""
        return self.heard(letters.read(self.picture(), pitch))

    def captions(self):
        """The lines over and under a picture."""
        return letters.captions(self.picture())

    def code(self):
        """What `zbarimg` reads off the screen."""
        return self.read(self.picture())

    def read(self, picture):
        path = os.path.join(self.folder, "screen.pgm")
        pictures.pgm(path, picture)
        read = subprocess.run(
            ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return read.stdout.decode().strip()

    def until(self, what, look, patience=None):
        """Waits until `look` finds something, and gives it back."""
        end = time.monotonic() + (patience or self.patience)
        while time.monotonic() < end:
            try:
                found = look()
                if not self.alive:
                    # Whatever is looked for: a machine that ends now has been alive or not.
                    self.text()
            except (EOFError, OSError):
                # It goes off in this moment, or something else is wrong.
                if not self.ends():
                    raise
                found = None
            if found:
                print(f"   {self.seconds():5.1f} s  {what}", flush=True)
                return found
            if self.process.poll() is not None:
                told = self.told()
                faulted = not self.alive or any(fault in told for fault in FAULTS)
                raise (Stillborn if faulted else EOFError)(f"the machine went off before: {what}\n{told}")
            time.sleep(0.3)
        self.shot("late")
        raise TimeoutError(f"never came: {what}\n{self.text()}\n{self.told()}")

    def sees(self, words, patience=None):
        return self.until(f"screen: {words}", lambda: words in self.text() and self.text(), patience)

    def ends(self, patience=5):
        """Whether it goes off within so many seconds."""
        try:
            self.process.wait(patience)
            return True
        except subprocess.TimeoutExpired:
            return False

    def off(self, patience=60):
        """Waits until the machine is off by itself."""
        self.process.wait(patience)
        print(f"   {self.seconds():5.1f} s  off", flush=True)

    # Keys and plugs.

    def press(self, *names):
        keys = [{"type": "qcode", "data": name} for name in names]
        self.ask("send-key", keys=keys, **{"hold-time": HELD})
        # It is held, and then let go of for as long.
        time.sleep(HELD * 2.5 / 1000)

    def type(self, text):
        for letter in text:
            self.press(*KEYS.get(letter, [letter]))

    def pull(self, name):
        self.ask("device_del", id=name)


# Milliseconds that a key is held.
HELD = 20

KEYS = {" ": ["spc"], "\n": ["ret"], "\x1b": ["esc"], "-": ["minus"], ".": ["dot"], "/": ["slash"], ",": ["comma"], "=": ["equal"]}
KEYS |= {letter: ["shift", letter.lower()] for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def connect(path, process):
    for _ in range(300):
        try:
            control = socket.socket(socket.AF_UNIX)
            control.connect(path)
            return control
        except OSError:
            if process.poll() is not None:
                raise EOFError("QEMU did not start; see qemu.log")
            time.sleep(0.05)
    raise TimeoutError("QEMU opens no control socket")
