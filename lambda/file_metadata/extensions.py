"""File name extensions, used if no header names a type."""

from .comparison import allows
from .detection import Shown
from .media_types import UNKNOWN, canonical
from .texts import PLAIN

# Types that their content does not distinguish from others of the same container.
_EXTENSIONS = """
text/csv csv
text/tab-separated-values tsv tab
text/markdown md markdown
text/css css
text/javascript js mjs cjs
text/x-python py
text/x-java-source java
text/x-c c h cpp hpp
text/prs.fallenstein.rst rst
application/json json
application/jsonl jsonl ndjson
application/yaml yaml yml
application/toml toml
application/sql sql
application/x-sh sh bash
application/x-tex tex
text/vcard vcf
text/calendar ics
application/x-subrip srt
application/vnd.apple.mpegurl m3u8 m3u
application/typescript tsx
image/x-adobe-dng dng
image/x-nikon-nef nef
image/x-sony-arw arw
image/x-pentax-pef pef
application/vnd.apple.pages pages
application/vnd.apple.numbers numbers
application/vnd.apple.keynote key
application/vnd.google-earth.kmz kmz
application/vnd.comicbook+zip cbz
application/vnd.comicbook-rar cbr
application/java-archive jar war ear
application/x-xpinstall xpi
application/vnd.android.package-archive apk
model/3mf 3mf
application/vnd.ms-outlook msg
application/x-msi msi
application/msword doc dot
application/vnd.ms-excel xls xlt
application/vnd.ms-powerpoint ppt pps pot
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.oasis.opendocument.text odt
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.presentation odp
audio/mp4 m4a m4b
audio/matroska mka
audio/webm weba
audio/ogg oga ogg opus
video/ogg ogv
audio/mpeg mp3
audio/aac aac
audio/flac flac
video/mp4 mp4 m4v
video/mp2t ts mts m2ts
application/illustrator ai
application/geopackage+sqlite3 gpkg
application/x-iso9660-image iso
"""
TYPES = {
    extension: name
    for name, *known in (line.split() for line in _EXTENSIONS.strip().splitlines())
    for extension in known
}


def refine(shown: Shown, extension: str | None) -> str | None:
    """The extension's type, if the content shows only a container of it, plain text or nothing."""
    name = canonical(TYPES.get(extension or "", UNKNOWN))
    if name in (UNKNOWN, shown.name) or shown.name not in GENERAL or not allows(name, shown):
        return None
    return name


GENERAL = {
    UNKNOWN,
    PLAIN,
    *("application/zip", "application/x-ole-storage", "application/gzip", "application/pdf", "application/vnd.rar"),
    *("application/vnd.sqlite3", "image/tiff", "application/ogg", "video/mp4", "video/matroska", "video/webm"),
    *("application/vnd.ms-asf", "application/java-archive"),
    *("audio/mpeg", "video/quicktime"),
}
