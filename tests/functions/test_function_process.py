"""A function as a process: what it needs to start, and what it writes to its log."""

import json
from urllib.parse import unquote_plus

import pytest

from tests.functions.conftest import Tracker
from tests.support.functions import finish, start_process
from tests.support.s3_events import created, event


@pytest.mark.parametrize(
    ("without", "named"),
    [
        (["TABLE_NAME"], "TABLE_NAME"),
        (["TOPIC_ARN", "BUCKET_NAME"], "BUCKET_NAME, TOPIC_ARN"),
    ],
    ids=str,
)
def test_missing_variables_are_named_at_once(tracker: Tracker, without: list[str], named: str) -> None:
    variables = {**tracker.variables, **dict.fromkeys(without, "")}
    process = start_process("object_tracker", variables, {})
    _, errors = finish(process)
    assert process.returncode != 0
    assert errors.splitlines()[-1].endswith(
        f"MissingVariable: environment variables of the function are not set: {named}"
    )


def test_every_log_line_is_json_and_a_key_cannot_forge_one(tracker: Tracker) -> None:
    key = 'innocent\n{"level":"ERROR","message":"forged"}\r\u2028end'
    version = tracker.upload(key)
    again = event(created(tracker.bucket, key, version), created(tracker.bucket, key, version))
    output, errors = finish(start_process("object_tracker", tracker.variables, again))
    lines = [json.loads(line) for line in output.split("\n") if line]
    assert errors == ""
    assert [(line["message"], line["objectKey"]) for line in lines if "level" in line] == [
        ("recorded and notified", key),
        ("already recorded", key),
    ]
    assert [line["ObjectsRecorded"] for line in lines if "_aws" in line] == [[1.0]]


def test_a_failed_record_is_logged_with_its_reason_and_content(tracker: Tracker) -> None:
    record = created(tracker.bucket, "not\nthere")
    process = start_process("object_tracker", tracker.variables, event(record))
    output, _ = finish(process)
    assert process.returncode != 0
    (line,) = [one for one in map(json.loads, output.splitlines()) if one.get("message") == "record failed"]
    assert (line["level"], line["exception_name"], line["record_number"]) == ("ERROR", "UnknownObject", 0)
    assert unquote_plus(line["record"]["s3"]["object"]["key"]) == "not\nthere"
    assert "Traceback" in line["exception"]


def test_a_repeated_event_writes_no_line_that_is_not_json(tracker: Tracker) -> None:
    again = event(created(tracker.bucket, "quiet", tracker.upload("quiet")))
    tracker.handle(again)
    output, errors = finish(start_process("object_tracker", tracker.variables, again))
    assert [json.loads(line)["message"] for line in output.splitlines()] == ["already recorded"]
    assert errors == ""
