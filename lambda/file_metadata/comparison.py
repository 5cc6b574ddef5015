"""Whether a content can be of a claimed type."""

import re

from . import containers, markup, texts
from .detection import WRITTEN_AS_TEXT, Evidence, Shown
from .families import CONTAINERS, FAMILIES, OPEN, OPENXML, WITHOUT_FIXED_SIGNATURE, families
from .media_types import UNKNOWN

# The types that a container distinguishes, if both the claim and the content name one of them.
GROUPS = (
    ("word", r"wordprocessingml|ms-word|msword"),
    ("excel", r"spreadsheetml|ms-excel"),
    ("powerpoint", r"presentationml|ms-powerpoint"),
    ("visio", r"visio"),
    ("program", r"portable-executable$"),
    ("message", r"ms-outlook$"),
    ("opendocument", r"opendocument"),
    ("book", r"epub\+zip"),
    ("model", r"model/3mf"),
    ("map", r"\.kmz"),
    ("java", r"java-archive$|android\.package-archive$"),
    ("picture", r"image/(hei[cf]|avif|x-canon-cr3)"),
    ("film", r"(video|audio)/(mp4|quicktime|3gpp2?|x-f4[av])"),
)

# They share a container and differ by brand: a file is one of them only. `image/heif` may be any of them.
PICTURES_BY_BRAND = {"image/heic", "image/avif", "image/x-canon-cr3"}

# Audio, picture and font formats that are text.
WRITTEN_MEDIA = (
    r".*\+(xml|json)|image/(x-xpixmap|x-xbitmap|vnd\.dxf|x-portable-.*|fits)|audio/(x-scpls|x-imelody|x-pn-realaudio|"
    r"vnd\.rn-realaudio)|video/vnd\.mpegurl"
)
MEDIA = ("image/", "audio/", "video/", "font/")

# Office encrypts a password-protected document in an OLE storage that hides its type.
TYPED_STORAGES = FAMILIES["ole"] - {containers.OLE}

# Office's text formats, which have no media type of their own.
WRITTEN_OFFICE = {
    "application/msword": {"application/vnd.ms-wordml", "application/rtf"},
    "application/vnd.ms-excel": {"application/vnd.ms-spreadsheetml"},
    "application/vnd.ms-project": {markup.XML},
}

# Known binary formats that also have a text form.
WRITABLE = {
    *(
        name
        for name in WRITTEN_AS_TEXT
        if name not in ("application/pdf", "application/rtf", "application/x-bittorrent")
    ),
    *("application/x-ms-asx", "application/vnd.ms-asf", "audio/vnd.rn-realaudio", "application/x-vmdk-disk"),
    *("application/x-lua-bytecode", "application/vnd.autodesk.fbx", "application/x-matlab-data", "image/vnd.radiance"),
    *(name for name in FAMILIES["netpbm"]),
    "application/x-msdownload",  # batch files, beside programs
}

# Formats that are built on another format, by the format that is detected.
MADE_OF = {
    # Tools for tar archives decompress them. Python and the AWS CLI label `.tar.gz` as tar.
    **{
        compression: {"application/x-tar"}
        for compression in (
            *("application/gzip", "application/x-bzip2", "application/x-bzip", "application/x-xz", "application/zstd"),
            *("application/x-compress", "application/x-lzma", "application/x-lzip", "application/x-lz4"),
        )
    },
    # netCDF from version 4, MATLAB files from version 7.3.
    "application/x-hdf5": {"application/x-netcdf", "application/x-matlab-data"},
    "application/x-hdf": {"application/x-netcdf"},
}

# Texts that are recognized for certain, and types whose content never begins with one of these: an HTML error page
# saved as a table, a contact labelled as a calendar.
UNMISTAKABLE = {markup.HTML, markup.XHTML, "image/svg+xml", "text/calendar", "text/vcard", "text/vtt"}
BEGINS_OTHERWISE = {"text/calendar", "text/vcard", "text/vtt", "text/csv", "text/tab-separated-values", "text/css"}

