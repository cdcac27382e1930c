"""The camera's and the screen's real drivers: frames of the emulated webcam go through the kernel's own uvcvideo to the
program, which reads the codes and shows them again on the framebuffer, where an independent reader reads them.

    camera.py FOLDER

FOLDER holds `strongroom` (static), `vmlinuz`, and `ramdisk`, which has steps to the same end in it.
"""

import glob
import os
import shutil
import subprocess
import sys

import pictures
from machine import Machine
from webcam import Webcam


def joined(program, codes):
    """What these codes say together, or nothing while there are too few of them."""
    command = [program, "qr", "read", "--text", "-"]
    read = subprocess.run(command, input="\n".join(codes).encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return read.stdout.decode().strip() if read.returncode == 0 else None


def main(folder):
    program = os.path.join(folder, "strongroom")
    text = "wpkh(" + "0123456789abcdef" * 24 + ")"
    message, frames, run = (os.path.join(folder, name) for name in ("message.txt", "frames", "camera"))
    with open(message, "w") as file:
        file.write(text)
    shutil.rmtree(frames, ignore_errors=True)
    subprocess.run([program, "qr", "show", message, "--density", "compatible", "--png", frames], check=True)
    greys = [pictures.png(path) for path in sorted(glob.glob(os.path.join(frames, "*.png")))]
    assert len(greys) > 1, "the message fits one code: nothing moves"
    os.makedirs(run, exist_ok=True)
    bus = os.path.join(run, "usb")
    if os.path.exists(bus):
        os.remove(bus)
    options = ["-kernel", os.path.join(folder, "vmlinuz"), "-initrd", os.path.join(folder, "ramdisk")]
    options += ["-append", "console=tty0 quiet loglevel=0 vt.global_cursor_default=0"]
    options += ["-chardev", f"socket,id=plug,path={bus},server=on,wait=off"]
    options += ["-device", "qemu-xhci", "-device", "usb-redir,chardev=plug", "-device", "usb-kbd"]
    with Machine(run, options) as machine:
        webcam = Webcam(bus)
        webcam.show(greys)
        machine.until("modules loaded", lambda: "MODULES LOADED" in machine.told())
        machine.until("camera and framebuffer there", lambda: "qr read" in machine.told())
        machine.shot("reading")
        machine.until("the program read the message off the camera", lambda: "qr show" in machine.told())
        print(f"   {webcam.taken} pictures taken by the guest")
        codes = set()

        def whole():
            codes.update({machine.code()} - {""})
            return codes and joined(program, codes)

        shown = machine.until("the message is read off the framebuffer", whole)
        assert shown == text, shown
        machine.shot("shown")
        machine.press("q")
        machine.off()
        assert "STEPS DONE" in machine.told(), machine.told()
    print("camera: whole")


if __name__ == "__main__":
    main(sys.argv[1])
