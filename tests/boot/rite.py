"""A whole ceremony in the very image that is shipped: a vault for two of three, its wallet, a payment that comes by
camera, and the answer read off the screen. `play.py` plays it. Screens are kept below FOLDER/screens."""

import glob
import json
import os
import re
import subprocess
import sys
import time

import pages
import pictures
import ur
from boot import TARGET, digest, filled, plug, stick
from machine import Machine
from sitter import ON, Sitter
from webcam import Webcam

HERE = os.path.dirname(os.path.abspath(__file__))
ONLINE = os.path.join(TARGET, "debug/examples/online")
TYPED = os.path.join(HERE, "../documents/typed.py")
CUSTODIANS = ["alice", "bob", "carol"]
THROWS = "2514361625433146" * 6 + "352"
SATOSHI = 100_000_000
ENTER, ESC = "\n", "\x1b"


def passphrase(name):
    return f"{name} 7 quartz olive raft"


class Office(Sitter):
    """The custodians before the machine, and what they have with them."""

    def __init__(self, machine, images, run):
        super().__init__(machine)
        self.images, self.run = images, run
        # What is plugged in, by name: QEMU's names are used once.
        self.plugged, self.plugs = {}, 0
        # Whose passphrase is which, and the vault's twelve words.
        self.words, self.paper = {}, []

    def program(self, *words):
        """What the same program says on a computer."""
        return told(self.images.path("strongroom"), *words)

    def starts(self, picture=None):
        """The first screen, with what the machine found."""
        self.images.started(self.machine)
        self.machine.until("sticks seen", lambda: "can be read" in self.machine.text())
        self.machine.until("the boot stick is watched", lambda: "not watched" not in self.machine.text())
        self.machine.until("the boot stick is named", lambda: "): the boot stick" in self.machine.text())
        if picture:
            self.keeps("Esc: switch off", picture)
        self.at("Esc: switch off", ENTER)

    def ends(self, pictured=False):
        """Back from the vault, whose stick may be taken out then, and off."""
        self.at("what is to be done?", ESC)
        if pictured:
            self.keeps("You may remove the stick", "take-out")
        self.at("You may remove the stick", ENTER)
        self.switches_off()

    def switches_off(self):
        self.chooses("which vault?", "Switch off")
        self.sees("switch the machine off?")
        self.machine.type("2")
        self.machine.off()

    def path(self, name):
        return os.path.join(self.run, name)

    # Sticks.

    def plug(self, name):
        self.plugs += 1
        self.plugged[name] = f"{name}-{self.plugs}"
        plug(self.machine, *stick(self.plugged[name], self.path(name)))

    def pull(self, name):
        self.machine.pull(self.plugged.pop(name))

    def finds(self, name):
        """A file on the vault's stick, which may have come this moment."""

        def look():
            text = self.machine.text()
            if "which stick?" in text and " vault " in text:
                self.chooses("which stick?", "vault")
            elif "Another stick" in text and name not in text:
                # What stood there was the stick that was pulled.
                self.chooses("which file is it?", "Another stick")
            return name in text

        self.machine.until(f"file: {name}", look)
        self.chooses("which file is it?", name)

    # Creation.

    def makes(self, name):
        """Makes a vault of this name for two of three."""
        self.chooses("which network?", "regtest")
        self.chooses("in which folder", "vault")
        self.chooses("in which folder", "This stick")
        self.at("the vault's name", f"{name}\n")
        self.at("the custodians' names", " ".join(CUSTODIANS) + "\n")
        self.chooses("how many custodians", "2 of 3")
        self.at("where does the seed come from?", ENTER)
        self.chooses("where do the shares go?", "On sticks of their own")
        self.at("what opens the shares?", ENTER)
        self.at("which policy?", ENTER)
        self.keeps("a new vault", "plan")
        self.reads("dice, coins or cards?")
        self.at("dice, coins or cards?", "dice\n")
        self.at("0 of 99", THROWS + "\n")
        self.keeps("Type AUDIT or USE", "throws")
        assert THROWS[:8] not in self.machine.text()
        self.at("Type AUDIT or USE", "USE\n")
        self.generated("alice")
        for name in CUSTODIANS[1:]:
            self.words[name] = passphrase(name)
            self.at(f"{name} alone before the screen", "OWN\n")
            self.at(f"{name}, your passphrase", self.words[name] + "\n")
            self.at("the same again", self.words[name] + "\n")
        for name in CUSTODIANS:
            self.sees(f"the stick for the share of {name}")
            self.plug(name)
            self.chooses(f"the stick for the share of {name}", name)

    def generated(self, name):
        """Takes the words that the machine made up, from the screen to paper and back."""
        self.at(f"{name} alone before the screen", ENTER)
        text = self.sees(f"{name}: write down these seven words")
        lines = text.splitlines()
        heading = next(number for number, line in enumerate(lines) if "write down these" in line)
        below = [line.split() for line in lines[heading + 1 : -1] if line.strip()]
        words = [word for line in below for word in line]
        assert len(words) == 7, text
        self.words[name] = " ".join(words)
        self.machine.type(ENTER)
        self.changed(text)
        after = self.sees(f"{name}, the seven words")
        assert not any(f" {words[at]} {words[at + 1]} " in after for at in range(6)), after
        self.at(f"{name}, the seven words", self.words[name] + "\n")

    # What two of them approve.

    def votes(self, name, number, comes=None, pictured=False):
        """Reads to the end, and approves; what was read, and the last screen before the answer. `comes` is what happens
        when the custodian's stick is asked for."""
        read = self.reads(f"Approval {number} of 2")
        if pictured:
            self.keeps(f"Approval {number} of 2", "ballot")
        gist = self.at(f"Approval {number} of 2", f"{name}\n")
        if comes:
            self.sees(f"Plug in the stick of {name}")
            comes()
        begun = time.monotonic()
        self.at("your passphrase (unseen)", self.words[name] + "\n")
        self.machine.until("the share is open", lambda: re.search(f"{ON}|Plug in the stick", self.machine.text()))
        print(f"          {time.monotonic() - begun:.1f} s to type the passphrase and open the share")
        return read, gist

    def keeps(self, words, name):
        """A screen that the pages show, too."""
        self.sees(words)
        self.machine.shot(name)
        pages.kept(name, self.machine.picture())

    def slips(self, name):
        """Three wrong passphrases end it, and the right one is taken afterwards."""
        for said in [["a slip"] * 3, [self.words[name]]]:
            self.chooses("what is to be done?", "Custodians")
            self.chooses("one custodian alone", "Drill")
            self.chooses("who is it?", name)
            self.compares()
            for typed, prompt in zip(said, ["(unseen)", "Try again", "One more try"]):
                self.at(prompt, f"{typed}\n")
            if len(said) > 1:
                text = self.sees("THIS DID NOT WORK")
                self.machine.shot("wrong-passphrase")
            else:
                text = self.sees("opens and belongs to this vault")
            assert "a slip" not in text, text
            self.at(ON, ENTER)
            self.at("one custodian alone", ESC)

    def compares(self):
        """The vault's words against the paper, before anything is proposed."""
        text = self.at("is this your vault?", ENTER)
        assert numbered(text)[:12] == self.paper, text

    def opens(self, vault):
        """A vault from the list: its words first."""
        self.chooses("which vault?", vault)
        text = self.chooses("do you know these words?", "They are the same")
        assert numbered(text)[:12] == self.paper, text

    def registers(self, name, bring=None):
        """A wallet of one key, by alice and carol, who bring their sticks where these are not there."""
        self.chooses("what is to be done?", "Wallets")
        self.chooses("The vault has 0 wallets", "A new wallet")
        self.chooses("which kind of addresses?", "wpkh")
        self.chooses("which account?", "Account 0")
        self.at("the name:", f"{name}\n")
        self.compares()
        for number, person in (1, "alice"), (2, "carol"):
            self.votes(person, number, bring and (lambda: bring(person)))
        self.reads("Type YES")
        self.at("Type YES", "YES\n")
        self.at("is registered", ENTER)
        self.sees("The vault has 1 wallet")

    def exports(self):
        """The wallet's description, read off the screen."""
        self.chooses("The vault has 1 wallet", "Export")
        self.at("which wallet?", ENTER)
        self.chooses("which format?", "descriptor")
        self.chooses("how does it leave?", "Show it as codes")
        kind, export = self.shown("export")
        assert kind == "bytes", kind
        self.machine.type("q")
        self.at("how does it leave?", ESC)
        self.at("The vault has 1 wallet", ESC)
        return export.decode().strip()

    def shown(self, name, standing="UR: "):
        """The message whose codes are on the screen, by `zbarimg` and by what is no part of the program."""
        self.machine.until(f"codes: {standing}", lambda: standing in self.machine.captions())
        of = self.machine.until("a code", lambda: re.search(r"one code|part \d+ of (\d+)|\(of (\d+) parts", self.machine.captions()))
        count = int(of[1] or of[2] or 1)
        if count > 1:
            # The numbered parts again and again; a mixed one may still be on the screen before.
            self.machine.type(f"m1-{count}\n")
            self.machine.until("the numbered parts alone", lambda: "; only " in self.machine.captions())
        codes = set()

        def look():
            codes.update(self.machine.code().split())
            return codes and ur.joined(codes)

        message = self.machine.until(f"codes: {name}", look)
        print(f"          {len(codes)} codes of {message[0]}, {len(message[1])} bytes")
        assert len(codes) == count, codes
        self.machine.shot(name)

        def whole():
            # What is dumped in the middle of a change has no code.
            picture = self.machine.picture()
            return self.machine.read(picture) and picture

        pages.kept_code(name, self.machine.until("a whole code", whole), self.machine.read)
        return message

    # The camera.

    def film(self, name):
        """The codes of a file as pictures, as the other side shows them."""
        folder = self.path(f"{name}.codes")
        self.program("qr", "show", self.path(name), "--density", "compatible", "--png", folder)
        return [pictures.png(path) for path in sorted(glob.glob(os.path.join(folder, "*.png")))]

    def aims(self, bus, film):
        """Reads a film with a camera that is missing first, and pulled in the middle."""
        self.chooses("where is the PSBT?", "From a camera")
        self.keeps("there is no camera", "no-camera")
        assert "bring the PSBT as a file" in words_of(self.machine.text()), self.machine.text()
        self.at(ON, ENTER)
        webcam = Webcam(bus)
        webcam.show(film[:1])
        self.finds_camera()
        self.machine.until("one part is read", lambda: f"1 of {len(film)} parts" in self.machine.captions())
        self.machine.shot("camera")
        webcam.unplug()
        self.machine.until("the camera is missed", lambda: "the camera is unplugged" in self.machine.captions())
        assert "1 part stay" in self.machine.captions(), self.machine.captions()
        self.machine.shot("camera-pulled")
        webcam = Webcam(bus)
        webcam.show(film[1:])
        self.at("what was read", ENTER)
        print(f"          {len(film)} codes, {webcam.taken} pictures")
        webcam.unplug()

    def finds_camera(self):
        """Once the machine has opened it."""

        def look():
            text = self.chooses("where is the PSBT?", "From a camera")
            self.changed(text)
            if "there is no camera" not in self.machine.text():
                return True
            self.at(ON, ENTER)
            return False

        self.machine.until("the camera is there", look)

    def reviews(self, address):
        """Bob and carol read to the end, and approve; the words of what they approved. Bob takes the vault's stick out and
        puts his own in; the vault's is missed afterwards."""
        self.compares()
        self.keeps("transaction 1 of", "review")

        def bob_comes():
            self.pull("vault")
            self.plug("bob")

        words = set()
        for number, (name, comes) in enumerate([("bob", bob_comes), ("carol", None)], 1):
            read, gist = self.votes(name, number, comes, number == 1)
            assert "you send 1.00000000 BTC (100 000 000 sat)" in words_of(read), read
            assert "To approve: send 1.00000000 BTC (100 000 000 sat)" in words_of(gist), gist
            for text in read, gist:
                assert address in "".join(text.split()), f"{address} is not in\n{text}"
            words.add(re.search(r"review((?: [a-z]+){8})", gist)[1])
        self.sees('Plug in the stick "vault"')
        self.machine.shot("missing")
        self.plug("vault")
        assert len(words) == 1, words
        return words.pop().split()


