"""A PNG file without its texts, which may be longer than Pillow accepts and say nothing about the pixels."""

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
PROFILE = b"iCCP"
ORIENTED = (b"Raw profile type exif", b"XML:com.adobe.xmp")
"""Texts that may tell how the picture is turned."""

MOST_TEXT = 1_000_000
MOST_PROFILE = 20_000_000
AROUND = 8, 4
"""Bytes before a chunk's content, its length and its name, and after it, its checksum."""


def shown_parts(content: bytes) -> tuple[bytes, bytes]:
    """The file without texts, but for those that may tell how it is turned, and its colour profile, if it has one.

    What is not a sound chunk stays as it is, and is judged by whoever decodes it.
    """
    kept, profile, seen = [SIGNATURE], b"", set()
    for whole in chunks(content):
        name, body = whole[4:8], whole[AROUND[0] : -AROUND[1]]
        keyword = body.partition(b"\0")[0]
        if name == PROFILE:
            profile = unpacked(body.partition(b"\0")[2][1:], MOST_PROFILE)
        elif name not in TEXTS:
            kept.append(whole)
        elif keyword in ORIENTED and keyword not in seen and is_short(name, body):
            seen.add(keyword)
            kept.append(whole)
    return b"".join(kept), profile


def chunks(content: bytes) -> Iterator[bytes]:
    """Each chunk with its length, name and checksum; a broken one reaches to the end."""
    place = len(SIGNATURE)
    while place < len(content):
        end = place + sum(AROUND) + int.from_bytes(content[place : place + 4], "big")
        yield content[place:end]
        place = end


def is_short(name: bytes, body: bytes) -> bool:
    """Whether a text is no longer than Pillow accepts, once it is unpacked."""
    rest = body.partition(b"\0")[2]
    packed = b""
    if name == b"zTXt":
        packed = rest[1:]
    elif name == b"iTXt" and rest[:1] == b"\1":
        packed = rest[2:].split(b"\0", 2)[-1]
    return len(body) <= MOST_TEXT and (not packed or bool(unpacked(packed, MOST_TEXT)))


def unpacked(packed: bytes, most: int) -> bytes:
    """The content; nothing where it is broken or longer."""
    try:
        found = zlib.decompressobj().decompress(packed, most + 1)
    except zlib.error:
        return b""
    return found if len(found) <= most else b""
