"""JSON documents in a text, with any separators, and broken ones."""

import time
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from sensor_pipeline import documents
from sensor_pipeline.documents import LARGEST_DOCUMENT, LONGEST_RAW, TOO_LONG, Array, Broken, Value

ONE, TWO = {"a": Decimal(1)}, {"a": Decimal(2)}


def values(text: str) -> list[tuple[str, Any]]:
    """The readable values with their positions."""
    found: list[Value] = []
    for one in documents.documents(text):
        if isinstance(one, Array):
            found.extend(one.elements())
        elif isinstance(one, Value):
            found.append(one)
    return [(str(one.place), one.value) for one in found]


def broken(text: str) -> list[Broken]:
    return [one for one in documents.documents(text) if isinstance(one, Broken)]


def problems(text: str) -> list[tuple[str, str]]:
    return [(str(one.place), one.problem) for one in broken(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', [("line 1", ONE)]),
        ('\n {"a":\n\t1\n}\r\n ', [("line 2", ONE)]),
        ('\ufeff{"a": 1}', [("line 1", ONE)]),
        ('[{"a": 1}, {"a": 2}]', [("line 1, element 1", ONE), ("line 1, element 2", TWO)]),
        ('[\n  {"a": 1},\n  {"a": 2}\n]\n', [("line 1, element 1", ONE), ("line 1, element 2", TWO)]),
        ('{"a": 1}\n{"a": 2}', [("line 1", ONE), ("line 2", TWO)]),
        ('\ufeff{"a": 1}\r\n\r\n\ufeff{"a": 2}\r\n', [("line 1", ONE), ("line 3", TWO)]),
        ('{"a": 1}\r{"a": 2}', [("line 1", ONE), ("line 1, column 10", TWO)]),
        ('{"a": 1}{"a": 2}', [("line 1", ONE), ("line 1, column 9", TWO)]),
        ('{"a": 1}{"a": 2}\n{"a": 1}', [("line 1", ONE), ("line 1, column 9", TWO), ("line 2", ONE)]),
        ('{"a": 1} {"a": 2}', [("line 1", ONE), ("line 1, column 10", TWO)]),
        ('\x1e{"a": 1}\n\x1e{"a": 2}\n', [("line 1", ONE), ("line 2", TWO)]),
        ('{\n "a": 1\n}\n{\n "a": 2\n}', [("line 1", ONE), ("line 4", TWO)]),
        ('{\n "a": 1\n}{\n "a": 2\n}', [("line 1", ONE), ("line 3, column 2", TWO)]),
        ('[{"a": 1}][{"a": 2}]', [("line 1, element 1", ONE), ("line 1, column 11, element 1", TWO)]),
        ('[{"a": 1}]\n{"a": 2}\n', [("line 1, element 1", ONE), ("line 2", TWO)]),
        ("[]", []),
        ("[[1], 2]", [("line 1, element 1", [Decimal(1)]), ("line 1, element 2", Decimal(2))]),
    ],
)
def test_documents_are_found_however_they_follow_each_other(text: str, expected: list[Any]) -> None:
    assert values(text) == expected
    assert problems(text) == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ('{"a": "\udced\udca0\udc80"}', "not UTF-8 (line 2, byte 8)"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a":' * 200_000, "nested too deeply"),
        ('{"a": 2', "not JSON: a comma or a closing bracket is missing (line 3, column 1)"),
        ('{"a": 2,', "not JSON: a name in double quotes is missing (line 3, column 1)"),
        ('{"a": 2, "b', "not JSON: a line end or a control character in a text (line 2, column 12)"),
        ('{"a":', "not JSON: a comma or a closing bracket is missing (line 4, column 1)"),
        ('{"a" 2}', "not JSON: a colon is missing after a name (line 2, column 6)"),
        ("{'a': 2}", "not JSON: a name in double quotes is missing (line 2, column 2)"),
        (r'{"a": "\x"}', "not JSON: a backslash in a text with no valid escape after it (line 2, column 8)"),
        ('[{"a": 2}', "not JSON: a comma or a closing bracket is missing (line 3, column 1)"),
        ('[{"a": 2},]', "not JSON: a value is missing (line 2, column 11)"),
        ("temperature;20", "not JSON: unexpected 't' (line 2, column 1)"),
    ],
    ids=lambda one: one[:20],
)
def test_a_line_that_is_no_json_does_not_stop_the_others(bad: str, problem: str) -> None:
    text = '{"a": 1}\n' + bad + '\n{"a": 2}\n{"a": 1}\n'
    assert values(text) == [("line 1", ONE), ("line 3", TWO), ("line 4", ONE)]
    assert problems(text) == [("line 2", problem)]


