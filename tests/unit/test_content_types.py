"""A file's type by header, content and name, over files of many formats (tests/support/file_corpus)."""

from pathlib import Path

import pytest

from file_metadata.content_types import FIRST_BYTES, decide
from tests.support.file_corpus import SAMPLES
from tests.support.file_corpus.accuracy import figures
from tests.support.file_corpus.sample import Sample

DOCS = Path(__file__).parents[2] / "docs" / "file-types.md"

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.name} {sample.stored}")


@each_sample
def test_a_right_header_is_trusted_and_stored_under_the_types_one_name(sample: Sample) -> None:
    decided = {header: decide(header, sample.content[:FIRST_BYTES]) for header in sample.headers}
    assert {header: (one.trusted, one.mismatch) for header, one in decided.items()} == {
        header: (stored, False) for header, stored in sample.headers.items()
    }


@each_sample
def test_a_wrong_header_is_contradicted_by_what_the_content_shows(sample: Sample) -> None:
    decided = {header: decide(header, sample.content[:FIRST_BYTES]) for header in sample.wrong}
    assert {header: (one.trusted, one.mismatch) for header, one in decided.items()} == dict.fromkeys(
        sample.wrong, (sample.shown, True)
    )


@each_sample
def test_without_a_header_the_content_tells_and_the_extension_makes_it_exact(sample: Sample) -> None:
    assert decide(None, sample.content[:FIRST_BYTES]).trusted == sample.shown
    assert decide(None, sample.content[:FIRST_BYTES], sample.extension).trusted == sample.truth


def test_the_corpus_has_at_least_150_formats() -> None:
    assert len({sample.stored for sample in SAMPLES}) >= 150


def test_the_documented_accuracy_is_that_of_the_code() -> None:
    rows = [line.split("|")[1:-1] for line in DOCS.read_text().splitlines() if line.count("|") == 9]
    documented = {row[0].strip(): [row[column].strip() for column in (3, 5, 7)] for row in rows[2:]}
    assert documented == figures(decide)


@pytest.mark.parametrize(
    ("header", "content"),
    [
        # GTK's icon cache begins with its version 1.0, as TrueType does
        ("application/x-icon-cache", b"\x00\x01\x00\x00\x00\x00\x00\x0c\x00\x00\x1c\x04\x00\x00\x00\xfb"),
        # mime.types of Apache and Python
        ("image/x-cmu-raster", b"\x59\xa6\x6a\x95" + bytes(28)),
        ("application/x-font", b"%!PS-AdobeFont-1.0: Symbol 001.008\n"),
    ],
)
def test_content_that_may_be_of_the_headers_type_contradicts_nothing(header: str, content: bytes) -> None:
    assert not decide(header, content).mismatch


def test_a_program_labelled_as_a_font_is_contradicted() -> None:
    assert decide("font/ttf", b"\x7fELF\x02\x01\x01" + bytes(57)).mismatch
    assert decide("image/png", b"\x00\x01\x00\x00\x00\x0c\x00\x80\x00\x03\x00\x40OS/2" + bytes(80)).mismatch
