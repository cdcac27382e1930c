"""The very images that are shipped, booted without KVM: what they check, what they open, and how they end. `play.py` plays
them. Screens are kept below FOLDER/screens."""

import hashlib
import os
import shutil
import subprocess
import time

import letters
from machine import Machine
from webcam import Webcam

HERE = os.path.dirname(os.path.abspath(__file__))
# Programs are run in other folders, too.
TARGET = os.path.abspath(os.environ.get("CARGO_TARGET_DIR") or os.path.join(HERE, "../../target"))
PACKAGES = os.path.abspath(os.environ.get("STRONGROOM_PACKAGES") or os.path.join(HERE, "../../target/image/packages"))
TOOL = os.path.join(TARGET, "image/cargo/release/strongroom-image")
STEPS = os.path.join(TARGET, "image/steps/x86_64-unknown-linux-gnu/release/boot-steps")
SECURE = "/usr/share/OVMF/OVMF_{}_4M.{}.fd"


def stick(name, path, boots=False):
    """A stick with the file at `path`; the one that boots comes first."""
    first = ",bootindex=0" if boots else ""
    return ["-drive", f"if=none,id={name}-file,format=raw,file={path}"] + ["-device", f"usb-storage,id={name},drive={name}-file{first}"]


def digest(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


class Images:
    def __init__(self, folder):
        self.folder = folder
        self.runs = os.path.join(folder, "screens")
        self.words = open(os.path.join(folder, "words")).read().split()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, name):
        run = os.path.join(self.runs, name)
        shutil.rmtree(run, ignore_errors=True)
        os.makedirs(run)
        return run

    def copy(self, run, name):
        """A copy that the machine may write to, if it dares."""
        return shutil.copy(self.path(name), os.path.join(run, name))

    def started(self, machine):
        """Waits for the status screen and holds the image's words against the published ones."""
        text = machine.sees("Esc: switch off")
        assert "NOT USED" not in text, text
        lines = text.splitlines()
        named = next(number for number, line in enumerate(lines) if "This image is called" in line)
        shown = [word for line in lines[named + 2 : named + 4] for word in line.split()]
        assert shown == self.words, f"{shown} instead of {self.words}"
        return text

    def switched_off(self, machine):
        """Switches the machine off from the status screen."""
        machine.press("esc")
        machine.sees("switch the machine off?")
        machine.press("2")
        machine.off()

    def refused(self, machine, why):
        text = machine.sees("NOT USED")
        said = " ".join(text.split())
        assert why in said and "What to do" in said, text
        machine.shot("refused")


def filled(path, kind, name, megabytes=40, more=()):
    """A file system with one file in it, made with some more words."""
    with open(path, "wb") as file:
        file.truncate(megabytes << 20)
    if kind == "ext4":
        root = path + ".root"
        os.makedirs(root)
        open(os.path.join(root, "hello"), "w").write("hello")
        subprocess.run(["/sbin/mkfs.ext4", "-q", *more, "-L", name, "-d", root, path], check=True)
    elif kind == "exfat":
        subprocess.run(["/sbin/mkfs.exfat", "-L", name, path], check=True, stdout=subprocess.DEVNULL)
    else:
        subprocess.run(["/sbin/mkfs.fat", "-n", name, path], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["mcopy", "-i", path, "-", "::/hello"], input=b"hello", check=True)
    return path