def words_of(text):
    return " ".join(text.split())


def numbered(text):
    """The words that stand in rows with their numbers before them."""
    rows = [line for line in text.splitlines() if re.fullmatch(r"( *\d+ [a-z]+)+ *", line)]
    return [word for row in rows for word in row.split()[1::2]]


def told(*command, folder=None):
    """What a program prints."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip()


def rite(images):
    """From the stick to the transaction: a vault for two of three, its shares on sticks of their own, a wallet, a payment by
    camera, the answer by codes; without a camera first, and with the camera and the vault's stick pulled in the middle."""
    run = images.run("rite")
    boot = images.copy(run, "strongroom.img")
    for name, kind in ("vault", "fat"), ("alice", "fat"), ("bob", "ext4"), ("carol", "fat"):
        filled(f"{run}/{name}", kind, name.upper())
    bus, export, asked, signed = (f"{run}/{name}" for name in ("usb", "export", "request.psbt", "signed.psbt"))
    before = {boot: digest(boot)}
    options = ["-device", "qemu-xhci,p2=8,p3=8", "-chardev", f"socket,id=plug,path={bus},server=on,wait=off"]
    options += ["-device", "usb-redir,chardev=plug", "-device", "usb-kbd"] + stick("boot", boot, True)
    with Machine(run, options, screen=(800, 600)) as machine:
        office = Office(machine, images, run)
        office.plug("vault")
        office.starts("machine")
        office.chooses("which vault?", "Make a vault")
        office.makes("treasury")
        office.keeps("the vault is made", "made")
        office.paper = numbered(office.at("the vault is made", ENTER))[:12]
        assert len(office.paper) == 12
        office.reads("what is to be done?")
        for name in CUSTODIANS:
            office.pull(name)
            before[office.path(name)] = digest(office.path(name))
        office.registers("main", office.plug)
        with open(export, "w") as file:
            file.write(office.exports())
        address = told(ONLINE, "pay", export, str(SATOSHI), asked)
        # Those who came with sticks are told that they may take them.
        office.reads("what is to be done?")
        office.chooses("what is to be done?", "Sign a transaction")
        office.aims(bus, office.film("request.psbt"))
        words = office.reviews(address)
        office.reads("The review that was approved")
        office.keeps("The review that was approved", "signed")
        assert numbered(machine.text())[:8] == words
        office.reads("Show it as codes")
        office.chooses("the signed PSBT", "Show it as codes")
        machine.type("----")
        kind, answer = office.shown("answer", "version 6: the other side begins anew")
        assert kind == "crypto-psbt", kind
        with open(signed, "wb") as file:
            file.write(answer)
        print(f"          the network takes {told(ONLINE, 'finish', export, asked, signed)}")
        machine.type("q")
        office.chooses("the signed PSBT", "Done")
        office.ends(pictured=True)
    # Nothing was written but to the vault's stick, nor to the shares' after they were made.
    for path, bytes_before in before.items():
        assert digest(path) == bytes_before, f"{path} was written to"
    told("/sbin/fsck.fat", "-n", office.path("vault"))
    told("mcopy", "-s", "-i", office.path("vault"), "::/treasury.vault", f"{run}/treasury.vault")
    journal = office.program("journal", "show", f"{run}/treasury.vault")
    assert journal.count("signed") and not journal.count("refused"), journal


