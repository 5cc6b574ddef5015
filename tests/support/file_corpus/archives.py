import bz2
import gzip
import io
import lzma
import tarfile
from struct import pack

from .documents import zipped
from .sample import Sample, padded

TEXT = b"some text, many times over\n" * 20
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ZIP = "application/zip"


def tarred(kind: int) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=kind) as archive:
        archive.addfile(tarfile.TarInfo("folder/a.txt"))
    return content.getvalue()


def old_tar() -> bytes:
    """From before there was a signature: its checksum shows it."""
    header = bytearray(tarred(tarfile.USTAR_FORMAT)[:512])
    header[257:512] = bytes(255)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header).ljust(2048, b"\0")


SAMPLES = (
    Sample(
        "a.zip",
        zipped(("a.txt", "x" * 100)),
        "application/zip application/x-zip-compressed application/x-zip",
        right=f"{ZIP} {DOCX}",
    ),
    Sample("empty.zip", b"PK\x05\x06" + bytes(18), "application/zip"),
    Sample(
        "a.jar",
        zipped(("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n"), ("a/B.class", "x")),
        "application/java-archive application/x-java-archive application/x-jar",
        right=f"{ZIP} {DOCX}",
    ),
    Sample(
        "a.apk",
        zipped(("AndroidManifest.xml", "x"), ("classes.dex", "x")),
        "application/vnd.android.package-archive",
        "application/java-archive",
        right=f"{ZIP} {DOCX}",
    ),
    Sample(
        "a.ipa",
        zipped(("Payload/a.app/Info.plist", "x")),
        "application/x-ios-app application/x-itunes-ipa",
        right=f"{ZIP} {DOCX}",
    ),
    Sample(
        "a.xpi",
        zipped(("META-INF/mozilla.rsa", "x"), ("manifest.json", "{}")),
        "application/x-xpinstall",
        right=f"{ZIP} {DOCX}",
    ),
    Sample(
        "new.xpi",
        zipped(("manifest.json", "{}")),
        "application/x-xpinstall",
        shows=ZIP,
        named=True,
        right=f"{ZIP} {DOCX}",
    ),
    Sample("a.kmz", zipped(("doc.kml", "<kml/>")), "application/vnd.google-earth.kmz", right=f"{ZIP} {DOCX}"),
    Sample(
        "a.cbz",
        zipped(("001.png", "x")),
        "application/vnd.comicbook+zip application/x-cbz",
        "application/vnd.comicbook-rar",
        shows=ZIP,
        named=True,
        right=f"{ZIP} {DOCX}",
    ),
    Sample(
        "a.3mf",
        zipped(
            (
                "[Content_Types].xml",
                '<Types><Default Extension="model" ContentType='
                '"application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>',
            ),
            ("3D/3dmodel.model", "<x/>"),
        ),
        "model/3mf application/vnd.ms-package.3dmanufacturing-3dmodel+xml",
        right=f"{ZIP}",
    ),
    Sample("a.usdz", zipped(("a.usdc", "x"), packed=False), "model/vnd.usdz+zip", right=f"{ZIP} {DOCX}"),
    Sample(
        "a.ora",
        zipped(("mimetype", "image/openraster"), ("stack.xml", "<x/>")),
        "image/openraster",
        right=f"{ZIP} {DOCX}",
    ),
    Sample("unknown.zip", zipped(("a.bin", "x")), "application/x-nobody-knows-this", shows=ZIP, right=f"{ZIP} {DOCX}"),
    Sample("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(80), "application/x-7z-compressed"),
    Sample(
        "a.rar", b"Rar!\x1a\x07\0\xcf" + bytes(80), "application/vnd.rar application/x-rar application/x-rar-compressed"
    ),
    Sample("five.rar", b"Rar!\x1a\x07\x01\0" + bytes(80), "application/vnd.rar application/x-rar"),
    Sample(
        "a.cbr",
        b"Rar!\x1a\x07\0\xcf" + bytes(80),
        "application/vnd.comicbook-rar application/x-cbr",
        shows="application/vnd.rar",
        named=True,
    ),
    Sample("a.gz", gzip.compress(TEXT), "application/gzip application/x-gzip application/x-tgz"),
    Sample("unknown.gz", gzip.compress(TEXT), "application/x-nobody-knows-this", shows="application/gzip"),
    Sample("a.bz2", bz2.compress(TEXT), "application/x-bzip2 application/bzip2", "application/x-bzip"),
    Sample("a.xz", lzma.compress(TEXT), "application/x-xz application/xz"),
    Sample("a.lzma", lzma.compress(TEXT, format=lzma.FORMAT_ALONE), "application/x-lzma"),
    Sample("a.zst", b"\x28\xb5\x2f\xfd\x04\0\x29\0\0" + bytes(40), "application/zstd application/x-zstd"),
    Sample("a.lz4", b"\x04\x22\x4d\x18\x64\x40\xa7" + bytes(40), "application/x-lz4"),
    Sample("a.lz", b"LZIP\x01\x0c\0" + bytes(40), "application/x-lzip"),
    Sample("a.lzo", b"\x89LZO\0\r\n\x1a\n" + bytes(40), "application/x-lzop"),
    Sample("a.Z", b"\x1f\x9d\x90\x61\x04\x01" + bytes(40), "application/x-compress"),
    Sample("a.tar", tarred(tarfile.USTAR_FORMAT), "application/x-tar application/tar application/x-gtar"),
    Sample("gnu.tar", tarred(tarfile.GNU_FORMAT), "application/x-tar", "application/x-nobody-knows-this"),
    Sample("pax.tar", tarred(tarfile.PAX_FORMAT), "application/x-tar"),
    Sample("old.tar", old_tar(), "application/x-tar"),
    Sample("a.cpio", b"07070100000000" + bytes(80), "application/x-cpio"),
    Sample("old.cpio", b"\xc7\x71" + pack("<12H", *range(12)) + bytes(80), "application/x-cpio"),
    Sample("a.arj", b"\x60\xea\x2b\0\x1e" + bytes(80), "application/x-arj application/x-arj-compressed"),
    Sample(
        "a.lha", b"\x20\x10-lh5-\0\0" + bytes(80), "application/x-lzh-compressed application/x-lha application/x-lzh"
    ),
    Sample("a.ace", padded(b"**ACE**", 7), "application/x-ace-compressed application/x-ace"),
    Sample("a.cab", b"MSCF\0\0\0\0\x40" + bytes(80), "application/vnd.ms-cab-compressed application/x-cab"),
    Sample(
        "a.rpm", b"\xed\xab\xee\xdb\x03\0\0\0" + bytes(80), "application/x-rpm application/x-redhat-package-manager"
    ),
    Sample(
        "a.deb",
        b"!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n" + bytes(80),
        "application/vnd.debian.binary-package application/x-debian-package application/x-deb",
        "application/x-archive",
    ),
    Sample(
        "a.a",
        b"!<arch>\n/               0           0     0     0       4         `\n\0\0\0\0",
        "application/x-archive",
    ),
    Sample("a.xar", b"xar!\0\x1c\0\x01" + bytes(80), "application/x-xar"),
    Sample("a.sit", b"SIT!\0\x01" + bytes(80), "application/x-stuffit application/x-sit"),
    Sample("a.wim", b"MSWIM\0\0\0\xd0\0" + bytes(80), "application/x-ms-wim"),
    Sample("a.squashfs", b"hsqs\x07\0\0\0" + bytes(80), "application/vnd.squashfs"),
    Sample("a.crx", b"Cr24\x03\0\0\0" + bytes(80), "application/x-chrome-extension application/x-chrome-package"),
    Sample(
        "a.iso",
        bytes(8192),
        "application/x-iso9660-image application/x-cd-image",
        shows="application/octet-stream",
        named=True,
    ),
    Sample("a.par2", b"PAR2\0PKT" + bytes(80), "application/x-par2"),
    Sample("words.zip", zipped(("word/list.txt", "x" * 100)), "application/zip", right=f"{ZIP} {DOCX}"),
)
