"""A JPEG of a grey picture as cheap webcams make it: baseline, three components (4:2:2), the Huffman tables left out.

Standard library only; rows of eight pixels that come again, as those of codes do, are worked out once.
"""

import functools
import math
import struct

# ITU-T T.81, figure A.6, and tables K.1, K.3 and K.5 (the latter ascends after its first values).
ZIGZAG = [y * 8 + x for y, x in sorted(((y, x) for y in range(8) for x in range(8)), key=lambda p: (p[0] + p[1], p[sum(p) % 2 == 0]))]
STEPS = [
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
]
FIRST = bytes.fromhex("01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282")
ALL = {0x00, 0xF0} | {run << 4 | size for run in range(16) for size in range(1, 11)}
WAVES = [[math.cos((2 * x + 1) * u * math.pi / 16) * (0.5 if u else math.sqrt(0.125)) for x in range(8)] for u in range(8)]


def codes(lengths, values):
    """Each value's code in bits, by how many codes there are of each length from 1."""
    table, code, at = {}, 0, 0
    for length, count in enumerate(lengths, 1):
        for value in values[at : at + count]:
            table[value] = format(code, f"0{length}b")
            code += 1
        code, at = code << 1, at + count
    return table


DIFFERENCE = codes([0, 1, 5, 1, 1, 1, 1, 1, 1], range(12))
WAVE = codes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125], list(FIRST) + sorted(ALL - set(FIRST)))
# Both blocks of colour: no difference (K.4), and the end (K.6).
NO_COLOUR = "0000" * 2


@functools.lru_cache(None)
def row_waves(row):
    return [sum((pixel - 128) * wave for pixel, wave in zip(row, waves)) for waves in WAVES]


def bits(value):
    """A value's size, and its bits as they stand behind the code of the size."""
    size = abs(value).bit_length()
    return size, format(value if value > 0 else value + (1 << size) - 1, f"0{size}b") if size else ""


@functools.lru_cache(None)
def block(rows):
    """The first value of a block, and the bits of all others."""
    lines = [row_waves(row) for row in rows]
    columns = list(zip(*lines))
    values = [sum(a * b for a, b in zip(columns[x], WAVES[y])) for y in range(8) for x in range(8)]
    first, *rest = (round(values[place] / step) for place, step in zip(ZIGZAG, (STEPS[place] for place in ZIGZAG)))
    out, run = [], 0
    while rest and rest[-1] == 0:
        rest.pop()
    for value in rest:
        if value == 0:
            run += 1
            continue
        while run > 15:
            out.append(WAVE[0xF0])
            run -= 16
        size, tail = bits(value)
        out.append(WAVE[run << 4 | size] + tail)
        run = 0
    return first, "".join(out) + (WAVE[0] if len(rest) < 63 else "")


def segment(kind, body):
    return bytes([0xFF, kind]) + struct.pack(">H", len(body) + 2) + body


def jpeg(grey):
    """(width, height, grey bytes) as a JPEG; the sides are whole blocks."""
    width, height, pixels = grey
    assert width % 16 == 0 and height % 8 == 0, (width, height)
    out, before = [], 0
    for top in range(0, height, 8):
        lines = [pixels[(top + y) * width : (top + y + 1) * width] for y in range(8)]
        for left in range(0, width, 8):
            first, rest = block(tuple(line[left : left + 8] for line in lines))
            size, tail = bits(first - before)
            out.append(DIFFERENCE[size] + tail + rest)
            before = first
            if left % 16:
                out.append(NO_COLOUR)
    stream = "".join(out)
    stream += "1" * (-len(stream) % 8)
    data = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, bytes([0]) + bytes(STEPS[place] for place in ZIGZAG)),
            segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes.fromhex("012100021100031100")),
            segment(0xDA, bytes.fromhex("03010002110311003f00")),
            data,
            b"\xff\xd9",
        ]
    )
