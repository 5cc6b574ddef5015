"""Types that share a container, text formats, and types with a fixed signature."""

import re

from . import containers
from .signatures import AT_START, ELSEWHERE
from .structures import STRUCTURES

# A family holds types that the first bytes cannot distinguish reliably. A type that is in no line here, and that the
# detector knows, is a family by itself.
_FAMILIES = """
png image/png image/apng
jpeg image/jpeg image/jps image/mpo image/x-mpo video/x-mjpeg video/x-motion-jpeg image/jls
jpeg2000 image/jp2 image/jpx image/jpm video/mj2 image/x-jp2-codestream image/j2c image/jph image/jphc
jxl image/jxl
mng video/x-mng image/x-jng
iso audio/mp4 video/mp4 application/mp4 audio/mp4a-latm video/mp4v-es video/quicktime video/3gpp video/3gpp2 \
 audio/3gpp audio/3gpp2 video/iso.segment audio/aac image/heic image/heif image/heic-sequence image/heif-sequence \
 image/avif image/avif-sequence image/x-canon-cr3 video/x-f4v audio/x-f4a audio/vnd.audible.aax video/vnd.dvb.file \
 audio/x-aax image/hevc
midi audio/midi audio/sp-midi
exr image/x-exr image/aces
metafile image/wmf image/emf
amr audio/amr audio/amr-wb audio/amr-encrypted audio/amr-wb-encrypted
rpm application/x-rpm application/x-source-rpm
bzip application/x-bzip application/x-bzip2
framemaker application/vnd.framemaker application/vnd.mif
7z application/x-7z-compressed application/vnd.comicbook-rar application/x-cb7
ace application/x-ace-compressed application/vnd.comicbook-rar
cab application/vnd.ms-cab-compressed application/x-windows-themepack
chrome application/x-chrome-extension
tiff image/tiff image/tiff-fx image/x-adobe-dng image/x-canon-cr2
asf application/vnd.ms-asf audio/x-ms-wma video/x-ms-wmv application/x-ms-asx
ogg application/ogg audio/ogg video/ogg audio/opus audio/speex audio/vorbis video/theora application/annodex
matroska video/matroska audio/matroska video/webm audio/webm video/matroska-3d
riff application/x-riff
iff application/x-iff image/x-ilbm
id3 audio/mpeg audio/aac audio/flac audio/x-tta audio/ape audio/x-wavpack audio/x-musepack audio/mp2 audio/mp1 \
 audio/x-mp1 audio/x-mp2 video/mpeg audio/mpa
mpegaudio audio/mpeg audio/mp2 audio/mp1 audio/x-mp1 audio/x-mp2 audio/mpa video/mpeg
programstream video/mpeg video/mp2p video/dvd video/mp1s video/mp2t
pdf application/pdf application/illustrator application/postscript
postscript application/postscript application/illustrator application/x-font-type1 application/x-font
gzip application/gzip
zip application/zip application/vnd.visio application/vnd.comicbook-rar application/x-ios-app \
 application/java-archive application/vnd.android.package-archive
ole application/x-ole-storage application/x-msdownload application/msword application/vnd.ms-excel \
 application/vnd.ms-powerpoint \
 application/vnd.ms-outlook application/vnd.visio application/x-msi application/x-mspublisher application/vnd.ms-works \
 application/x-hwp application/vnd.ms-project \
 image/vnd.fpx application/vnd.wordperfect application/x-quattro-pro
tar application/x-tar application/vnd.comicbook-rar
cpio application/x-cpio
ar application/x-archive application/vnd.debian.binary-package
sqlite application/vnd.sqlite3
hdf application/x-hdf5 application/x-hdf
elf application/x-elf application/x-sharedlib application/x-object application/x-pie-executable application/x-core \
 application/x-coredump application/x-executable application/vnd.appimage application/x-iso9660-appimage
program application/vnd.microsoft.portable-executable application/x-msdownload application/x-ms-installer-exe \
 application/x-sharedlib application/x-font-fon application/efi application/x-ms-ne-executable
mach application/x-mach-binary application/x-executable application/x-sharedlib application/x-object \
 application/x-java-jnilib
netpbm image/x-portable-bitmap image/x-portable-graymap image/x-portable-pixmap image/x-portable-anymap \
 image/x-portable-arbitrarymap
sfnt font/ttf font/otf font/sfnt font/collection
raster image/x-sun-raster image/x-cmu-raster
lotus application/vnd.lotus-1-2-3 application/x-quattro-pro
xar application/x-xar application/vnd.apple.installer+xml
stuffit application/x-stuffit application/x-stuffitx
outlook application/vnd.ms-outlook-pst application/vnd.ms-outlook
pcap application/vnd.tcpdump.pcap application/x-pcapng
access application/vnd.ms-access
icon image/vnd.microsoft.icon image/x-win-bitmap
flash application/vnd.adobe.flash.movie
realmedia application/vnd.rn-realmedia audio/vnd.rn-realaudio video/vnd.rn-realvideo
dts audio/vnd.dts audio/vnd.dts.hd
palm application/vnd.palm application/x-mobipocket-ebook application/vnd.amazon.mobi8-ebook
rar application/vnd.rar application/vnd.comicbook-rar
bittorrent application/x-bittorrent
"""
FAMILIES: dict[str, set[str]] = {}
for _line in _FAMILIES.replace(" \\\n", " ").strip().splitlines():
    _family, *_members = _line.split()
    FAMILIES[_family] = set(_members)

