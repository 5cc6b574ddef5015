"""Right headers that senders really use: other names of a type, and labels wider or narrower than the content."""

import gzip
import io
import lzma
import struct
import tarfile
import zipfile

import pytest

from file_metadata.content_types import decide

AVRO = b"Obj\x01\x04\x14avro.codec\x08null\x16avro.schema"
ORC = b"ORC\x11\x00\x00\x0a\x05\x12\x03"
DDS = b"DDS \x7c\x00\x00\x00\x07\x10\x00\x00" + bytes(100)
DICOM = bytes(128) + b"DICM\x02\x00\x00\x00UL"
GLB = b"glTF\x02\x00\x00\x00" + bytes(20)
PROGRAM = b"MZ\x90\x00" + bytes(200)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
BATCH = b"@echo off\r\necho hello\r\n"
COM = b"\xe9\x10\x01" + bytes(range(1, 200))


def zipped(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "x")
    return content.getvalue()


TAR_FILE = io.BytesIO()
with tarfile.open(fileobj=TAR_FILE, mode="w") as archive:
    archive.addfile(tarfile.TarInfo("a.txt"))
TAR = TAR_FILE.getvalue()
# A BITMAPINFOHEADER: size, width, height, planes, bits.
DIB = struct.pack("<IiiHH", 40, 32, -32, 1, 24) + bytes(200)
PAM = b"P7\n# of a scanner\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n\x01\x02\x03"
SKIPPED = struct.pack("<II", 0x184D2A5F, 3) + b"abc\x28\xb5\x2f\xfd\x04\x00"
LATE_PDF = b"\r\nHTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"

AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(60)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(60)
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD, JAR = zipped("word/document.xml"), zipped("META-INF/MANIFEST.MF")
PE = "application/vnd.microsoft.portable-executable"


@pytest.mark.parametrize(
    ("header", "content", "stored"),
    [
        *((name, AVRO, "application/vnd.apache.avro") for name in ("avro/binary", "application/x-avro-binary")),
        ("application/vnd.apache.avro+binary", AVRO, "application/vnd.apache.avro"),
        ("APPLICATION/AVRO; charset=binary", AVRO, "application/vnd.apache.avro"),
        *((name, ORC, "application/vnd.apache.orc") for name in ("application/orc", "application/x-orc")),
        ("image/vnd.ms-dds", DDS, "image/vnd-ms.dds"),
        ("image/dicom", DICOM, "application/dicom"),
        ("model/gltf.binary", GLB, "model/gltf-binary"),
        ("audio/dsf", b"DSD \x1c" + bytes(60), "audio/x-dsf"),
        ("image/x-rgb", b"\x01\xda\x01\x01" + bytes(60), "image/x-sgi"),
        ("application/x-grib2", b"GRIB\x00\x00\x00\x02" + bytes(60), "application/grib"),
        # More exact than what the content shows.
        ("application/geopackage+sqlite3", b"SQLite format 3\x00" + bytes(90), "application/geopackage+sqlite3"),
        ("application/vnd.apple.installer+xml", b"xar!\x00\x1c\x00\x01", "application/vnd.apple.installer+xml"),
        # As the AWS command line labels .tar.gz, and what Windows runs.
        *(("application/x-tar", one, "application/x-tar") for one in (gzip.compress(TAR), lzma.compress(TAR))),
        ("application/x-msdownload", PROGRAM, PE),
        ("application/x-msdos-program", PROGRAM, PE),
        ("application/x-msdownload", OLE, "application/x-msdownload"),
        ("application/x-msdownload", BATCH, "application/x-msdownload"),
        ("application/x-msdos-program", COM, "application/x-msdownload"),
        ("application/msword", b"{\\rtf1\\ansi text}", "application/msword"),
        ("application/vnd.ms-outlook", b"!BDN" + bytes(60), "application/vnd.ms-outlook"),
        # Forms without the usual beginning.
        ("image/bmp", DIB, "image/bmp"),
        ("image/x-portable-anymap", PAM, "image/x-portable-anymap"),
        ("application/zstd", SKIPPED, "application/zstd"),
        ("audio/mp4a-latm", b"\x56\xe0\x10" + bytes(range(256)), "audio/mp4a-latm"),
        ("application/pdf", LATE_PDF, "application/pdf"),
        ("image/heif", AVIF, "image/heif"),
        ("application/x-netcdf", b"\x89HDF\r\n\x1a\n" + bytes(60), "application/x-netcdf"),
        ("text/plain", b"<!DOCTYPE html><p>404</p>", "text/plain"),
    ],
)
def test_a_right_header_is_trusted_under_the_types_one_name(header: str, content: bytes, stored: str) -> None:
    kind = decide(header, content)
    assert (kind.trusted, kind.source, kind.mismatch) == (stored, "header", False)


@pytest.mark.parametrize(
    ("header", "content", "shown"),
    [
        ("application/x-msdownload", b"\x89PNG\r\n\x1a\n" + bytes(90), "image/png"),
        ("application/x-tar", b"\x89PNG\r\n\x1a\n" + bytes(90), "image/png"),
        ("application/gzip", TAR, "application/x-tar"),
        ("application/x-avro-schema", ORC, "application/vnd.apache.orc"),
        ("image/bmp", bytes(100), "application/octet-stream"),
        ("application/pdf", b"The header is %PDF-1.4\nand then comes an object.\n", "text/plain"),
        ("application/vnd.ms-excel", b"a,b\r\n1,2\r\n", "text/csv"),
        (PE, OLE, "application/x-ole-storage"),
        ("application/x-hdf5", b"CDF\x01" + bytes(60), "application/x-netcdf"),
        ("application/x-iso9660-image", b"\x7fELF\x02" + bytes(60), "application/x-elf"),
        ("image/heic", AVIF, "image/avif"),
        ("image/avif", HEIC, "image/heic"),
        ("application/vnd.android.package-archive", WORD, WORD_TYPE),
        (WORD_TYPE, JAR, "application/java-archive"),
        *((name, b"<!DOCTYPE html><p>404</p>", "text/html") for name in ("text/csv", "text/css", "text/calendar")),
        ("text/calendar", b"BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD\r\n", "text/vcard"),
    ],
)
def test_a_wrong_header_is_still_contradicted(header: str, content: bytes, shown: str) -> None:
    kind = decide(header, content)
    assert (kind.trusted, kind.source, kind.mismatch) == (shown, "content", True)