def uefi(images):
    """By UEFI from the disk image: devices are opened and closed, sticks mounted, nothing is written; a keyboard that comes late
    stays closed; pulling the boot stick switches it off."""
    run = images.run("uefi")
    boot = images.copy(run, "strongroom.img")
    fat, ext4 = filled(f"{run}/fat", "fat", "VAULT"), filled(f"{run}/ext4", "ext4", "Alice")
    exfat, guarded = filled(f"{run}/exfat", "exfat", "BOB"), filled(f"{run}/guarded", "ext4", "guarded", more=["-O", "mmp"])
    rubbish = f"{run}/rubbish"
    with open(rubbish, "wb") as file:
        file.write(os.urandom(1 << 20))
    files = {path: digest(path) for path in (boot, fat, ext4, exfat, guarded, rubbish)}
    bus = f"{run}/usb"
    options = ["-device", "qemu-xhci,p2=15,p3=15", "-chardev", f"socket,id=plug,path={bus},server=on,wait=off"]
    options += ["-device", "usb-redir,chardev=plug", "-device", "usb-kbd", "-device", "usb-mouse"]
    options += ["-netdev", "user,id=net", "-device", "usb-net,netdev=net"]
    options += stick("boot", boot, True) + stick("vault", fat) + stick("alice", ext4)
    with Machine(run, options, screen=(1920, 1080)) as machine:
        webcam = Webcam(bus)
        images.started(machine)
        # What is plugged in is told before what was found on it: the boot stick has its name at the next look.
        seen = ["): the boot stick", 'stick "alice"', "Pulling the boot stick"]
        text = machine.until("all sticks seen", lambda: (text := machine.text()) and all(words in text for words in seen) and text)
        machine.shot("status")
        assert letters.halved(machine.picture())[:2] == (960, 540), "small letters"
        for line in ["a keyboard (", "a camera (1d6b:0105)", "can be read", 'stick "vault" (vfat, 41 MB', 'stick "alice" (ext4, 41 MB']:
            assert line in text, f"{line}\n{text}"
        assert text.count("closed (") == 2 and "it is no keyboard" in text, text
        # One of three is told from the others.
        assert (text.count("a stick ("), text.count("): the boot stick")) == (3, 1), text
        webcam.unplug()
        machine.until("the camera is gone", lambda: "a camera (" not in machine.text())
        machine.pull("vault")
        machine.until("a stick that was pulled is gone", lambda: 'stick "vault"' not in machine.text())
        for device in stick("bob", exfat), stick("rubbish", rubbish), stick("guarded", guarded):
            plug(machine, *device)
        machine.until("a stick that comes late is seen", lambda: 'stick "bob" (exfat' in machine.text())
        machine.shot("later")
        assert "rubbish" not in machine.text()
        machine.until("why one is refused", lambda: 'stick "guarded" (ext4' in machine.text() and "the feature mmp" in " ".join(machine.text().split()))
        machine.press("ret")
        machine.sees("which vault?")
        assert "closed (" not in machine.text(), machine.text()
        machine.ask("device_add", driver="usb-kbd", id="late")
        machine.sees("a keyboard that came later")
        machine.shot("late")
        machine.pull("boot")
        machine.off(15)
    for path, before in files.items():
        assert digest(path) == before, f"{path} was written to"


def plug(machine, _, drive, __, device):
    """Plugs a stick in while the machine runs."""
    names = dict(part.split("=") for part in drive.split(",") if "=" in part)
    machine.ask("human-monitor-command", **{"command-line": f"drive_add 0 if=none,id={names['id']},format=raw,file={names['file']}"})
    words = dict(part.split("=") for part in device.split(",") if "=" in part)
    machine.ask("device_add", driver="usb-storage", **words)


def stuck(machine, run):
    """Plugs in a stick that answers once and never again: the machine's first process waits for it."""
    path = filled(f"{run}/stuck", "fat", "STUCK")
    machine.ask("human-monitor-command", **{"command-line": f"drive_add 0 if=none,id=stuck-file,format=raw,file={path},throttling.bps-total=1,throttling.bps-total-max=1024"})
    machine.ask("device_add", driver="usb-storage", id="stuck", drive="stuck-file")
    time.sleep(5)
    machine.press("ret")
    time.sleep(1)
    assert "Esc: switch off" in machine.text(), "something answers"


