"""Formats whose signature is too short to be proof: each function checks the structure that has to follow."""

import re
from collections.abc import Callable
from struct import unpack_from

MPEG1, MPEG2, MPEG25 = 3, 2, 0
# kbit/s by the index in a frame's header: https://www.iso.org/standard/22412.html
BITRATES = {
    (True, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = (44100, 48000, 32000)


def single_frame(content: bytes) -> str | None:
    """An MP3 frame without a valid next frame: too little to prove anything."""
    return "audio/mpeg" if _frame_length(content, 0) else None


def _mpeg_audio(content: bytes) -> bool:
    """A frame, followed by another one at the position that its length gives."""
    length = _frame_length(content, 0)
    return length > 0 and (_frame_length(content, length) > 0 if length + 4 <= len(content) else len(content) < 400)


def _frame_length(content: bytes, at: int) -> int:
    """The length of a frame; 0 if no frame begins here."""
    if at + 4 > len(content) or content[at] != 0xFF or content[at + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = content[at + 1] >> 3 & 3, content[at + 1] >> 1 & 3
    bitrate, rate, padding = content[at + 2] >> 4, content[at + 2] >> 2 & 3, content[at + 2] >> 1 & 1
    if version == 1 or layer == 0 or bitrate in (0, 15) or rate == 3:
        return 0
    hertz = RATES[rate] >> {MPEG1: 0, MPEG2: 1, MPEG25: 2}[version]
    bits = BITRATES[version == MPEG1, layer][bitrate] * 1000
    if layer == 3:
        return (12 * bits // hertz + padding) * 4
    samples = 72 if layer == 1 and version != MPEG1 else 144
    return samples * bits // hertz + padding


def _adts(content: bytes) -> bool:
    """Two AAC frames: https://www.iso.org/standard/43345.html"""

    def length(at: int) -> int:
        if at + 7 > len(content) or content[at] != 0xFF or content[at + 1] & 0xF6 != 0xF0:
            return 0
        if content[at + 2] >> 2 & 15 > 12:
            return 0
        return (content[at + 3] & 3) << 11 | content[at + 4] << 3 | content[at + 5] >> 5

    first = length(0)
    return first >= 7 and (length(first) >= 7 if first + 7 <= len(content) else len(content) < 400)


def _transport_stream(content: bytes) -> bool:
    """Packets of 188 bytes, or of 192 with a time stamp before each."""
    return any(
        len(content) >= start + 188 and all(content[at] == 0x47 for at in range(start, min(len(content), 1600), step))
        for start, step in ((0, 188), (4, 192))
    )


def _bitmap(content: bytes) -> bool:
    header = unpack_from("<I", content.ljust(18, b"\0"), 14)
    return content[6:10] == bytes(4) and header[0] in {12, 16, 40, 52, 56, 64, 108, 124}


def _bitmap_without_file_header(content: bytes) -> bool:
    """As `.dib` files have it: https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types"""
    size, width, height, planes, bits = unpack_from("<IiiHH", content.ljust(16, b"\0"))
    return size in {40, 52, 56, 64, 108, 124} and width > 0 != height and planes == 1 and bits in {1, 4, 8, 16, 24, 32}


def _icon(content: bytes) -> bool:
    """A directory of pictures; the first picture lies behind it."""
    kind, count = unpack_from("<HH", content.ljust(22, b"\0"), 2)
    size, offset = unpack_from("<II", content.ljust(22, b"\0"), 14)
    return kind in (1, 2) and 0 < count < 256 and offset >= 6 + 16 * count and size >= 40 and content[9:10] == b"\0"


def _pcx(content: bytes) -> bool:
    return (
        len(content) >= 128
        and content[1] in (0, 2, 3, 4, 5)
        and content[2] in (0, 1)
        and content[3] in (1, 2, 4, 8)
        and content[64] == 0
        and content[65] in (1, 3, 4)
    )


def _targa(content: bytes) -> bool:
    """No signature: a header whose fields are all in range."""
    if len(content) < 18 or content[1] > 1 or content[2] not in (1, 2, 3, 9, 10, 11):
        return False
    width, height = unpack_from("<HH", content, 12)
    palette = content[1] == 1
    return (
        palette == (content[2] in (1, 9))
        and (palette or content[3:8] == bytes(5))
        and content[7] in ((15, 16, 24, 32) if palette else (0,))
        and content[16] in ((8, 16) if palette or content[2] in (3, 11) else (15, 16, 24, 32))
        and content[17] & 0xC0 == 0
        and 0 < width <= 16384
        and 0 < height <= 16384
    )


def _program(content: bytes) -> bool:
    """A DOS program, or a Windows one behind a stub: https://learn.microsoft.com/windows/win32/debug/pe-format"""
    bytes_on_last_page: int = unpack_from("<H", content.ljust(4, b"\0"), 2)[0]
    return bytes_on_last_page < 512


def _old_tar(content: bytes) -> bool:
    """No signature, but a checksum of the first header."""
    header = content[:512]
    stated = re.fullmatch(rb" *([0-7]+)[ \0]*", header[148:156])
    if len(header) < 512 or not stated or not header[0]:
        return False
    return int(stated[1], 8) == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _skippable_frame(content: bytes) -> bool:
    """Zstandard behind a frame to skip: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.2"""
    at = 0
    while content[at : at + 1] and content[at] & 0xF0 == 0x50 and content[at + 1 : at + 4] == b"\x2a\x4d\x18":
        at += 8 + unpack_from("<I", content.ljust(at + 8, b"\0"), at + 4)[0]
    return at > 0 and content[at : at + 4] in (b"\x28\xb5\x2f\xfd", b"")


def _netpbm(content: bytes) -> bool:
    return re.match(rb"P[1-6]\s(?:\s*#[^\n]*\n)*\s*[0-9]+\s+(?:#[^\n]*\n\s*)*[0-9]+\s", content) is not None


def _lzma(content: bytes) -> bool:
    """A dictionary of a usual size, and an uncompressed size that is unknown or below 256 GiB."""
    dictionary = unpack_from("<I", content.ljust(13, b"\0"), 1)[0]
    usual = dictionary >= 4096 and any(dictionary in (1 << bit, 3 << bit) for bit in range(11, 32))
    return usual and (content[5:13] == b"\xff" * 8 or content[10:13] == bytes(3)) and len(content) > 13


def _java_class(content: bytes) -> bool:
    """Distinguished from a universal Mach-O program, which begins alike but has fewer architectures than Java has had
    versions.
    """
    return len(content) >= 8 and 45 <= unpack_from(">H", content, 6)[0] < 200 and content[4:6] < b"\x01\x00"


def _universal_mach(content: bytes) -> bool:
    return len(content) >= 8 and 0 < unpack_from(">I", content, 4)[0] < 45


def _flic(content: bytes) -> bool:
    return len(content) >= 14 and content[5] == 0xAF and 0 < unpack_from("<H", content, 6)[0] < 10000


def _embedded_font(content: bytes) -> bool:
    return content[34:36] == b"LP" and content[8:12] in (b"\0\0\1\0", b"\1\0\2\0", b"\2\0\2\0")


def _true_type(content: bytes) -> bool:
    """A directory of tables: https://learn.microsoft.com/typography/opentype/spec/otff#table-directory"""
    tables, tag = unpack_from(">H6x4s", content.ljust(16, b"\0"), 4)
    return 0 < tables < 256 and re.fullmatch(rb"[ -~]{4}", tag) is not None


def _old_sheet(content: bytes) -> bool:
    """Excel's format before OLE: a first record of its type, length and version."""
    length, version = unpack_from("<HH", content.ljust(6, b"\0"), 2)
    return length in (4, 6, 8, 16) and version in (0x0002, 0x0007, 0x0200, 0x0300, 0x0400, 0x0500)


def _dolby(content: bytes) -> bool:
    return len(content) > 6 and content[4] >> 6 != 3 and content[4] & 0x3F < 38 and 6 <= content[5] >> 3 <= 10


# Type, its beginning, and the check of what follows.
STRUCTURES: tuple[tuple[str, bytes, Callable[[bytes], bool]], ...] = (
    ("audio/aac", b"\xff", _adts),
    ("audio/mpeg", b"\xff", _mpeg_audio),
    ("audio/ac3", b"\x0b\x77", _dolby),
    ("image/bmp", b"BM", _bitmap),
    ("image/bmp", b"", _bitmap_without_file_header),
    ("application/zstd", b"", _skippable_frame),
    ("image/vnd.microsoft.icon", b"\x00\x00\x01\x00", _icon),
    ("image/vnd.microsoft.icon", b"\x00\x00\x02\x00", _icon),
    ("image/vnd.zbrush.pcx", b"\x0a", _pcx),
    ("application/vnd.microsoft.portable-executable", b"MZ", _program),
    ("application/java-vm", b"\xca\xfe\xba\xbe", _java_class),
    ("application/x-mach-binary", b"\xca\xfe\xba\xbe", _universal_mach),
    ("application/vnd.ms-excel", b"\x09\x00", _old_sheet),
    ("application/vnd.ms-excel", b"\x09\x02", _old_sheet),
    ("application/vnd.ms-excel", b"\x09\x04", _old_sheet),
    ("application/vnd.ms-excel", b"\x09\x08", _old_sheet),
    ("application/x-lzma", b"\x5d\x00\x00", _lzma),
    ("video/x-flic", b"", _flic),
    ("application/vnd.ms-fontobject", b"", _embedded_font),
    ("font/ttf", b"\x00\x01\x00\x00", _true_type),
    ("application/x-tar", b"", _old_tar),
    ("video/mp2t", b"", _transport_stream),
)


def by_structure(content: bytes) -> str | None:
    for name, begin, follows in STRUCTURES:
        if content.startswith(begin) and follows(content):
            return name
    return None


# Signatures that other content rarely begins with.
SIGNATURES = {b"BM", b"MZ", b"\x00\x00\x01\x00", b"\x00\x00\x02\x00", b"\xca\xfe\xba\xbe", b"\x5d\x00\x00", b"\x0b\x77"}


def resembled(content: bytes) -> str | None:
    """The format whose short signature a content has, although the rest of the format does not follow."""
    return next((name for name, begin, _ in STRUCTURES if begin in SIGNATURES and content.startswith(begin)), None)


NETPBM = {
    **dict.fromkeys(b"14", "image/x-portable-bitmap"),
    **dict.fromkeys(b"25", "image/x-portable-graymap"),
    **dict.fromkeys(b"36", "image/x-portable-pixmap"),
}


def netpbm(content: bytes) -> str | None:
    """Pictures that can be text: https://netpbm.sourceforge.net/doc/"""
    if re.match(rb"P7\n(?:#[^\n]*\n)*(?:WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE) ", content):
        return "image/x-portable-arbitrarymap"
    return NETPBM[content[1]] if _netpbm(content) else None


def targa(content: bytes) -> str | None:
    return "image/x-tga" if _targa(content) else None
