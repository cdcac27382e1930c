"""The camera's and the screen's real drivers: frames of emulated webcams go through the kernel's own uvcvideo to the
program, which reads the codes and shows them again on the framebuffer, where an independent reader reads them. In YUYV,
NV12 and MJPEG, in the best of several sizes and rates; pulled and plugged in again in the middle; and of two cameras.

    camera.py FOLDER

FOLDER is one of `image/build`, with `camera.initrd`, which has the steps of `camera.steps` in it.
"""

import glob
import os
import shutil
import subprocess
import sys
import time

import letters
import pictures
from machine import Machine, once_more
from webcam import Mode, Webcam

# A webcam of USB 2: large pictures are quick only where they are packed.
PACKED = [Mode("YUY2", 640, 480, 30), Mode("YUY2", 1280, 720, 10), Mode("MJPG", 640, 480, 30), Mode("MJPG", 1280, 720, 30)]
# The largest is too slow, the smallest too small.
PLAIN = [Mode("YUY2", 800, 600, 30), Mode("NV12", 1920, 1080, 15), Mode("NV12", 160, 120, 30), Mode("NV12", 800, 600, 30)]
# From one line of letters beside a code to the next.
PITCH = 18


def joined(program, codes):
    """What these codes say together, or nothing while there are too few of them."""
    command = [program, "qr", "read", "--text", "-"]
    read = subprocess.run(command, input="\n".join(codes).encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return read.stdout.decode().strip() if read.returncode == 0 else None


def message(program, run, letters, form):
    """A text of these letters, and its codes as pictures."""
    text = f"wpkh({letters * (384 // len(letters))})"
    path, frames = (os.path.join(run, f"{name}-{letters}") for name in ("message", "frames"))
    with open(path, "w") as file:
        file.write(text)
    subprocess.run([program, "qr", "show", path, "--density", "compatible", "--format", form, "--png", frames], check=True)
    return text, [pictures.png(path) for path in sorted(glob.glob(os.path.join(frames, "*.png")))]


def main(folder):
    program = os.path.join(folder, "strongroom")
    run = os.path.join(folder, "screens", "camera")
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(run)
    sent = {letters: message(program, run, letters, form) for letters, form in [("0123456789abcdef", "ur"), ("xyz", "bbqr"), ("qrst", "ur")]}
    first, packed, plain = sent.values()
    text, greys = first
    assert len(greys) == 2, "the message has other than two parts"
    bus, other = (os.path.join(run, name) for name in ("usb", "usb-2"))
    options = ["-kernel", os.path.join(folder, "vmlinuz"), "-initrd", os.path.join(folder, "camera.initrd")]
    options += ["-append", "console=tty0 quiet loglevel=0 vt.global_cursor_default=0"]
    options += ["-device", "qemu-xhci", "-device", "usb-kbd"]
    for name, path in ("plug", bus), ("plug2", other):
        options += ["-chardev", f"socket,id={name},path={path},server=on,wait=off", "-device", f"usb-redir,chardev={name}"]
    letters.learn(os.path.join(folder, "vmlinuz"))
    with Machine(run, options) as machine:

        place = 0

        def comes(words):
            nonlocal place
            at = machine.told().find(f"STEP {words}\n", place)
            place = max(at, place)
            return at >= 0

        def step(words):
            """Waits for a step that comes after the last one that was waited for."""
            machine.until(words, lambda: comes(words))

        def told(path, expected):
            machine.until(f"{path} is read", lambda: f"FILE {path} {expected}\n" in machine.told())

        def read(path, expected, webcam, mode):
            told(path, expected)
            print(f"   {webcam.taken} pictures taken by the guest, as {webcam.mode}")
            assert webcam.mode == mode, webcam.mode

        webcam = Webcam(bus)
        webcam.show(greys[:1])
        machine.until("modules loaded", lambda: "MODULES LOADED" in machine.told())
        step("/test/strongroom qr read --camera -o /run/pulled")
        machine.until("half of the message is there", lambda: "1 of 2 parts" in machine.text(PITCH))
        assert f"Test webcam: 640 by 480, YUYV, {webcam.mode.rate} a second" in machine.text(PITCH), machine.text(PITCH)
        machine.shot("reading")
        webcam.unplug()
        machine.until("the camera is missed", lambda: "1 part stay" in machine.text(PITCH))
        machine.shot("pulled")
        # Another camera would do, too; the part that was read does not come again.
        webcam = Webcam(bus)
        webcam.show(greys[1:])
        read("/run/pulled", text, webcam, Mode())
        codes = set()

        def whole():
            codes.update({machine.code()} - {""})
            return codes and joined(program, codes)

        shown = machine.until("the message is read off the framebuffer", whole)
        assert shown == text, shown
        machine.shot("shown")
        machine.press("q")
        for path, modes, (text, greys), best in [("mjpeg", PACKED, packed, PACKED[3]), ("nv12", PLAIN, plain, PLAIN[3])]:
            step("gone /dev/video0")
            webcam.unplug()
            step("wait /dev/video0")
            webcam = Webcam(bus, modes)
            if best is PLAIN[3]:
                # In the middle of one message another is on the screen.
                webcam.show(first[1][:1])
                machine.until("half of one message is there", lambda: "1 of 2 parts" in machine.text(PITCH))
                webcam.show(greys)
                machine.until("another is offered", lambda: "another message is shown. y: take it" in machine.text(PITCH))
                machine.shot("another")
                machine.press("y")
            else:
                webcam.show(greys)
            read(f"/run/{path}", text, webcam, best)
        step("wait /dev/video2")
        second = Webcam(other, PACKED, name="Second webcam")
        second.show(packed[1])
        step("/test/strongroom qr read --camera -o /run/asked")
        machine.until("it asks which camera", lambda: "Which camera, 1 to 2?" in machine.text())
        assert "/dev/video2  Second webcam" in machine.text(), machine.text()
        machine.shot("asked")
        machine.type("2\n")
        told("/run/asked", packed[0])
        told("/run/named", plain[0])
        machine.off()
        assert "STEPS DONE" in machine.told(), machine.told()


if __name__ == "__main__":
    begun = time.monotonic()
    print(f"── boot camera: {' '.join(__doc__.split('    ')[0].split())}", flush=True)
    once_more(main, sys.argv[1])
    print(f"── boot camera: {time.monotonic() - begun:.0f} s", flush=True)
