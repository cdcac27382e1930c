"""A USB webcam for QEMU's usb-redir device: a UVC 1.0 camera that shows pictures, one after the other.

It speaks the usbredir protocol on a socket of QEMU's; the guest's own uvcvideo drives it, and chooses of its `modes`:
YUY2, NV12 or MJPG, in any sizes and rates. One bulk endpoint, so that no isochronous timing is needed. `show` changes
the pictures while the camera runs, and `unplug` pulls it. Standard library only.
"""

import dataclasses
import socket
import struct
import threading
import time

import jpeg
import pictures

# Packets of the usbredir protocol, by their numbers.
HELLO, DEVICE_CONNECT, DEVICE_DISCONNECT, RESET = 0, 1, 2, 3
INTERFACE_INFO, ENDPOINT_INFO = 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION_STATUS = 6, 7, 8
SET_ALT, GET_ALT, ALT_STATUS = 9, 10, 11
CANCEL = 21
CONTROL, BULK = 100, 101
# Capabilities, by their bits.
VERSION_OF_DEVICE, PACKET_SIZES, IDS_OF_64_BITS, LENGTHS_OF_32_BITS = 1, 4, 5, 6
OURS = [VERSION_OF_DEVICE, PACKET_SIZES, IDS_OF_64_BITS, LENGTHS_OF_32_BITS]
STALL = 4

STREAM = 0x81
PAYLOAD = 16384
VENDOR, PRODUCT = 0x1D6B, 0x0105
# What GUIDs of formats end with.
TAIL = bytes.fromhex("00001000800000aa00389b71")


@dataclasses.dataclass(frozen=True)
class Mode:
    """A way of giving pictures, at most so many a second."""

    packing: str = "YUY2"
    width: int = 640
    height: int = 480
    rate: int = 15

    @property
    def interval(self):
        return 10_000_000 // self.rate

    @property
    def size(self):
        return self.width * self.height * (3 if self.packing == "NV12" else 4) // 2

    def pack(self, grey):
        grey = pictures.fitted(grey, self.width, self.height)
        return {"YUY2": pictures.yuyv, "NV12": pictures.nv12, "MJPG": jpeg.jpeg}[self.packing](grey)

    def empty(self):
        return self.pack((8, 8, b"\x80" * 64))


def block(*parts):
    """A descriptor: its length goes before it."""
    body = b"".join(part if isinstance(part, bytes) else bytes([part]) for part in parts)
    return bytes([len(body) + 1]) + body


def u16(number):
    return struct.pack("<H", number)


def u32(number):
    return struct.pack("<I", number)


def formats(modes):
    """The modes by their packings, in the order in which the device tells them."""
    return {packing: [mode for mode in modes if mode.packing == packing] for packing in dict.fromkeys(m.packing for m in modes)}


def kinds(modes):
    """The descriptors of formats, and of the frames of each."""
    all = b""
    for number, (packing, frames) in enumerate(formats(modes).items(), 1):
        if packing == "MJPG":
            all += block(0x24, 6, number, len(frames), 0, 1, 0, 0, 0, 0)
        else:
            bits = 12 if packing == "NV12" else 16
            all += block(0x24, 4, number, len(frames), packing.encode() + TAIL, bits, 1, 0, 0, 0, 0)
        for place, mode in enumerate(frames, 1):
            bits = u32(mode.size * 8 * mode.rate)
            sides = u16(mode.width) + u16(mode.height)
            pace = u32(mode.interval) + bytes([1]) + u32(mode.interval)
            all += block(0x24, 7 if packing == "MJPG" else 5, place, 0, sides, bits, bits, u32(mode.size), pace)
    return all


