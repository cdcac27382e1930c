"""Pictures for tests, with nothing but the standard library: PNG in, frames of a camera, PPM and PNG out."""

import struct
import zlib


def png(path):
    """A PNG file as (width, height, grey bytes). Grey, palette and colour, 1 to 8 bits; not interlaced."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, packed, palette = 8, b"", b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    assert not interlaced and depth <= 8, path
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row_bytes, step = (width * depth * channels + 7) // 8, max(1, depth * channels // 8)
    raw, grey, above = zlib.decompress(packed), bytearray(), bytearray(row_bytes)
    for y in range(height):
        kind, row = raw[y * (row_bytes + 1)], bytearray(raw[y * (row_bytes + 1) + 1 : (y + 1) * (row_bytes + 1)])
        unfilter(kind, row, above, step)
        above = row
        grey += greys(row, width, depth, channels, colour, palette)
    return width, height, bytes(grey)


def unfilter(kind, row, above, step):
    for i in range(len(row) if kind else 0):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[i]
        elif kind == 3:
            guess = (left + above[i]) // 2
        else:
            guess = min((left, above[i], corner), key=lambda value: abs(left + above[i] - corner - value))
        row[i] = (row[i] + guess) & 255


def greys(row, width, depth, channels, colour, palette):
    if depth < 8:
        most, each = (1 << depth) - 1, 8 // depth
        values = [row[x // each] >> (8 - depth * (x % each + 1)) & most for x in range(width)]
        if colour == 0:
            return bytes(value * 255 // most for value in values)
    else:
        values = row[::channels]
    if colour == 3:
        return bytes(palette[value * 3 + 1] for value in values)
    # Green stands for the brightness of a colour.
    return bytes(row[1::channels] if colour in (2, 6) else values)


def ppm(path):
    """A PPM file, as QEMU writes it: (width, height, grey bytes)."""
    data = open(path, "rb").read()
    magic, width, height, most = data.split(None, 4)[:4]
    assert magic == b"P6" and most == b"255", path
    width, height = int(width), int(height)
    return width, height, data[-width * height * 3 :][1::3]


def pgm(path, grey):
    width, height, pixels = grey
    with open(path, "wb") as file:
        file.write(b"P5\n%d %d\n255\n" % (width, height) + pixels)


def save(path, grey):
    """A small PNG: the four greys that a console has."""
    width, height, pixels = grey
    rows = []
    for y in range(height):
        row = pixels[y * width : (y + 1) * width] + bytes(-width % 4)
        fours = zip(*(row[x::4] for x in range(4)))
        rows.append(b"\0" + bytes(a & 192 | b >> 2 & 48 | c >> 4 & 12 | d >> 6 for a, b, c, d in fours))
    blocks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 2, 0, 0, 0, 0))]
    blocks += [(b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in blocks:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def fitted(grey, width, height):
    """The picture in the middle of a white frame, as large as it goes."""
    w, h, pixels = grey
    scale = min(width / w, height / h)
    wide, high = int(w * scale), int(h * scale)
    left, top = (width - wide) // 2, (height - high) // 2
    columns = [int(x / scale) for x in range(wide)]
    blank = b"\xff" * width
    rows, last, made = [blank] * top, None, None
    for y in range(high):
        source = int(y / scale)
        if source != last:
            line = pixels[source * w : (source + 1) * w]
            made = b"\xff" * left + bytes(line[x] for x in columns) + b"\xff" * (width - left - wide)
            last = source
        rows.append(made)
    rows += [blank] * (height - top - high)
    return width, height, b"".join(rows)


def yuyv(grey):
    """Brightness in turn with colours that are none."""
    _, _, pixels = grey
    frame = bytearray(b"\x80" * (len(pixels) * 2))
    frame[::2] = pixels
    return bytes(frame)


def nv12(grey):
    """Brightness, and behind it colours that are none."""
    _, _, pixels = grey
    return pixels + b"\x80" * (len(pixels) // 2)