def bios(images):
    """By the BIOS of an old machine, from the hybrid image as a stick, with as little memory as it takes. Pulling the boot stick
    switches it off while another one holds everything up."""
    run = images.run("bios")
    boot = images.copy(run, "strongroom.iso")
    before = digest(boot)
    options = ["-device", "qemu-xhci", "-device", "usb-kbd"] + stick("boot", boot, True)
    with Machine(run, options, uefi=False, memory=768) as machine:
        text = images.started(machine)
        machine.until("the boot stick is watched and named", lambda: "not watched" not in machine.text() and "): the boot stick" in machine.text())
        machine.shot("status")
        assert "a camera (" not in text
        stuck(machine, run)
        machine.pull("boot")
        machine.off(15)
    assert digest(boot) == before, "the boot stick was written to"


def disc(images):
    """By UEFI from the hybrid image as a disc."""
    run = images.run("disc")
    options = ["-device", "qemu-xhci", "-device", "usb-kbd", "-cdrom", images.path("strongroom.iso")]
    with Machine(run, options, memory=768) as machine:
        images.started(machine)
        images.switched_off(machine)


def network(images):
    """With a network card in it: no interface appears, and the program starts. Ctrl-C switches it off while a stick holds everything
    up."""
    run = images.run("network")
    options = ["-netdev", "user,id=net", "-device", "e1000e,netdev=net", "-device", "virtio-net-pci,netdev=other", "-netdev", "user,id=other"]
    options += ["-device", "qemu-xhci"] + stick("boot", images.copy(run, "strongroom.img"), True)
    with Machine(run, options) as machine:
        text = images.started(machine)
        assert "no network" in text, text
        machine.shot("status")
        stuck(machine, run)
        machine.press("ctrl", "c")
        machine.off(20)


def changed(images):
    """With another command line: it says so and goes no further."""
    run = images.run("changed")
    other, unified, disk = (os.path.join(run, name) for name in ("cmdline", "unified", "disk"))
    built_in = open(os.path.join(HERE, "../../image/cmdline")).read()
    with open(other, "w") as file:
        file.write(built_in.replace("lockdown=confidentiality ", ""))
    subprocess.run([TOOL, "unify", PACKAGES, unified, images.path("initrd"), "--command-line", other], check=True)
    subprocess.run([TOOL, "disk", disk, unified], check=True)
    options = ["-device", "qemu-xhci"] + stick("boot", disk, True)
    with Machine(run, options) as machine:
        images.refused(machine, "another command line than the one built in")
        machine.press("ret")
        machine.off()


def memory(images):
    """With too little memory for a mainnet share: it says so and stops."""
    run = images.run("memory")
    options = ["-device", "qemu-xhci"] + stick("boot", images.copy(run, "strongroom.img"), True)
    with Machine(run, options, memory=512) as machine:
        images.refused(machine, "opening a share takes more")
        machine.press("ret")
        machine.off()