def test_readings_before_an_error_on_the_same_line_are_read() -> None:
    text = '{"a": 1}{"a" 2}{"a": 2}\n{"a": 1},{"a": 2}\n{"a": 1}'
    assert values(text) == [
        ("line 1", ONE),
        ("line 1, column 16", TWO),
        ("line 2", ONE),
        ("line 3", ONE),
    ]
    assert problems(text) == [
        ("line 1, column 9", "not JSON: a colon is missing after a name (line 1, column 14)"),
        (
            "line 2, column 9",
            "not JSON: a comma between documents; put them into an array, or a line end between them "
            "(line 2, column 9)",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[\n  {"a": 1},\n  {"a" 2},\n  {"a":\n 3}\n]', "a colon is missing after a name (line 3, column 8)"),
        ('[\n{"a": 1},\n{"a" 2},\n{"a": 3}\n]', "a colon is missing after a name (line 3, column 6)"),
        ('[\n{"a": 1},\n{"a": 2,\n{"a": 3}\n]', "a name in double quotes is missing (line 4, column 1)"),
        ('[\n{"a": 1},\n{"a": 2\n{"a": 3}\n]', "a comma or a closing bracket is missing (line 4, column 1)"),
        ('[\n{"a": 1}},\n{"a": 2},\n{"a": 3}\n]', "a comma or a closing bracket is missing (line 2, column 9)"),
        ('[\n{"a": 1},\n{"a": 2', "cut off, it ends too early (line 3, column 8)"),
        ('[\n{"a": 1},\n{"a": 2}', "cut off, it ends too early (line 3, column 9)"),
        ('{"readings": [\n{"a": 1},\n{"a": 2}', "cut off, it ends too early (line 3, column 9)"),
        ('{\n "a": 1,\n "b" 2,\n "c": {\n"d": 1}\n}', "a colon is missing after a name (line 3, column 6)"),
    ],
    ids=lambda one: one[:20],
)
def test_nothing_inside_of_a_broken_document_is_taken_for_another(text: str, problem: str) -> None:
    assert values(text) == []
    ((_, said),) = problems(text)
    assert said == f"not JSON: {problem}"
    after = values(f'{text}\n{{"a": 1}}') if text.rstrip().endswith(("]", "}\n}")) else [("", ONE)]
    assert [value for _, value in after] == [ONE]


def test_neighbouring_lines_that_are_no_json_are_kept_together() -> None:
    text = 'x\ny\n{"a": 1}\n\nz\n'
    assert problems(text) == [
        ("lines 1 to 2", "not JSON: unexpected 'x' (line 1, column 1)"),
        ("line 5", "not JSON: unexpected 'z' (line 5, column 1)"),
    ]
    assert [one.raw.strip() for one in broken(text)] == ["x\ny", "z"]


@pytest.mark.parametrize("text", ["", " \r\n\n\t", "\ufeff"])
def test_an_object_with_nothing_in_it_says_so(text: str) -> None:
    assert problems(text) == [("line 1", "the object is empty")]


def test_raw_text_is_bounded_and_bytes_that_are_no_text_stay_visible() -> None:
    (bad,) = broken("\udcff" + "x" * 10_000)
    assert bad.raw.startswith("\\xffx")
    assert len(bad.raw) == LONGEST_RAW + 1
    (array,) = documents.documents('[{"a": "%s"}, 1]' % ("y" * 10_000))
    assert isinstance(array, Array)
    assert [len(one.raw) for one in array.elements()] == [LONGEST_RAW + 1, 1]


READING = '{"deviceId": "d-1", "sensorType": "temperature", "value": 20, "timestamp": "2026-01-31T11:59:00Z"}'


@pytest.mark.parametrize(
    "large",
    [
        '{"a": "' + "x" * (2 * LARGEST_DOCUMENT) + '"}',
        "[\n" + ",\n".join([READING.ljust(498)] * 25_000) + "\n]",
        '{"readings": [\n' + ",\n".join([READING.ljust(498)] * 25_000) + "\n]}",
    ],
    ids=["text", "array", "readings"],
)
def test_a_document_beyond_the_size_limit_is_refused_whole_and_the_next_is_read(large: str) -> None:
    text = f'{{"a": 1}}\n{large}\n{{"a": 2}}\n'
    last = large.count("\n") + 2
    assert problems(text) == [("line 2" if last == 2 else f"lines 2 to {last}", TOO_LONG)]
    assert values(text) == [("line 1", ONE), (f"line {last + 1}", TWO)]


def test_json_lines_beyond_the_size_of_a_document_are_read_to_their_end() -> None:
    line = '{"a": 1, "padding": "' + "x" * 99_999 + '"}\n'
    seen = values(line * 250 + '{"a": 2}')
    assert [where for where, _ in seen] == [f"line {number}" for number in range(1, 252)]
    assert seen[-1][1] == TWO


@pytest.mark.parametrize("between", ["\n", "", ",\n"], ids=["lines", "nothing", "array"])
def test_ten_megabytes_take_little_room_beside_their_text(between: str) -> None:
    count = 10_000_000 // 500
    text = between.join([READING.ljust(498)] * count)
    text = f"[{text}]" if between == ",\n" else text
    tracemalloc.start()
    seen = sum(sum(1 for _ in one.elements()) if isinstance(one, Array) else 1 for one in documents.documents(text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == count
    assert peak < 25_000_000


@pytest.mark.parametrize(
    "part",
    ['{"a" 2}\n', '{"a" 2}', '{"a":\n', '{"a":,\n', "x\n", '{"a": "\udcff"}\n', "{]", "[1,\n", "{", '"'],
)
def test_content_with_many_errors_is_handled_in_bounded_time(part: str) -> None:
    text = part * (300_000 // len(part))
    began = time.process_time()
    count = sum(1 for _ in documents.documents(text))
    assert time.process_time() - began < 10
    assert count == (1 if part != '"' else 150_000)