def made(images, folder, name):
    """A regtest vault of this name for two of three with the wallet `main`, made on a computer: its words."""
    os.makedirs(folder)
    program = os.path.abspath(images.path("strongroom"))
    create = [program, "vault", "create", f"{name}.vault", "--network", "regtest", "--threshold", "2", "--dice", THROWS]
    for person in CUSTODIANS:
        with open(os.path.join(folder, f"{person}.pass"), "w") as file:
            file.write(passphrase(person) + "\n")
        create += ["--custodian", person, "--passphrase", f"{person}={person}.pass"]
    words = told(*create, folder=folder).splitlines()[-1].split()
    add = [program, "wallet", "add", f"{name}.vault", "main", "--script", "wpkh"]
    told(*add, "--ballot", "alice=alice.pass", "--ballot", "bob=bob.pass", folder=folder)
    return words


def onto(image, folder, *files):
    """Copies files and folders onto a stick's image."""
    for name in files:
        told("mcopy", "-s", "-i", image, name, "::/", folder=folder)


def swapped(images):
    """What is wrong is refused: a passphrase three times, and another stick in the place of the vault's between two ballots,
    be it an older copy or another vault's."""
    run = images.run("swapped")
    desk = f"{run}/desk"
    paper = made(images, desk, "treasury")
    made(images, f"{run}/elsewhere", "treasury")
    program = os.path.abspath(images.path("strongroom"))
    with open(f"{run}/export", "w") as file:
        file.write(told(program, "wallet", "export", "treasury.vault", "main", folder=desk))
    told(ONLINE, "pay", f"{run}/export", str(SATOSHI), f"{desk}/request.psbt")
    sticks = {}
    for name, folder in ("older", desk), ("another", f"{run}/elsewhere"), ("vault", desk):
        if name == "vault":
            told(program, "share", "drill", "treasury.vault", "bob", "--passphrase", "bob.pass", folder=desk)
        sticks[name] = filled(f"{run}/{name}", "fat", "VAULT")
        onto(sticks[name], folder, "treasury.vault")
    onto(sticks["vault"], desk, "request.psbt")
    boot = images.copy(run, "strongroom.img")
    untouched = {path: digest(path) for path in (boot, sticks["older"], sticks["another"])}
    options = ["-device", "qemu-xhci,p2=8,p3=8", "-device", "usb-kbd"] + stick("boot", boot, True)
    with Machine(run, options) as machine:
        office = Office(machine, images, run)
        office.plug("vault")
        office.words, office.paper = {name: passphrase(name) for name in CUSTODIANS}, paper
        office.starts()
        office.opens("treasury")
        office.slips("bob")
        for other in "older", "another":
            office.chooses("what is to be done?", "Sign a transaction")
            office.chooses("where is the PSBT?", "From a file")
            office.finds("request.psbt")
            office.compares()
            office.votes("alice", 1)
            office.pull("vault")
            office.plug(other)
            if other == "older":
                office.votes("bob", 2)
            else:
                # There, bob's share is another vault's: his own is asked for, and no passphrase.
                office.reads("Approval 2 of 2")
                office.at("Approval 2 of 2", "bob\n")
                office.at("Plug in the stick of bob", ESC)
                office.at("STOP HERE?", ESC)
            said = office.reads("what is to be done?" if other == "older" else "which vault?")
            told_so = "is not what it was when this ceremony began" if other == "older" else "SOMETHING IS NOT AS IT MUST BE"
            assert told_so in words_of(said), said
            assert "Signed" not in said, said
            machine.shot(other)
            if other == "older":
                office.pull(other)
                office.plug("vault")
        office.switches_off()
    for path, before in untouched.items():
        assert digest(path) == before, f"{path} was written to"


