"""Reads the text of a Linux console off a picture, by the font that both the kernel and VGA cards have."""

import lzma

# The letter A of both fonts, by which they are found.
A = bytes.fromhex("000010386cc6c6fec6c6c6c600000000")
# The font as QEMU's video card carries it: 256 letters of 16 bytes.
CARD = "/usr/share/seabios/vgabios-stdvga.bin"
# What `learn` found.
GLYPHS = {}


def learn(kernel):
    """Takes the kernel's own font out of its image, and the card's."""
    packed = open(kernel, "rb").read()
    unpacked = lzma.LZMADecompressor().decompress(packed[packed.index(b"\xfd7zXZ\0") :])
    for data in (open(CARD, "rb").read(), unpacked):
        at = data.find(A)
        while at >= 0:
            start = at - 16 * ord("A")
            if data[start + 16 * 32 : start + 16 * 33] == bytes(16):
                GLYPHS.update((data[start + 16 * code : start + 16 * (code + 1)], chr(code)) for code in range(33, 127))
            at = data.find(A, at + 1)
    GLYPHS[bytes(16)] = " "


def halved(grey):
    """The picture in half its size where each pixel of that is four of the same: letters of twice the size."""
    width, height, pixels = grey
    if width % 2 or height % 2 or not any(pixels):
        return grey
    rows = [pixels[top * width : (top + 1) * width] for top in range(height)]
    halves = [row[::2] for row in rows[::2]]
    if any(row[::2] != row[1::2] for row in rows[::2]) or rows[::2] != rows[1::2]:
        return grey
    return width // 2, height // 2, b"".join(halves)


def read(grey, pitch=16):
    """The lines of the screen, of which one comes every `pitch` pixels; what is no letter is a dot in the middle of the line."""
    width, height, pixels = grey = halved(grey)
    # The text modes of a VGA card have letters of nine columns.
    step = 9 if width == 720 and height == 400 else 8
    rows = []
    for top in range(0, height - 15, pitch):
        line = ""
        lines = [pixels[(top + y) * width : (top + y + 1) * width] for y in range(16)]
        if not any(any(row) for row in lines):
            rows.append("")
            continue
        for left in range(0, width - step + 1, step):
            line += letter([row[left : left + 8] for row in lines])
        rows.append(line.rstrip())
    return "\n".join(rows)


# From one line to the next, where the program draws letters beside a picture.
PITCH = 18


def captions(grey, above=4, below=2):
    """The lines over and under a picture, which fills the rest of the screen; in letters of either size."""
    width, height, pixels = grey

    def line(top, rows):
        return read((width, rows, pixels[top * width : (top + rows) * width]))

    texts = []
    for pitch in PITCH, 2 * PITCH - 2:
        tops = [pitch * number for number in range(above)] + [height - pitch * number for number in range(below, 0, -1)]
        texts += [line(top, pitch - 2) for top in tops]
    return "\n".join(texts)


def letter(cell):
    darkest = min(min(row) for row in cell)
    brightest = max(max(row) for row in cell)
    if darkest == brightest:
        return " "
    bits = bytes(sum(128 >> x for x in range(8) if row[x] == brightest) for row in cell)
    inverse = bytes(255 - byte for byte in bits)
    return GLYPHS.get(bits) or GLYPHS.get(inverse) or "\u00b7"
