"""The row of an object: from its name, header and first bytes."""

import gzip
import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from file_metadata import content_types, metadata
from file_metadata.content_types import ContentType
from sluice_functions.s3_events import S3Object

SAMPLES = Path(__file__).parent.parent.parent / "samples"
PNG = (SAMPLES / "sunrise.png").read_bytes()
PDF = (SAMPLES / "report.pdf").read_bytes()
JSON = (SAMPLES / "order.json").read_bytes()


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "application/epub+zip" if name == "mimetype" else "x" * 100)
    return content.getvalue()


def tarred(name: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return content.getvalue()


CONTENTS = {
    "PNG": PNG,
    "PDF": PDF,
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(50),
    "MP4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2mp41" + bytes(30),
    "gzip": gzip.compress(b"text"),
    "ZIP": zipped("a.txt"),
    "Word": zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "tar": tarred("a.txt"),
    "JSON": JSON,
    "one letter": b"x",
    "UTF-8": "Größe, 大きさ".encode(),
    "Latin-1": "Größe".encode("latin-1"),
    "UTF-16": "Größe".encode("utf-16"),
    "text that begins as a bitmap does": b"BMW builds cars",
    "text that begins as a program does": b"MZ is short for Mozambique",
    "HTML": b"<!DOCTYPE html><script>alert(1)</script>",
    "zeros": bytes(100),
    "noise": bytes(range(256)) * 4,
}


@pytest.mark.parametrize(
    ("content", "detected"),
    [
        ("PNG", "image/png"),
        ("PDF", "application/pdf"),
        ("JPEG", "image/jpeg"),
        ("MP4", "video/mp4"),
        ("gzip", "application/gzip"),
        ("ZIP", "application/zip"),
        ("Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("tar", "application/x-tar"),
        ("JSON", "application/json"),
        ("HTML", "text/html"),
        ("one letter", "text/plain"),
        ("UTF-8", "text/plain"),
        ("Latin-1", "text/plain"),
        ("UTF-16", "text/plain"),
        ("text that begins as a bitmap does", "text/plain"),
        ("text that begins as a program does", "text/plain"),
        ("zeros", "application/octet-stream"),
        ("noise", "application/octet-stream"),
    ],
)
@pytest.mark.parametrize("header", [None, "", "binary/octet-stream", "application/octet-stream", "nonsense", "a/b/c"])
def test_where_the_header_says_nothing_the_content_decides(header: str | None, content: str, detected: str) -> None:
    assert content_types.decide(header, CONTENTS[content]) == ContentType(detected, "content", detected, mismatch=False)


@pytest.mark.parametrize(
    ("header", "content", "trusted"),
    [
        ("image/png", "PNG", "image/png"),
        ("IMAGE/PNG", "PNG", "image/png"),
        ("image/apng", "PNG", "image/apng"),
        ("image/jpg", "JPEG", "image/jpeg"),
        ("image/pjpeg", "JPEG", "image/jpeg"),
        ("audio/mp4", "MP4", "audio/mp4"),
        ("application/x-gzip", "gzip", "application/gzip"),
        ("application/x-zip-compressed", "ZIP", "application/zip"),
        ("application/java-archive", "ZIP", "application/java-archive"),
        # Its parts may come in an order that the detector does not expect.
        ("application/vnd.oasis.opendocument.text", "ZIP", "application/vnd.oasis.opendocument.text"),
        ("text/csv; charset=utf-8", "UTF-8", "text/csv"),
        ("text/plain", "Latin-1", "text/plain"),
        ("text/html", "UTF-16", "text/html"),
        ("application/json", "JSON", "application/json"),
        ("application/vnd.api+json", "JSON", "application/vnd.api+json"),
        ("image/svg+xml", "UTF-8", "image/svg+xml"),
        ("application/x-tex", "UTF-8", "application/x-tex"),
        ("application/vnd.apache.parquet", "noise", "application/vnd.apache.parquet"),
        ("video/mp2t", "noise", "video/mp2t"),
    ],
)
def test_a_header_that_the_content_bears_out_is_trusted_in_its_usual_spelling(
    header: str, content: str, trusted: str
) -> None:
    kind = content_types.decide(header, CONTENTS[content])
    assert (kind.trusted, kind.source, kind.mismatch) == (trusted, "header", False)


@pytest.mark.parametrize(
    ("header", "content", "trusted"),
    [
        ("application/pdf", "PNG", "image/png"),
        ("text/plain", "PNG", "image/png"),
        ("application/json", "PDF", "application/pdf"),
        ("image/png", "JPEG", "image/jpeg"),
        ("image/png", "HTML", "text/html"),
        ("image/x-unheard-of", "HTML", "text/html"),
        ("application/pdf", "HTML", "text/html"),
        ("application/zip", "UTF-8", "text/plain"),
        ("application/vnd.ms-excel", "UTF-8", "text/plain"),  # as some browsers upload a CSV file
        ("image/png", "noise", "application/octet-stream"),
        ("application/pdf", "zeros", "application/octet-stream"),
        ("text/html", "noise", "application/octet-stream"),
        ("application/json", "zeros", "application/octet-stream"),
        ("text/plain", "ZIP", "application/zip"),
        ("image/png", "ZIP", "application/zip"),
    ],
)
def test_a_header_that_the_content_contradicts_is_not_trusted(header: str, content: str, trusted: str) -> None:
    assert content_types.decide(header, CONTENTS[content]) == ContentType(trusted, "content", trusted, mismatch=True)


@pytest.mark.parametrize(
    ("header", "trusted"),
    [
        ("image/png", "image/png"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("binary/octet-stream", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_without_content_there_is_nothing_but_the_header_to_trust(header: str | None, trusted: str) -> None:
    assert content_types.decide(header, b"") == ContentType(trusted, "header", None, mismatch=False)


@pytest.mark.parametrize("header", ["x" * 128 + "/x", "x/" + "x" * 128, "x/y" * 1000, "/", "text/", "/plain", "ü/ö"])
def test_an_invalid_media_type_cannot_become_an_index_key(header: str) -> None:
    assert content_types.decide(header, b"").trusted == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("report.pdf", "pdf"),
        ("PHOTO.JPG", "jpg"),
        ("archive.tar.gz", "gz"),
        ("a.b c.d", "d"),
        ("Straße.ÄÖ", "äö"),
        ("no extension", None),
        (".bashrc", None),
        ("..bashrc", None),
        (".config.json", "json"),
        ("ends with a dot.", None),
        ("...", None),
        (".", None),
        ("version 1.2 final", None),
        ("a." + "x" * 32, "x" * 32),
        ("a." + "x" * 33, None),
    ],
)
def test_the_extension_follows_the_last_dot_of_a_name_that_has_one(name: str, extension: str | None) -> None:
    assert metadata.extension(name) == extension


def head(**changes: Any) -> dict[str, Any]:
    return {
        "LastModified": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "ContentLength": len(PNG),
        "ETag": '"0123456789abcdef0123456789abcdef"',
        "VersionId": "v1",
        "ContentType": "image/png",
        **changes,
    }


def test_a_row_has_all_attributes_of_the_object() -> None:
    assert metadata.row(S3Object("files", "holiday/Sunrise.PNG", "v1"), head(), PNG) == {
        "objectKey": "holiday/Sunrise.PNG",
        "uploadTime": "2026-01-02T03:04:05Z#v1",
        "uploadDay": "2026-01-02",
        "timestamp": "2026-01-02T03:04:05Z",
        "name": "Sunrise.PNG",
        "extension": "png",
        "size": len(PNG),
        "bucket": "files",
        "versionId": "v1",
        "eTag": "0123456789abcdef0123456789abcdef",
        "contentType": "image/png",
        "contentTypeSource": "header",
        "contentTypeMismatch": False,
        "headerContentType": "image/png",
        "detectedContentType": "image/png",
    }


def test_attributes_that_an_object_lacks_are_left_out_of_its_row() -> None:
    found = metadata.row(S3Object("files", "folder/", "v1"), head(ContentLength=0, ContentType=None), b"")
    assert found["name"] == "folder"
    assert found["contentType"] == "application/octet-stream"
    assert not {"extension", "headerContentType", "detectedContentType", "contentEncoding"} & set(found)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("releases/v1.2/", None),
        ("releases/v1.2", "2"),
        ("v1.2/notes", None),
        ("v1.2/notes.TXT", "txt"),
        (".git/", None),
    ],
)
def test_a_folder_has_no_extension(key: str, expected: str | None) -> None:
    assert metadata.row(S3Object("files", key), head(), b"").get("extension") == expected


@pytest.mark.parametrize(
    "encoding", ["utf-8", "identity", "base64", "UTF-8", "aws-chunked, utf-8", "none", "8bit", ","]
)
def test_a_content_encoding_that_is_no_coding_leaves_the_content_to_be_looked_at(encoding: str) -> None:
    found = metadata.row(S3Object("files", "a.png"), head(ContentEncoding=encoding, ContentType="image/jpeg"), PNG)
    assert (found["contentType"], found["contentTypeMismatch"]) == ("image/png", True)


@pytest.mark.parametrize(
    "encoding", ["gzip", "GZIP", "br", "zstd", "deflate", "aws-chunked,gzip", "utf-8, gzip", "x-gzip"]
)
def test_a_coding_is_known_in_any_spelling_and_among_other_words(encoding: str) -> None:
    found = metadata.row(S3Object("files", "a"), head(ContentEncoding=encoding), CONTENTS["gzip"])
    assert (found["contentType"], found["contentTypeMismatch"]) == ("image/png", False)
    assert "detectedContentType" not in found


def test_a_row_says_why_its_content_was_not_read() -> None:
    found = metadata.row(S3Object("files", "a.png"), head(), b"", "archived: restore it to read it")
    assert (found["contentNotRead"], found["contentType"]) == ("archived: restore it to read it", "image/png")


def test_the_extension_decides_the_type_if_header_and_content_do_not() -> None:
    found = metadata.row(S3Object("files", "notes/a.md"), head(ContentType=None), b"Nothing but words")
    assert (found["contentType"], found["contentTypeSource"]) == ("text/markdown", "extension")
    assert found["detectedContentType"] == "text/plain"


@pytest.mark.parametrize(
    ("header", "content", "extension", "trusted", "source"),
    [
        ("text/plain", b"Nothing but words", "md", "text/plain", "header"),  # a header that names a type is trusted
        (None, PNG, "md", "image/png", "content"),
        (None, b"Nothing but words", "png", "text/plain", "content"),
        (None, b"Nothing but words", "docx", "text/plain", "content"),
        (None, bytes(100), "md", "application/octet-stream", "content"),
        (None, JSON, "csv", "application/json", "content"),
        (None, b"Nothing but words", "unheard-of", "text/plain", "content"),
    ],
)
def test_an_extension_never_outdoes_header_or_content(
    header: str | None, content: bytes, extension: str, trusted: str, source: str
) -> None:
    kind = content_types.decide(header, content, extension)
    assert (kind.trusted, kind.source, kind.mismatch) == (trusted, source, False)


def test_the_content_of_an_encoded_object_is_not_used_for_its_type() -> None:
    page = S3Object("files", "page.html")
    found = metadata.row(page, head(ContentType="text/html", ContentEncoding="gzip"), CONTENTS["gzip"])
    assert (found["contentType"], found["contentTypeMismatch"]) == ("text/html", False)
    assert found["contentEncoding"] == "gzip"
    assert "detectedContentType" not in found


def test_a_chunked_upload_is_not_an_encoded_object() -> None:
    found = metadata.row(S3Object("files", "a.png"), head(ContentEncoding="aws-chunked"), PNG)
    assert found["detectedContentType"] == "image/png"
    assert "contentEncoding" not in found


def test_an_object_of_the_greatest_size_has_its_size_to_the_byte() -> None:
    five_tebibytes = 5 * 1024**4
    assert metadata.row(S3Object("files", "big"), head(ContentLength=five_tebibytes), b"x")["size"] == five_tebibytes


def test_the_day_is_the_day_in_utc() -> None:
    late = datetime.fromisoformat("2026-01-02T23:30:00-05:00")
    found = metadata.row(S3Object("files", "a"), head(LastModified=late), b"x")
    assert (found["uploadDay"], found["uploadTime"]) == ("2026-01-03", "2026-01-03T04:30:00Z#v1")