# Containers with an open-ended number of formats. An unknown type can be in one if its top-level type is one of these.
OPEN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("zip", "gzip"), ("application/", "image/", "model/", "audio/", "video/", "chemical/")),
    "ole": ("application/", "image/", "model/"),
    **dict.fromkeys(("iso", "riff", "iff"), ("audio/", "video/", "image/", "application/")),
    **dict.fromkeys(("asf", "ogg", "matroska", "realmedia"), ("audio/", "video/", "application/")),
    "id3": ("audio/",),
    "programstream": ("video/",),
    "tiff": ("image/",),
    **dict.fromkeys(
        ("tar", "sqlite", "hdf", "ar", "palm", "cpio", "access", "pdf", "sfnt"), ("application/", "model/")
    ),
}
# Compression and archive formats, which have no signature of the type inside.
for _name in (
    *("application/x-xz", "application/zstd", "application/x-lz4"),
    *("application/x-compress", "application/x-lzma", "application/x-lzip", "application/zlib"),
    *("rar", "7z", "ace", "bzip", "cab", "application/vnd.squashfs", "application/x-bplist", "application/cbor"),
):
    OPEN[_name] = ("application/", "model/")

# Patterns are compiled on first use and cached by `re`: compiling all would slow down cold starts.
OPENXML = r"application/vnd\.(openxmlformats-officedocument\..*|ms-.*\.macroenabled\.12|ms-visio\..*)"
_FLAT = r"application/vnd\.oasis\.opendocument\.(.*-flat-xml|flat\..*)"
ZIPPED = (
    r".*\+zip|application/vnd\.(oasis\.opendocument\.|sun\.xml\.|apple\.(pages|numbers|keynote)$|etsi\.asic|"
    r"google-earth\.kmz$|ms-xpsdocument$).*|application/(oxps|appx|x-xpinstall)|model/3mf|image/openraster"
)
TEXTUAL = (
    r"text/.*|message/.*|.*\+(json|xml|yaml)|application/(json.*|xml.*|yaml|toml|sql|graphql|x-sh|x-perl|x-php|x-ruby|"
    r"x-tex|x-subrip|x-httpd-.*|mbox|xml-dtd|jsonl|vnd\.apple\.mpegurl|sparql-.*|n-triples|n-quads|trig)|audio/x-scpls"
)

# A type that can be in one of these containers, or stand alone: ADTS is plain audio, and AAC can be in MP4.
_CONTAINERS = "zip ole iso tiff asf ogg matroska riff iff id3 pdf jpeg2000 mpegaudio"
CONTAINERS = set(_CONTAINERS.split())

# Types whose signature is optional, or not always at the start.
_WITHOUT_FIXED_SIGNATURE = """
application/bufr application/cbor application/dicom application/grib application/mac-binhex40 application/msword
application/mxf application/postscript application/vnd.apache.parquet application/vnd.framemaker
application/vnd.lotus-1-2-3 application/vnd.lotus-wordpro application/vnd.ms-excel
application/vnd.ms-outlook-pst application/vnd.ms-project application/vnd.ms-works application/vnd.palm
application/vnd.shp application/vnd.wordperfect application/x-apple-partition-map application/x-blender
application/x-bplist application/x-cpio application/x-dvi application/x-elf application/x-font-type1
application/x-hwp application/x-iso9660-image application/x-java-keystore application/x-lzma
application/x-matlab-data application/x-msdownload application/x-mswrite application/x-quattro-pro
application/x-spss-sav application/x-stata-dta application/x-stuffit application/x-tar application/x-vhd-disk
application/x-vmdk-disk audio/aac audio/ac3 audio/amr audio/basic audio/mp4a-latm audio/mpeg audio/vnd.dts
audio/x-mod audio/x-musepack audio/x-psf audio/x-vgm audio/x-voc image/emf image/fits image/nii image/wmf
image/x-cineon image/x-jp2-codestream image/x-minolta-mrw image/x-tga video/mp2t video/mpeg video/quicktime
video/x-flic video/x-nsv
"""
WITHOUT_FIXED_SIGNATURE = set(_WITHOUT_FIXED_SIGNATURE.split())

_FAMILY_OF: dict[str, set[str]] = {}
for _name in {
    *(name for name, _ in AT_START),
    *(name for name, _, _ in ELSEWHERE),
    *(name for name, _, _ in STRUCTURES),
    *containers.RIFF.values(),
    *containers.IFF.values(),
    *(member for members in FAMILIES.values() for member in members),
    "image/x-tga",
}:
    _FAMILY_OF[_name] = {family for family, members in FAMILIES.items() if _name in members} or {_name}


def families(name: str) -> set[str]:
    """The families of a type; empty if it is unknown."""
    known = set(_FAMILY_OF.get(name, ()))
    if re.fullmatch(_FLAT, name):
        return {"text"}
    if re.fullmatch(OPENXML, name):
        # OLE if a password protects it; a single part of a package is text.
        known |= {"text"} if name.endswith("+xml") and ".main+" not in name else {"zip", "ole"}
    elif re.fullmatch(ZIPPED, name):
        known.add("zip")
    elif re.fullmatch(TEXTUAL, name):
        known.add("text")
    return known