def sticks(images):
    """In the place of the screens, a list of steps: sticks are written to only when asked, and full, write-protected and
    pulled ones lose nothing that was kept."""
    run = images.run("sticks")
    ramdisk, unified, disk = (os.path.join(run, name) for name in ("ramdisk", "unified", "disk"))
    added = ["--add", "test/front", os.path.join(HERE, "sticks.steps"), "--add", "test/strongroom", images.path("strongroom")]
    subprocess.run([TOOL, "ramdisk", PACKAGES, ramdisk, "--init", STEPS] + added, check=True)
    subprocess.run([TOOL, "unify", PACKAGES, unified, ramdisk], check=True)
    subprocess.run([TOOL, "disk", disk, unified], check=True)
    vault, alice = filled(f"{run}/vault", "fat", "VAULT"), filled(f"{run}/alice", "ext4", "alice")
    locked, small = filled(f"{run}/locked", "fat", "LOCKED"), filled(f"{run}/small", "fat", "SMALL", 4)
    options = ["-device", "qemu-xhci,p2=8,p3=8"] + stick("boot", disk, True)
    options += stick("vault", vault) + stick("alice", alice) + stick("small", small)
    options += [part.replace("format=raw", "format=raw,readonly=on") for part in stick("locked", locked)]
    with Machine(run, options) as machine:
        machine.until("the vault's stick is to be pulled", lambda: "PULL THE VAULT" in machine.told() or "FAILED" in machine.told())
        assert "FAILED" not in machine.told(), machine.told()
        machine.pull("vault")
        machine.until("it is missed", lambda: machine.told().count("FRONT until vault") == 2 or "FAILED" in machine.told())
        plug(machine, *stick("vault-again", vault))
        machine.until("that of alice is to be pulled", lambda: "PULL ALICE" in machine.told() or "FAILED" in machine.told())
        assert "FAILED" not in machine.told(), machine.told()
        machine.pull("alice")
        machine.until("it is missed, too", lambda: machine.told().count("FRONT until alice") == 2 or "FAILED" in machine.told())
        plug(machine, *stick("alice-again", alice))
        machine.off()
        assert "FRONT DONE" in machine.told(), machine.told()
    for path, name in (vault, "kept"), (small, "first"):
        kept = subprocess.run(["mtype", "-i", path, f"::/{name}"], check=True, stdout=subprocess.PIPE)
        assert kept.stdout == b"written", (path, name)
    subprocess.run(["/sbin/e2fsck", "-fn", alice], check=True, stdout=subprocess.DEVNULL)
    for name in "kept", "again", "open":
        kept = subprocess.run(["/sbin/debugfs", "-R", f"cat /{name}", alice], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert kept.stdout == b"written", name


def secure(images):
    """Under Secure Boot: the unsigned image is refused, and the one that the owner signed boots. What was made of other
    packages is not signed."""
    run = images.run("secure")
    key, certificate = f"{run}/owner.key", "/usr/share/ovmf/PkKek-1-snakeoil.pem"
    # The key whose certificate this firmware has enrolled stands for the owner's.
    locked = "/usr/share/ovmf/PkKek-1-snakeoil.key"
    subprocess.run(["openssl", "rsa", "-in", locked, "-passin", "pass:snakeoil", "-out", key], check=True, stderr=subprocess.DEVNULL)
    # What this image was made of stands for the lock file, whatever the archive has today.
    packages = open(images.path("packages")).read()
    for lock, signs in [(packages.replace(" ", " 0", 1), False), (packages, True)]:
        with open(f"{run}/lock", "w") as file:
            file.write(lock)
        command = [os.path.join(HERE, "../../image/sign"), key, certificate, images.folder]
        signed = subprocess.run(command, env={**os.environ, "STRONGROOM_IMAGE": run}, stderr=subprocess.PIPE, text=True)
        assert (signed.returncode == 0) == signs == ("NOT SIGNED" not in signed.stderr), signed.stderr
    for name, image, boots in [("unsigned", "strongroom.img", False), ("signed", "strongroom-signed.img", True)]:
        run = images.run(f"secure-{name}")
        variables = shutil.copy(SECURE.format("VARS", "snakeoil"), run)
        options = ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        for path, mode in [(SECURE.format("CODE", "secboot"), "on"), (variables, "off")]:
            options += ["-drive", f"if=pflash,format=raw,unit={0 if mode == 'on' else 1},readonly={mode},file={path}"]
        options += ["-device", "qemu-xhci", "-device", "usb-kbd"] + stick("boot", images.copy(run, image), True)
        with Machine(run, options, uefi=False, secure=True) as machine:
            if boots:
                images.started(machine)
                machine.shot("status")
                images.switched_off(machine)
            else:
                machine.until("the firmware refuses it", lambda: "Access Denied" in machine.told())
                time.sleep(5)
                assert "Strongroom" not in machine.text()
                machine.shot("refused")


CASES = [uefi, sticks, bios, disc, network, changed, memory, secure]
