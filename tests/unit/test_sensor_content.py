"""Decoding of an object's bytes: gzip, encodings, limits, and errors for other content."""

import gzip
import time
import tracemalloc
from collections.abc import Callable

import pytest

from sensor_pipeline import content
from sensor_pipeline.content import LARGEST_CONTENT, Unreadable, read_text

TEXT = '{"unit": "°C", "note": "日本"}'


def refused(data: bytes, **told: str) -> str:
    with pytest.raises(Unreadable) as reason:
        read_text(data, **told)
    return str(reason.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_unicode_is_read_with_a_mark_and_without(encoding: str) -> None:
    assert read_text(TEXT.encode(encoding)).lstrip("\ufeff") == TEXT
    assert read_text(gzip.compress(TEXT.encode(encoding))).lstrip("\ufeff") == TEXT


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\xff\xfe"])
def test_byte_order_marks_distinguish_big_and_little_endian(mark: bytes) -> None:
    encoding = "utf-16-be" if mark == b"\xfe\xff" else "utf-16-le"
    assert read_text(mark + TEXT.encode(encoding)) == f"\ufeff{TEXT}"


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_a_unicode_text_that_is_cut_off_is_named(encoding: str, name: str) -> None:
    assert refused(TEXT.encode(encoding)[:-1]).startswith(f"{name}, but damaged or cut off (byte ")


def test_a_single_digit_and_nothing_at_all_are_texts() -> None:
    assert [read_text(one) for one in (b"", b"7", b"7\x00", b"\x007")] == ["", "7", "7", "7"]


@pytest.mark.parametrize(
    "compressed",
    [
        gzip.compress(b"{}{}"),
        gzip.compress(b"{}") + gzip.compress(b"{}"),
        gzip.compress(b"{}") * 2 + gzip.compress(b"") + bytes(512),
        gzip.compress(gzip.compress(b"{}{}")),
        gzip.compress(gzip.compress(gzip.compress(b"{}{}"))),
    ],
    ids=["one", "members", "padded", "twice", "thrice"],
)
def test_gzip_is_read_whatever_the_name_and_the_encoding_say(compressed: bytes) -> None:
    for told in ({}, {"key": "a.json.gz"}, {"encoding": "gzip"}, {"key": "a.json", "encoding": "identity"}):
        assert read_text(compressed, **told) == "{}{}"


@pytest.mark.parametrize("told", [{"key": "a.gz"}, {"encoding": "gzip"}, {"encoding": "br"}, {"encoding": "utf-8"}])
def test_plain_json_is_read_whatever_it_is_labelled(told: dict[str, str]) -> None:
    assert read_text(b" [1]", **told) == " [1]"


DAMAGED = bytearray(gzip.compress(b'{"a": 1}' * 100))
DAMAGED[-6] ^= 1  # in the checksum


@pytest.mark.parametrize(
    ("data", "told", "reason"),
    [
        (gzip.compress(b"x" * 1000)[:-9], {}, "gzip: cut off, the compressed data ends too early"),
        (b"\x1f\x8b", {}, "gzip: cut off, the compressed data ends too early"),
        (bytes(DAMAGED), {}, "gzip: damaged, it cannot be decompressed"),
        (b"\x1f\x8b\x07" + b"x" * 50, {}, "gzip: damaged, it cannot be decompressed"),
        (gzip.compress(b"{}") + b"{}", {}, "gzip: followed by something that is not gzip"),
        (
            gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"{}")))),
            {},
            "gzip: compressed more than 3 times over",
        ),
        (
            b"\x8b\x02\x80" * 500,
            {"encoding": "br"},
            "compressed with Brotli, by its Content-Encoding; only gzip is decompressed",
        ),
        (b"\x8b\x02\x80" * 500, {"encoding": "gzip"}, "not gzip, although its Content-Encoding says so"),
        (b"\x8b\x02\x80" * 500, {"key": "a.json.GZ"}, "not gzip, although its name says so"),
        (b"PK\x03\x04" + bytes(100), {}, "a ZIP archive; only gzip is decompressed"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), {}, "compressed with Zstandard; only gzip is decompressed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), {}, "a PNG image, not JSON"),
        (gzip.compress(b"PAR1" + bytes(100)), {}, "a Parquet file, not JSON"),
        (b'<?xml version="1.0"?>', {}, "XML or HTML, not JSON"),
    ],
)
def test_unreadable_content_is_reported(data: bytes, told: dict[str, str], reason: str) -> None:
    assert refused(data, **told) == reason


def bomb(size: int) -> bytes:
    return gzip.compress(bytes(size), compresslevel=9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: bomb(LARGEST_CONTENT + 1),
        lambda: gzip.compress(bomb(LARGEST_CONTENT + 1)),
        lambda: bomb(LARGEST_CONTENT // 2) + bomb(LARGEST_CONTENT // 2 + 1),
    ],
    ids=["one", "nested", "members"],
)
def test_a_compressed_bomb_is_refused_within_the_memory_of_the_limit(make: Callable[[], bytes]) -> None:
    data = make()
    tracemalloc.start()
    reason = refused(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (
        reason == f"gzip: decompresses to more than the size limit of {LARGEST_CONTENT} bytes; nothing of it is stored"
    )
    assert peak < 2.5 * LARGEST_CONTENT


def test_a_bomb_of_empty_parts_is_refused_soon() -> None:
    began = time.process_time()
    assert refused(gzip.compress(b"") * 1_000_000) == "gzip: more than 100000 compressed parts one after another"
    assert time.process_time() - began < 60


def test_an_object_beyond_the_size_limit_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LARGEST_CONTENT", 10)
    assert read_text(b"[1, 2, 3 ]") == "[1, 2, 3 ]"
    assert (
        refused(b"[1, 2, 3  ]") == "the object has 11 bytes, beyond the size limit of 10 bytes; nothing of it is stored"
    )