def mainnet(images):
    """With the least memory: two custodians of a mainnet vault approve, each at scrypt's 256 MiB."""
    run = images.run("mainnet")
    desk = f"{run}/desk"
    os.makedirs(desk)
    create = f"{os.path.abspath(images.path('strongroom'))} vault create treasury.vault --network mainnet --threshold 2"
    create += "".join(f" --custodian {name}" for name in CUSTODIANS)
    typed = subprocess.run([sys.executable, TYPED, desk], input=create, stdout=subprocess.PIPE, text=True, check=True)
    vault = filled(f"{run}/vault", "fat", "VAULT")
    onto(vault, desk, "treasury.vault", *(f"treasury.{name}.1.a.share" for name in CUSTODIANS))
    options = ["-device", "qemu-xhci,p2=8,p3=8", "-device", "usb-kbd"]
    options += stick("boot", images.copy(run, "strongroom.img"), True) + stick("vault", vault)
    with Machine(run, options, memory=768) as machine:
        office = Office(machine, images, run)
        with open(f"{desk}/.typed.json") as file:
            office.words = json.load(file)
        office.paper = typed.stdout.strip().splitlines()[-1].split()
        office.starts()
        office.opens("treasury")
        office.registers("main")
        machine.shot("registered")
        office.at("The vault has 1 wallet", ESC)
        office.ends()


CASES = [rite, swapped, mainnet]