def descriptors(modes):
    """The descriptors of the device and of its configuration."""
    device = block(1, u16(0x0200), 0xEF, 2, 1, 64, u16(VENDOR), u16(PRODUCT), u16(0x0100), 1, 2, 0, 1)
    camera = block(0x24, 2, 1, u16(0x0201), 0, 0, u16(0), u16(0), u16(0), 3, bytes(3))
    output = block(0x24, 3, 2, u16(0x0101), 0, 1, 0)
    control = block(0x24, 1, u16(0x0100), u16(13 + len(camera) + len(output)), u32(48_000_000), 1, 1)
    count, listed = len(formats(modes)), kinds(modes)
    stream = block(0x24, 1, count, u16(13 + count + len(listed)), STREAM, 0, 2, 0, 0, 0, 1, bytes(count))
    body = b"".join(
        [
            block(11, 0, 2, 0x0E, 3, 0, 0),
            block(4, 0, 0, 0, 0x0E, 1, 0, 0) + control + camera + output,
            block(4, 1, 0, 1, 0x0E, 2, 0, 0) + stream + listed,
            block(5, STREAM, 2, u16(512), 0),
        ]
    )
    configuration = block(2, u16(9 + len(body)), 2, 1, 0, 0x80, 250) + body
    return device, configuration


