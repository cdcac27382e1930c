"""Puts a message together from the texts of its codes: Uniform Resources (BCR-2020-005), numbered parts alone.

Made from the specification and apart from the program, so that what it shows is read by others, too.
"""

import binascii

# The first and the last letter of each word, by its byte (BCR-2020-012).
PAIRS = (
    "aeadaoaxaaahamatayasbkbdbnbtbabsbebybgbwbbbzcmchcscfcycwcecackctcxclcpcndkdadsdidedtdrdndwdpdmdldyeheyeoeeecenem"
    "etesftfrfnfsfmfhfzfpfwfxfyfefgflfdgagegrgsgtglgwgdgygmgughgohfhghdhkhthphhhlhyhehnhsidiaieihiyioisinimjejzjnjtjl"
    "jojsjpjkjykpkoktkskkknkgkekikblblalylflslrlplnltloldlelulklgmnmymhmemomumwmdmtmsmknlnyndnsntnnnenboyoeotoxonolos"
    "pdptpkpypspmplpepfpaprqdqzrerprlrorhrdrkrfryrnrsrtsesasrssskswstspsosgsbsfsntotktitttdtetytltbtstptatnuyuoutueur"
    "vtvyvovlvevwvavdvswlwdwmwpwewywswtwnwzwfwkykynylyaytzszoztzczezm"
)
BYTES = {PAIRS[2 * byte : 2 * byte + 2]: byte for byte in range(256)}


def body(words):
    """The bytes behind minimal words, without the checksum at their end."""
    data = bytes(BYTES[words[at : at + 2]] for at in range(0, len(words), 2))
    assert binascii.crc32(data[:-4]) == int.from_bytes(data[-4:], "big"), "the words' checksum is wrong"
    return data[:-4]


def item(data, at):
    """A number, or the head of a byte string or a list (CBOR): its major type, its number, and what comes after."""
    kind, number = data[at] >> 5, data[at] & 31
    if number < 24:
        return kind, number, at + 1
    length = 1 << (number - 24)
    return kind, int.from_bytes(data[at + 1 : at + 1 + length], "big"), at + 1 + length


def string(data, at=0):
    kind, length, at = item(data, at)
    assert kind == 2 and at + length == len(data), "no byte string"
    return data[at : at + length]


def joined(texts):
    """The type of the message and its bytes, or nothing while parts are missing. The texts are in any order."""
    parts, facts = {}, None
    for text in texts:
        scheme, kind, *number, words = text.lower().replace(":", "/", 1).split("/")
        assert scheme == "ur", text
        data = body(words)
        if not number:
            return kind, string(data)
        numbers, at = [], 1
        assert data[0] == 0x85, "no part"
        for _ in range(4):
            _, value, at = item(data, at)
            numbers.append(value)
        this, *rest = numbers
        assert number == [f"{this}-{rest[0]}"] and facts in (None, rest), "parts of two messages"
        facts = rest
        if this <= facts[0]:
            parts[this] = string(data, at)
    if facts is None or len(parts) < facts[0]:
        return None
    _, length, checksum = facts
    message = b"".join(parts[number] for number in sorted(parts))[:length]
    assert binascii.crc32(message) == checksum, "the message's checksum is wrong"
    return kind, string(message)
