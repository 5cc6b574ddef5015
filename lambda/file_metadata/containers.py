"""The format of a content within a container format.

Each function returns the type, as exact as the first bytes allow, or the container's own type.
"""

import re
import zlib
from collections.abc import Iterator
from struct import unpack_from

from .media_types import canonical

ZIP = "application/zip"
OLE = "application/x-ole-storage"
OFFICE = "application/vnd.openxmlformats-officedocument."


def in_zip(content: bytes) -> str:
    """https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"""
    names: list[str] = []
    for name, stored in _zip_entries(content):
        if name == "mimetype" and not names and re.fullmatch(rb"[\w.+-]+/[\w.+-]+\s*", stored):
            return canonical(stored.decode().strip().lower())
        if name == "[Content_Types].xml" and (kind := _package(stored)):
            return kind
        names.append(name)
    for kind, name in ZIPPED:
        if any(re.match(name, one) for one in names):
            return kind
    return ZIP


# By entries that only these formats have; the most specific first.
ZIPPED = (
    ("application/vnd.android.package-archive", r"AndroidManifest\.xml$|classes\.dex$|META-INF/com/android/build"),
    ("application/epub+zip", r"OEBPS/|(.*/)?[^/]+\.opf$"),
    ("application/x-musescore", r"[^/]+\.mscx$"),
    ("application/vnd.recordare.musicxml", r"[^/]+\.musicxml$"),
    ("application/epub+zip", r"META-INF/container\.xml$"),
    ("application/x-xpinstall", r"install\.rdf$|META-INF/mozilla\.rsa$"),
    ("application/x-ios-app", r"Payload/[^/]+\.app/"),
    ("application/vnd.google-earth.kmz", r"doc\.kml$"),
    ("application/vnd.apple.keynote", r"index\.apxl$|Index/Slide"),
    ("model/vnd.usdz+zip", r"[^/]+\.usd[ac]?$"),
    (f"{OFFICE}wordprocessingml.document", r"word/(document|styles|settings|fontTable|theme/|media/|_rels/)"),
    (f"{OFFICE}spreadsheetml.sheet", r"xl/(workbook|styles|sharedStrings|worksheets/|theme/|media/|_rels/)"),
    (f"{OFFICE}presentationml.presentation", r"ppt/(presentation|slides/|slideLayouts/|theme/|media/|_rels/)"),
    ("application/vnd.ms-visio.drawing", r"visio/"),
    ("model/3mf", r"3D/[^/]+\.model$"),
    ("application/java-archive", r"META-INF/MANIFEST\.MF$|META-INF/$|.*\.class$"),
)

# https://ecma-international.org/publications-and-standards/standards/ecma-376/
MAIN_PART = rb'ContentType\s*=\s*["\'](application/[\w.-]+?)\.main(\+xml)?["\']'
PACKAGES = {
    b"application/vnd.ms-package.3dmanufacturing-3dmodel+xml": "model/3mf",
    b"application/vnd.ms-package.xps-fixeddocument+xml": "application/vnd.ms-xpsdocument",
    b"application/vnd.ms-appx.manifest+xml": "application/appx",
}


def _package(content_types: bytes) -> str | None:
    if found := re.search(MAIN_PART, content_types):
        # `...ms-word.template.macroEnabledTemplate` is registered as `...template.macroEnabled.12`.
        kind = re.sub(r"macroenabled(template)?$", "macroenabled.12", found[1].decode().lower())
        return canonical(kind)
    return next((kind for part, kind in PACKAGES.items() if part in content_types), None)


