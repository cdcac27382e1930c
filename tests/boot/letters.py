"""Reads the text of a Linux console off a picture, by the font that both the kernel and VGA cards have."""

import functools

# The 8 by 16 font as QEMU's video BIOS carries it: 256 letters of 16 bytes.
BIOS = "/usr/share/seabios/vgabios-stdvga.bin"
# The letter A of that font: how its place is found.
A = bytes.fromhex("000010386cc6c6fec6c6c6c600000000")


@functools.cache
def font():
    data = open(BIOS, "rb").read()
    start = data.index(A) - 16 * ord("A")
    glyphs = {data[start + 16 * code : start + 16 * (code + 1)]: chr(code) for code in range(32, 127)}
    # Where two letters look alike the first counts; a blank is a blank.
    glyphs[bytes(16)] = " "
    return glyphs


def read(grey):
    """The lines of the screen; what is no letter is a dot in the middle of the line."""
    width, height, pixels = grey
    # The text modes of a VGA card have letters of nine columns.
    step = 9 if width == 720 and height == 400 else 8
    rows = []
    for top in range(0, height - 15, 16):
        line = ""
        lines = [pixels[(top + y) * width : (top + y + 1) * width] for y in range(16)]
        if not any(any(row) for row in lines):
            rows.append("")
            continue
        for left in range(0, width - step + 1, step):
            line += letter([row[left : left + 8] for row in lines])
        rows.append(line.rstrip())
    return "\n".join(rows)


def letter(cell):
    darkest = min(min(row) for row in cell)
    brightest = max(max(row) for row in cell)
    if darkest == brightest:
        return " "
    bits = bytes(sum(128 >> x for x in range(8) if row[x] == brightest) for row in cell)
    inverse = bytes(255 - byte for byte in bits)
    return font().get(bits) or font().get(inverse) or "\u00b7"
