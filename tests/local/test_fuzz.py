"""Fuzzing of the deployed APIs with IAM enforced."""

import json
from dataclasses import replace

import pytest

from checks.fuzzing.judging import problems_of_answer, problems_of_log, problems_of_objects
from checks.fuzzing.requests import FILE, SECRET, drawn
from checks.fuzzing.run import FuzzResult, fuzz
from checks.systems import APIS, stored_objects
from tests.support.deployed import Deployment

COUNT, SEED = 250, 8


@pytest.fixture(scope="module")
def outcome(deployment: Deployment) -> FuzzResult:
    outputs = {system: deployment.outputs(system) for system in APIS}
    return fuzz(deployment.local, outputs, drawn(COUNT, SEED, APIS), stored_objects(outputs))


def test_hostile_requests_have_no_effect_beyond_their_response(outcome: FuzzResult) -> None:
    assert outcome.problems == []


def test_hostile_requests_get_as_far_as_each_function_and_its_log(outcome: FuzzResult) -> None:
    assert outcome.answers.total() >= COUNT * 0.9
    assert all(outcome.answers[system, 400] for system in APIS)
    assert outcome.answers["object-tracker", 404]
    assert outcome.answers["upload-api", 201]
    assert outcome.log_lines > COUNT / 2


def test_the_same_seed_draws_the_same_requests() -> None:
    assert drawn(20, 1, APIS) == drawn(20, 1, APIS) != drawn(20, 2, APIS)


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (500, "{}", "status 500"),
        (502, '{"message": "Internal server error"}', "status 502"),
        (400, "Traceback (most recent call last)", "the answer tells Traceback"),
        (400, "ValueError: no", "the answer tells ValueError"),
        (404, "no table of-the-system", "the answer tells of-the-system"),
        (403, "arn:aws:lambda:us-east-1", "the answer tells arn:aws"),
        (400, SECRET, "the answer tells the secret"),
        (400, "at /var/task/handler.py", "the answer tells .py, /var/"),
        (400, '{"message": "key: give the object\'s key"}', None),
        (201, '{"bucket": "of-the-system"}', None),
    ],
)
def test_a_response_with_internal_details_is_reported(status: int, body: str, problem: str | None) -> None:
    request = replace(drawn(1, 1, APIS)[0], path="/", query="", body=b"", headers={})
    found = problems_of_answer(request, status, body.encode(), {"of-the-system"})
    assert [one.what for one in found] == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (json.dumps({"message": "recorded"}), None),
        ("START RequestId: 1 Version: $LATEST", None),
        ("", None),
        ("recorded", "a log line is no JSON object"),
        ('"recorded"', "a log line is no JSON object"),
        ('{"level": "CRITICAL", "message": "fuzz-forged"}', "a log line is forged"),
        (json.dumps({"message": SECRET}), "a secret or a file's content is in a log"),
        (json.dumps({"body": FILE}), "a secret or a file's content is in a log"),
    ],
)
def test_a_forged_log_line_and_a_logged_secret_are_reported(line: str, problem: str | None) -> None:
    assert [one.what for one in problems_of_log([line])] == ([problem] if problem else [])


def test_an_object_outside_its_prefix_is_caught() -> None:
    good = ("files", "uploads/" + "0" * 64)
    bad = [("files", "uploads/../x"), ("files", "0" * 64), ("other", "uploads/" + "0" * 64)]
    assert [one.shown for one in problems_of_objects([good, *bad], {"files": "uploads/[0-9a-f]{64}"})] == [
        "/".join(one) for one in bad
    ]
