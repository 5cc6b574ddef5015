"""Headers and contents of any kind: always a type, at once, and the same one for each spelling of a header."""

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from file_metadata.content_types import FIRST_BYTES, decide
from file_metadata.media_types import ALIASES, NAME, canonical
from tests.support.file_corpus import SAMPLES
from tests.support.file_corpus.sample import Sample

samples = st.sampled_from(SAMPLES)
blanks = st.sampled_from(["", " ", "\t", "  "])
tokens = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}", fullmatch=True)
# https://www.rfc-editor.org/rfc/rfc9110#name-quoted-strings
quoted = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
parameters = st.builds(
    lambda name, value, before, after: f"{before};{after}{name}={value}", tokens, tokens | quoted, blanks, blanks
)
# Empty ones are sent too: `text/html;`, `text/html;;charset=utf-8`.
tails = st.lists(parameters | st.sampled_from([";", " ; "]), max_size=3).map("".join)


@st.composite
def spellings(draw: st.DrawFn, header: str) -> str:
    """A header as a sender may spell it: any case, blanks around it, parameters with quoted strings."""
    cased = "".join(draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in header)
    return f"{draw(blanks)}{cased}{draw(tails)}{draw(blanks)}"


@settings(max_examples=200)
@given(samples, st.data())
def test_a_header_means_the_same_however_it_is_spelled(sample: Sample, data: st.DataObject) -> None:
    header = data.draw(st.sampled_from([*sample.headers, *sample.wrong]))
    content = sample.content[:FIRST_BYTES]
    assert decide(data.draw(spellings(header)), content) == decide(header, content)


@settings(max_examples=200)
@given(st.none() | st.text(max_size=300), st.binary(max_size=300), st.none() | st.text(max_size=40))
def test_the_answer_is_a_type_that_can_be_the_key_of_an_index(
    header: str | None, content: bytes, extension: str | None
) -> None:
    kind = decide(header, content, extension)
    assert re.fullmatch(NAME, kind.trusted)
    assert kind.trusted == canonical(kind.trusted)
    assert (kind.detected is None) == (content == b"")
    assert not (kind.mismatch and kind.source != "content")


@settings(max_examples=200)
@given(samples, st.data())
def test_a_file_that_is_cut_off_or_damaged_is_still_answered(sample: Sample, data: st.DataObject) -> None:
    content = bytearray(sample.content[:FIRST_BYTES])
    for _ in range(data.draw(st.integers(0, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    for header in (None, sample.stored, *sample.wrong):
        assert re.fullmatch(NAME, decide(header, cut, sample.extension).trusted)


@settings(max_examples=100)
@given(st.sampled_from(sorted(ALIASES)))
def test_each_name_of_a_type_leads_to_the_one_that_is_stored(name: str) -> None:
    stored = canonical(name)
    assert canonical(stored) == stored
    assert decide(name, b"").trusted == stored


HARD = (
    *(b"[" * 8192, b'{"a":' * 1638, b'"' * 8192, b"\\" * 8192, b'["' + b'\\"' * 4000),
    *(b"<" * 8192, b"<!--" * 2048, b"<!DOCTYPE [" * 700, b"<a " * 2700, b"<?" * 4096, b"<!DOCTYPE a" + b"[]" * 4000),
    *(
        b"#" * 8192,
        b"* " * 4096,
        b"`" * 8192,
        b"[a](" * 2048,
        b"- \n" * 2700,
        b"|-" * 4096,
        b"a\n" * 4096,
        b"---\n" * 2048,
    ),
    *(b"a," * 4096, b",\n" * 4096, b'"a,""' * 1600, b";" * 8192, b"\t" * 8192, b"a: b\n" * 1600, b"X-a: b\n " * 1000),
    *(b"%\n" * 4096, b" \n" * 4096, b"\\input" * 1300, b"1 " * 4096, b"0\n" * 4096, b'.\\"\n' * 2048, b"BEGIN:" * 1300),
    *(b"PK\x03\x04" * 2048, b"PK\x03\x04" + b"\xff" * 8000, b"OggS\x00\x02" * 1365, b"ID3" + b"\x7f" * 8000),
    *(b"\xff\xfb" * 4096, b"\x47" * 8192, b"P6 # " * 1600, b"P3\n#\n" * 1300, b"MZ" * 4096, b"%PDF-" * 1600),
    *(
        b"\xff\xfe" + b"[\0" * 4000,
        b"\0\0\1\0" * 2048,
        b"II*\0" + b"\xff" * 8000,
        b"II*\0\x08\0\0\0\xff\xff" + bytes(8000),
    ),
)


def test_no_content_takes_long() -> None:
    def time_of(content: bytes) -> float:
        begun = time.process_time()
        decide("application/x-unheard-of", content[:FIRST_BYTES], "md")
        return time.process_time() - begun

    took = {content[:16]: min(time_of(content) for _ in range(3)) for content in HARD}
    assert {start: seconds for start, seconds in took.items() if seconds > 0.25} == {}
