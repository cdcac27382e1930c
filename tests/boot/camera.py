"""The camera's and the screen's real drivers: frames of the emulated webcam go through the kernel's own uvcvideo to the
program, which reads the codes and shows them again on the framebuffer, where an independent reader reads them.

    camera.py FOLDER

FOLDER is one of `image/build`, with `camera.initrd`, which has the steps of `camera.steps` in it.
"""

import glob
import os
import shutil
import subprocess
import sys
import time

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
    run = os.path.join(folder, "screens", "camera")
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(run)
    message, frames = (os.path.join(run, name) for name in ("message", "frames"))
    with open(message, "w") as file:
        file.write(text)
    subprocess.run([program, "qr", "show", message, "--density", "compatible", "--png", frames], check=True)
    greys = [pictures.png(path) for path in sorted(glob.glob(os.path.join(frames, "*.png")))]
    assert len(greys) > 1, "the message fits one code: nothing moves"
    bus = os.path.join(run, "usb")
    options = ["-kernel", os.path.join(folder, "vmlinuz"), "-initrd", os.path.join(folder, "camera.initrd")]
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


if __name__ == "__main__":
    begun = time.monotonic()
    print(f"── boot camera: {' '.join(__doc__.split('    ')[0].split())}", flush=True)
    main(sys.argv[1])
    print(f"── boot camera: {time.monotonic() - begun:.0f} s", flush=True)