class Webcam:
    """A camera that is plugged in as soon as it is made, and shows grey until it is told what."""

    def __init__(self, path, modes=(Mode(),), seconds=0.35, name="Test webcam"):
        self.modes, self.seconds = list(modes), seconds
        self.device, self.configuration = descriptors(self.modes)
        texts = ["Strongroom tests", name]
        self.strings = [block(3, u16(0x0409))] + [block(3, text.encode("utf-16-le")) for text in texts]
        # What is being agreed upon, and the mode in which pictures were asked for.
        self.probe = self.agreed(bytes(26))
        self.mode = None
        self.greys, self.frames = [], [self.modes[0].empty()]
        self.begun = time.monotonic()
        self.taken = 0
        self.frame, self.place, self.toggle = None, 0, 0
        self.wide_ids = self.wide_lengths = self.packet_sizes = self.version = False
        self.lock = threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        threading.Thread(target=self.serve, daemon=True).start()

    def show(self, greys):
        """From now on these pictures in turn, each for `seconds`: (width, height, bytes), fitted into the frame."""
        with self.lock:
            self.greys = greys
        self.pack()

    def pack(self):
        """Makes frames of the pictures; until they are there the camera goes on with what it has."""
        with self.lock:
            mode, greys = self.mode or self.modes[0], self.greys
        frames = [mode.pack(grey) for grey in greys] or [mode.empty()]
        with self.lock:
            if (mode, greys) == (self.mode or self.modes[0], self.greys):
                self.frames, self.begun = frames, time.monotonic()

    def unplug(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    # The wire.

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def send(self, kind, number, payload):
        wide = self.wide_ids and kind != HELLO
        head = struct.pack("<II", kind, len(payload)) + struct.pack("<Q" if wide else "<I", number)
        self.socket.sendall(head + payload)

    def serve(self):
        try:
            self.greet()
            while True:
                kind, length = struct.unpack("<II", self.receive(8))
                number = struct.unpack("<Q", self.receive(8))[0] if self.wide_ids else struct.unpack("<I", self.receive(4))[0]
                self.answer(kind, number, self.receive(length))
        except (OSError, ConnectionError):
            return

    def greet(self):
        self.send(HELLO, 0, b"webcam".ljust(64, b"\0") + u32(sum(1 << bit for bit in OURS)))
        _, length, _ = struct.unpack("<III", self.receive(12))
        hello = self.receive(length)
        theirs = struct.unpack("<I", hello[64:68])[0] if len(hello) >= 68 else 0
        has = [bool(theirs >> bit & 1) for bit in OURS]
        self.version, self.packet_sizes, self.wide_ids, self.wide_lengths = has
        # Two interfaces of the video class: control and streaming.
        room = bytes(30)
        self.send(
            INTERFACE_INFO,
            0,
            u32(2) + bytes([0, 1]) + room + bytes([14, 14]) + room + bytes([1, 2]) + room + bytes(32),
        )
        # Endpoint 0 both ways (16 and up are those towards the host), and the stream's.
        kinds, interfaces, sizes = [255] * 32, [0] * 32, [0] * 32
        kinds[0] = kinds[16] = 0
        sizes[0] = sizes[16] = 64
        kinds[16 + 1], interfaces[16 + 1], sizes[16 + 1] = 2, 1, 512
        known = bytes(kinds) + bytes(32) + bytes(interfaces)
        self.send(ENDPOINT_INFO, 0, known + (struct.pack("<32H", *sizes) if self.packet_sizes else b""))
        speed_high = 2
        plug = struct.pack("<BBBBHH", speed_high, 0xEF, 2, 1, VENDOR, PRODUCT)
        self.send(DEVICE_CONNECT, 0, plug + (u16(0x0100) if self.version else b""))

    def answer(self, kind, number, packet):
        if kind == CONTROL:
            self.control(number, packet)
        elif kind == BULK:
            self.bulk(number, packet)
        elif kind == SET_CONFIGURATION:
            self.send(CONFIGURATION_STATUS, number, bytes([0, packet[0]]))
        elif kind == GET_CONFIGURATION:
            self.send(CONFIGURATION_STATUS, number, bytes([0, 1]))
        elif kind == SET_ALT:
            self.send(ALT_STATUS, number, bytes([0, packet[0], packet[1]]))
        elif kind == GET_ALT:
            self.send(ALT_STATUS, number, bytes([0, packet[0], 0]))

    def control(self, number, packet):
        endpoint, request, kind, _, value, index, length = struct.unpack("<BBBBHHH", packet[:10])
        status, data = 0, b""
        if (kind, request) == (0x21, 1) and index & 255 == 1:
            self.agree(value >> 8, packet[10:])
        if kind & 0x80:
            data = self.told(request, kind, value, index)
            status, data = (STALL, b"") if data is None else (0, data[:length])
            length = len(data)
        self.send(CONTROL, number, struct.pack("<BBBBHHH", endpoint, request, kind, status, value, index, length) + data)

    def told(self, request, kind, value, index):
        """What the device says to a request, or nothing where it stalls."""
        high, low = value >> 8, value & 255
        if (kind, request) == (0x80, 6):
            known = {1: self.device, 2: self.configuration}
            if high == 3 and low < len(self.strings):
                return self.strings[low]
            return known.get(high) if low == 0 else None
        if (kind, request) == (0x80, 0):
            return bytes(2)
        # Probe and commit of the streaming interface: least, most and default are what is agreed upon.
        if kind == 0xA1 and high in (1, 2) and index & 255 == 1:
            return {0x85: u16(len(self.probe)), 0x86: b"\x03"}.get(request, self.probe)
        return None

    def agreed(self, asked):
        """What becomes of what the guest asks for in probe and commit: a mode that there is."""
        _, kind, frame = struct.unpack("<HBB", asked[:4])
        listed = list(formats(self.modes).values())
        modes = listed[kind - 1] if 1 <= kind <= len(listed) else listed[0]
        mode = modes[frame - 1] if 1 <= frame <= len(modes) else modes[0]
        kind, frame = listed.index(modes) + 1, modes.index(mode) + 1
        return struct.pack("<HBBIHHHHHII", 1, kind, frame, mode.interval, 0, 0, 0, 0, 0, mode.size, PAYLOAD)

    def agree(self, selector, asked):
        self.probe = self.agreed(asked)
        if selector == 2:
            kind, frame = self.probe[2:4]
            mode = list(formats(self.modes).values())[kind - 1][frame - 1]
            with self.lock:
                if mode != self.mode:
                    self.frames = [mode.empty()]
                self.mode, self.frame = mode, None
            threading.Thread(target=self.pack, daemon=True).start()

    def bulk(self, number, packet):
        if self.wide_lengths:
            endpoint, _, low, stream, high = struct.unpack("<BBHIH", packet[:10])
        else:
            (endpoint, _, low, stream), high = struct.unpack("<BBHI", packet[:8]), 0
        data = self.payload(min(low | high << 16, PAYLOAD))
        reply = struct.pack("<BBHI", endpoint, 0, len(data) & 0xFFFF, stream)
        self.send(BULK, number, reply + (u16(len(data) >> 16) if self.wide_lengths else b"") + data)

    def payload(self, length):
        """The next piece of the picture, with the header that says whose picture it is and whether it ends here."""
        if self.frame is None:
            with self.lock:
                turn = int((time.monotonic() - self.begun) / self.seconds)
                self.frame, self.place = self.frames[turn % len(self.frames)], 0
        piece = self.frame[self.place : self.place + length - 2]
        self.place += len(piece)
        ends = self.place >= len(self.frame)
        header = bytes([2, 0x80 | self.toggle | (2 if ends else 0)])
        if ends:
            self.frame, self.toggle = None, self.toggle ^ 1
            self.taken += 1
            time.sleep(0.02)
        return header + piece