def _zip_entries(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of the ZIP entries in the first bytes, as far as they are present."""
    at = content.find(b"PK\x03\x04")
    while at >= 0 and at + 30 <= len(content):
        flags, method, size, name_length, extra_length = unpack_from("<HH8xI4xHH", content, at + 6)
        begin = at + 30 + name_length + extra_length
        name = content[at + 30 : at + 30 + name_length].decode(errors="replace")
        # The size follows the content and is unknown here; the next entry's signature ends the content.
        unsized = flags & 8 and not size
        end = content.find(b"PK\x03\x04", begin) if unsized else begin + size
        packed = content[begin : end if end >= 0 else len(content)]
        yield name, _inflated(packed) if method == 8 and name == "[Content_Types].xml" else packed[:256]
        if not unsized and content[end : end + 4] != b"PK\x03\x04":
            return
        at = end


LARGEST_INFLATED = 65536


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(packed, LARGEST_INFLATED)
    except zlib.error:
        return b""


# The class id of a storage, then streams that only one format has.
# https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/
OLE_CLASSES = {
    "00020906": "application/msword",
    "00020900": "application/msword",
    "00020820": "application/vnd.ms-excel",
    "00020810": "application/vnd.ms-excel",
    "64818d10": "application/vnd.ms-powerpoint",
    "64818d11": "application/vnd.ms-powerpoint",
    "00021a14": "application/vnd.visio",
    "00021a13": "application/vnd.visio",
    "000c1084": "application/x-msi",
    "000c1086": "application/x-msi",
    "00021201": "application/x-mspublisher",
    "00020d0b": "application/vnd.ms-outlook",
}
OLE_STREAMS = {
    "__nameid_version1.0": "application/vnd.ms-outlook",
    "__properties_version1.0": "application/vnd.ms-outlook",
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "VisioDocument": "application/vnd.visio",
    "HwpSummaryInformation": "application/x-hwp",
    "Quill": "application/x-mspublisher",
    "MatOST": "application/vnd.ms-works",
    "EncryptedPackage": OLE,
}


# The beginning of the first stream, for files whose directory lies beyond the first bytes.
FIRST_STREAMS = {
    b"\xec\xa5\xc1\x00": "application/msword",
    b"\xec\xa5\xdc\x00": "application/msword",
    b"\x09\x08\x10\x00": "application/vnd.ms-excel",
    b"\x09\x08\x08\x00": "application/vnd.ms-excel",
}


def in_ole(content: bytes) -> str:
    shift, directory = unpack_from("<H16xI", content.ljust(64, b"\0"), 30)
    found = set()
    at = (directory + 1) << shift if shift in (9, 12) else len(content)
    while at + 128 <= len(content):
        length = unpack_from("<H", content, at + 64)[0]
        name = content[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lstrip("\x05")
        if content[at + 66] == 5:  # the root entry comes first
            by_class = OLE_CLASSES.get(f"{unpack_from('<I', content, at + 80)[0]:08x}")
            if by_class:
                return by_class
        if name in OLE_STREAMS:
            found.add(OLE_STREAMS[name])
        at += 128
    if not found and (kind := FIRST_STREAMS.get(content[512:516])):
        return kind
    # A message can contain documents, and a document can contain sheets: with streams of two formats the type is
    # unknown.
    if "application/vnd.ms-outlook" in found:
        return "application/vnd.ms-outlook"
    return found.pop() if len(found) == 1 else OLE


# https://mp4ra.org/registered-types/brands
BRANDS = {
    **dict.fromkeys(("heic", "heix", "heim", "heis"), "image/heic"),
    **dict.fromkeys(("hevc", "hevx", "hevm", "hevs"), "image/heic-sequence"),
    **dict.fromkeys(("avif", "avis"), "image/avif"),
    "mif1": "image/heif",
    "msf1": "image/heif-sequence",
    "crx ": "image/x-canon-cr3",
    "qt  ": "video/quicktime",
    **dict.fromkeys(("M4A ", "M4B ", "M4P ", "F4A ", "F4B "), "audio/mp4"),
    "jp2 ": "image/jp2",
    "jpx ": "image/jpx",
    "jpm ": "image/jpm",
    "mjp2": "video/mj2",
    "mj2s": "video/mj2",
    "jxl ": "image/jxl",
}
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
SEGMENT_BOXES = (b"styp", b"moof", b"sidx", b"emsg", b"prft")


def in_iso_media(content: bytes) -> str | None:
    """ISO base media files, QuickTime movies and parts of them; None for anything else."""
    size, box = unpack_from(">I4s", content.ljust(8, b"\0"))
    if box == b"ftyp" and 8 <= size <= 4096:
        brands = [content[at : at + 4].decode("latin-1") for at in (8, *range(16, min(size, 256), 4))]
        if brands[0] in ("mif1", "msf1") and {"avif", "avis"} & set(brands):
            return "image/avif"
        if brands[0].startswith("3g2"):
            return "video/3gpp2"
        return "video/3gpp" if brands[0].startswith("3g") else BRANDS.get(brands[0], "video/mp4")
    # An atom's size of 0 means up to the end of the file; 1 means that the next eight bytes hold it.
    if box in QUICKTIME_ATOMS and (size in (0, 1) or size >= 8):
        return "video/quicktime"
    return "video/mp4" if box in SEGMENT_BOXES and size >= 8 else None


def in_jpeg_2000(content: bytes) -> str:
    """By the brand behind the signature box: https://www.itu.int/rec/T-REC-T.801"""
    return in_iso_media(content[12:]) or "image/jp2"


RIFF = {
    b"WAVE": "audio/vnd.wave",
    b"AVI ": "video/vnd.avi",
    b"WEBP": "image/webp",
    b"ACON": "application/x-navi-animation",
    b"RMID": "audio/midi",
    b"QLCM": "audio/qcelp",
    b"sfbk": "audio/x-sfbk",
    b"AMV ": "video/x-amv",
}


def in_riff(content: bytes) -> str:
    form = content[8:12]
    return "application/x-coreldraw" if form[:3].upper() in (b"CDR", b"VRS") else RIFF.get(form, "application/x-riff")


IFF = {
    b"AIFF": "audio/aiff",
    b"AIFC": "audio/aiff",
    b"8SVX": "audio/x-8svx",
    b"ILBM": "image/x-ilbm",
    b"PBM ": "image/x-ilbm",
    b"ANIM": "video/x-anim",
}


def in_iff(content: bytes) -> str:
    return IFF.get(content[8:12], "application/x-iff")


DNG_VERSION = 50706


def in_tiff(content: bytes) -> str:
    """https://www.iana.org/assignments/media-types/image/tiff, and camera formats based on it."""
    if content[8:10] == b"CR":
        return "image/x-canon-cr2"
    order = "<" if content[:2] == b"II" else ">"
    directory = unpack_from(f"{order}I", content.ljust(8, b"\0"), 4)[0]
    if directory + 2 <= len(content):
        count = unpack_from(f"{order}H", content, directory)[0]
        for at in range(directory + 2, min(directory + 2 + 12 * count, len(content) - 12), 12):
            if unpack_from(f"{order}H", content, at)[0] == DNG_VERSION:
                return "image/x-adobe-dng"
    return "image/tiff"


def in_matroska(content: bytes) -> str:
    """https://www.rfc-editor.org/rfc/rfc9559"""
    return "video/webm" if b"\x42\x82\x84webm" in content[:256] else "video/matroska"


OGG_VIDEO = (b"\x80theora", b"\x01video\x00\x00\x00", b"BBCD\x00", b"OVP80", b"\x80daala")
OGG_AUDIO = (b"\x01vorbis", b"OpusHead", b"Speex   ", b"\x7fFLAC", b"PCM     ")


def in_ogg(content: bytes) -> str:
    """By the streams' first pages: https://www.rfc-editor.org/rfc/rfc5334"""
    streams = [content[at + 28 : at + 40] for at in (found.start() for found in re.finditer(b"OggS\x00\x02", content))]
    if any(one.startswith(OGG_VIDEO) for one in streams):
        return "video/ogg"
    return "audio/ogg" if any(one.startswith(OGG_AUDIO) for one in streams) else "application/ogg"


ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")


def in_asf(content: bytes) -> str:
    if ASF_VIDEO in content:
        return "video/x-ms-wmv"
    return "audio/x-ms-wma" if ASF_AUDIO in content else "application/vnd.ms-asf"
