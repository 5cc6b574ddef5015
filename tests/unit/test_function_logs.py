"""Log events understood and shown: structured logs, plain ones, Lambda's own, and hostile ones."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.errors import InputError
from sluice_cli.function_logs.events import LogEvent
from sluice_cli.function_logs.lines import LineReader, LogLevel, LogLine
from sluice_cli.function_logs.moments import moment
from sluice_cli.function_logs.showing import LogPrinter
from tests.support.terminal import is_safe

ID = "11112222-3333-4444-5555-666677778888"


def read(*messages: str) -> list[LogLine]:
    reader = LineReader()
    return [reader.read(LogEvent("worker", "stream", 1_795_757_753_867, one, "")) for one in messages]


def shown(*messages: str) -> list[str]:
    printer = LogPrinter(["worker"])
    return [
        text.plain.partition(" worker ")[2] or text.plain for line in read(*messages) for text in printer.lines(line)
    ]


@pytest.mark.parametrize(
    ("message", "level", "request_id", "text"),
    [
        ("hello", LogLevel.INFO, "", "hello"),
        (f"[ERROR]\t2026-01-31T09:30:00.000Z\t{ID}\tbroken", LogLevel.ERROR, ID, "broken"),
        ("[WARNING] careful", LogLevel.WARNING, "", "careful"),
        (f"2026-01-31T09:30:00.000Z\t{ID}\tERROR\tfrom node", LogLevel.ERROR, ID, "from node"),
        ("2026-01-31T09:30:00.000Z undefined INFO starting", LogLevel.INFO, "", "starting"),
        (f"2026-01-31T09:30:00Z {ID} Task timed out after 3.00 seconds", LogLevel.ERROR, "", None),
        (f"START RequestId: {ID} Version: $LATEST", LogLevel.INFO, ID, None),
        (f"REPORT RequestId: {ID}\tDuration: 5 ms\tStatus: timeout", LogLevel.ERROR, ID, None),
        ("INIT_START Runtime Version: python:3.13", LogLevel.INFO, "", None),
        (json.dumps({"level": "WARN", "msg": "a", "requestId": ID}), LogLevel.WARNING, ID, "a"),
        (json.dumps({"severity": "critical", "message": "a", "AWSRequestId": ID}), LogLevel.CRITICAL, ID, "a"),
        (json.dumps({"level": 50, "msg": "pino"}), LogLevel.ERROR, "", "pino"),
        (json.dumps({"level": "nonsense", "message": {"a": 1}}), LogLevel.INFO, "", '{"a": 1}'),
        (json.dumps({"type": "platform.start", "record": {"requestId": ID}}), LogLevel.INFO, ID, "platform.start"),
        ('{"cut": "sho', LogLevel.INFO, "", '{"cut": "sho'),
        ("[1, 2]", LogLevel.INFO, "", "[1, 2]"),
        ("{" * 10_000, LogLevel.INFO, "", None),
        ("", LogLevel.INFO, "", ""),
    ],
)
def test_a_line_says_its_level_request_and_text(
    message: str, level: LogLevel, request_id: str, text: str | None
) -> None:
    (line,) = read(message)
    assert (line.level, line.request_id) == (level, request_id)
    assert line.text == (message if text is None else text)


def test_plain_lines_belong_to_the_request_that_runs_in_their_stream() -> None:
    lines = read(f"START RequestId: {ID} Version: 1", "hello", f"END RequestId: {ID}")
    assert [one.request_id for one in lines] == [ID, ID, ID]


def test_all_lines_of_a_traceback_are_errors_and_following_lines_are_not() -> None:
    lines = read(
        "Traceback (most recent call last):", '  File "a.py", line 1', "    1 / 0", "ZeroDivisionError: x", "on"
    )
    assert [one.level for one in lines] == [LogLevel.ERROR] * 4 + [LogLevel.INFO]


def test_structured_lines_show_their_fields_except_those_of_every_line() -> None:
    line = {
        "level": "INFO",
        "message": "stored",
        "timestamp": "x",
        "service": "worker",
        "function_arn": "arn:x",
        "order": 7,
        "items": {"a": "b c"},
        "exception": "Traceback\n  File\nValueError: x",
        "stack_trace": {"frames": []},
    }
    assert shown(json.dumps(line)) == [
        'INFO     stored order=7 items={"a": "b c"}',
        "    exception:",
        "        Traceback",
        "          File",
        "        ValueError: x",
    ]


def test_metric_lines_are_shown_as_metrics() -> None:
    metric = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}, "service": "worker", "Stored": [1.0]}
    assert shown(json.dumps(metric)) == ["INFO     metrics Stored=[1.0]"]


def test_blank_lines_are_left_out_and_tabs_are_blanks() -> None:
    assert shown("", "  ", "a\tb") == ["INFO     a    b"]


@pytest.mark.parametrize(
    "message",
    [
        "\x1b[2J\x1b]0;owned\x07" + "x" * 1_000_000,
        json.dumps({"message": "\x1b[31m\u202egnp", "\x1b[0m": "\x9b31m"}),
        "\r\x08\x08hidden",
        "line\x0bend\u2028next\x85",
        json.dumps({"message": "a", **{f"field{number}": "v" * 1000 for number in range(200)}}),
        "frame\n" * 10_000,
    ],
)
def test_nothing_that_a_terminal_obeys_is_shown_and_nothing_endless(message: str) -> None:
    lines = shown(message)
    assert all(map(is_safe, lines))
    assert sum(map(len, lines)) < 60 * 1_200


@settings(max_examples=200, deadline=None)
@given(
    st.text() | st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()), max_size=6).map(json.dumps)
)
def test_whatever_a_function_logs_can_be_shown(message: str) -> None:
    assert all(map(is_safe, shown(message)))


@pytest.mark.parametrize(("text", "ago"), [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400), (" 1 w ", 604800)])
def test_times_ago_are_counted_from_now(text: str, ago: int) -> None:
    assert abs(datetime.now(UTC) - timedelta(seconds=ago) - moment(text)) < timedelta(seconds=5)


def test_iso_times_are_local_unless_they_name_a_zone() -> None:
    assert moment("2026-01-31T09:30:00+02:00") == datetime(2026, 1, 31, 7, 30, tzinfo=UTC)
    assert moment("2026-01-31") == datetime(2026, 1, 31).astimezone(UTC)


@pytest.mark.parametrize("text", ["", "soon", "-5m", "5", "5y", "999999999w", "2026-13-01"])
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a time"):
        moment(text)


def test_json_has_the_message_as_it_was() -> None:
    (line,) = read('{"level": "INFO", "message": "a"}')
    found: dict[str, Any] = line.as_json()
    assert found == {
        "timestamp": 1_795_757_753_867,
        "function": "worker",
        "request_id": "",
        "level": "INFO",
        "stream": "stream",
        "message": {"level": "INFO", "message": "a"},
    }