# Types whose own specification allows gzip: https://www.w3.org/TR/SVG2/conform.html
MAY_BE_GZIPPED = {"image/svg+xml", "model/vrml", "model/x3d+xml"}


def allows(claimed: str, shown: Shown, inside: str | None = None) -> bool:
    """Whether a content can be of the claimed type: true unless something proves another. `inside` is the type of a
    compressed content after decompression.
    """
    if claimed == shown.name or (claimed == inside and claimed in MAY_BE_GZIPPED):
        return True
    if claimed in MADE_OF.get(shown.name, ()) or shown.name in WRITTEN_OFFICE.get(claimed, ()):
        return True
    if shown.evidence is Evidence.SIGNATURE:
        return _may_be_in(claimed, shown)
    if shown.evidence is Evidence.TEXT:
        return _may_be_text(claimed, shown.name)
    # A weak resemblance to one format does not rule out another.
    if shown.evidence is Evidence.BINARY:
        return "text" not in families(claimed) and not _has_fixed_signature(claimed)
    return not _has_fixed_signature(claimed)


def is_other_name(claimed: str, shown: str) -> bool:
    """Whether a name that is not known says the same as the shown type's: `avro/binary`, `application/x-orc`."""
    return not families(claimed) and _words(claimed) == _words(shown) != set()


def _is_more_exact_name(claimed: str, shown: str) -> bool:
    words = _words(shown)
    return bool(words) and words <= _words(claimed)


def _words(name: str) -> set[str]:
    parts = (part.rstrip("0123456789") or part for part in re.split(r"[/.+-]", name))
    return set(parts) - NO_WORDS


# Of registries, vendors and kinds, in a type's name.
_NO_WORDS = "application audio image video model font text x vnd prs ms apache android binary data file compressed"
NO_WORDS = {*_NO_WORDS.split(), ""}


def _may_be_in(claimed: str, shown: Shown) -> bool:
    known, container = families(claimed), families(shown.name) - CONTAINERS | {shown.container or shown.name}
    if not known:
        return _is_more_exact_name(claimed, shown.name) or any(
            claimed.startswith(OPEN.get(one, ())) for one in container
        )
    return bool(known & container) and not _in_other_group(claimed, shown.name)


def _in_other_group(claimed: str, shown: str) -> bool:
    if {claimed, shown} <= PICTURES_BY_BRAND:
        return True
    if shown in TYPED_STORAGES and re.fullmatch(OPENXML, claimed):
        return True
    ours, theirs = (next((group for group, mark in GROUPS if re.search(mark, one)), None) for one in (claimed, shown))
    if ours == theirs == "opendocument":
        return claimed.removesuffix("-template") != shown.removesuffix("-template")
    return ours is not None and theirs is not None and ours != theirs


def _may_be_text(claimed: str, shown: str) -> bool:
    if shown in UNMISTAKABLE and claimed in BEGINS_OTHERWISE:
        return False
    if claimed.startswith(MEDIA) and not re.fullmatch(WRITTEN_MEDIA, claimed) and shown in (markup.HTML, texts.JSON):
        return False
    if re.fullmatch(r"application/json|.*\+json", claimed):
        return not _is_markup(shown)
    if re.fullmatch(r"application/xml|.*\+xml", claimed) and families(claimed) == {"text"}:
        return (
            shown != texts.JSON and not shown.endswith("+json") and (claimed != "image/svg+xml" or shown != markup.HTML)
        )
    known = families(claimed)
    return (
        not known
        or "text" in known
        or bool(known & families(shown))
        or claimed in WRITABLE
        or re.fullmatch(WRITTEN_MEDIA, claimed) is not None
    )


def _is_markup(shown: str) -> bool:
    return shown in (markup.HTML, markup.XML) or shown.endswith("+xml")


def _has_fixed_signature(claimed: str) -> bool:
    known = families(claimed)
    return bool(known) and "text" not in known and claimed not in WITHOUT_FIXED_SIGNATURE and claimed != UNKNOWN
