"""What the simulation reads of a stack's Terraform."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.load_model.reading import model_of
from sluice_cli.review.cost.counts import FILE, EventCounts


def only(found: Mapping[str, Any]) -> Any:
    (one,) = found.values()
    return one


def test_the_number_of_shards_is_read_from_the_functions_variables(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        'source = "a test"\ndate = 2026-11-27\n[functions."stack/F"]\nbusiest.T = { by-day = 1, shards = "SHARDS" }\n'
    )
    counts = EventCounts.read(tmp_path)
    for variables, share in (({"SHARDS": "8"}, 1 / 8), ({}, 1), ({"SHARDS": "${var.n}"}, 1)):
        function = {"environment": {"variables": variables}, "//": {"metadata": {"path": "stack/F/Function"}}}
        table = {"name": "t", "//": {"metadata": {"path": "stack/T/Table"}}}
        document = {"resource": {"aws_lambda_function": {"F": function}, "aws_dynamodb_table": {"T": table}}}
        model = model_of(document, "stack", {}, counts)
        assert only(only(model.functions).work.busiest) == {"by-day": share}


@pytest.mark.parametrize(("value", "once"), [("digests", {"aws_sns_topic.T"}), ("each", set())])
def test_calls_that_a_setting_makes_once_a_run_are_read_from_the_functions_variables(
    tmp_path: Path, value: str, once: set[str]
) -> None:
    (tmp_path / FILE).write_text(
        'source = "a test"\ndate = 2026-11-27\n[functions."stack/F"]\nonce_a_run.T = "NOTIFICATIONS=digests"\n'
    )
    function = {
        "environment": {"variables": {"NOTIFICATIONS": value}},
        "//": {"metadata": {"path": "stack/F/Function"}},
    }
    topic = {"name": "t", "//": {"metadata": {"path": "stack/T/Topic"}}}
    document = {"resource": {"aws_lambda_function": {"F": function}, "aws_sns_topic": {"T": topic}}}
    model = model_of(document, "stack", {}, EventCounts.read(tmp_path))
    assert only(model.functions).work.once_a_run == once


def test_a_function_that_was_not_counted_makes_each_call_that_it_may_make_once() -> None:
    statements = [
        {"effect": "Allow", "actions": ["dynamodb:PutItem"], "resources": ["${aws_dynamodb_table.T.arn}"]},
        {"effect": "Allow", "actions": ["sqs:SendMessage"], "resources": ["${aws_sqs_queue.Next.arn}"]},
    ]
    document = {
        "data": {"aws_iam_policy_document": {"D": {"statement": statements}}},
        "resource": {
            "aws_iam_role": {"R": {"name": "r"}},
            "aws_iam_role_policy": {
                "P": {"role": "${aws_iam_role.R.name}", "policy": "${data.aws_iam_policy_document.D.json}"}
            },
            "aws_lambda_function": {
                "F": {"function_name": "f", "role": "${aws_iam_role.R.arn}", "memory_size": "${var.memory}"},
                "G": {"function_name": "g", "role": "arn:aws:iam::1:role/other"},
            },
            "aws_lambda_alias": {"L": {"name": "live", "function_name": "${aws_lambda_function.G.function_name}"}},
            "aws_lambda_event_source_mapping": {
                "M": {
                    "event_source_arn": "${aws_sqs_queue.Next.arn}",
                    "function_name": "${aws_lambda_alias.L.arn}",
                    "batch_size": 5,
                }
            },
            "aws_dynamodb_table": {"T": {"name": "t", "billing_mode": "PAY_PER_REQUEST"}},
            "aws_sqs_queue": {
                "Next": {"name": "n", "redrive_policy": json.dumps({"maxReceiveCount": 4, "deadLetterTargetArn": "x"})}
            },
            "aws_cloudwatch_event_rule": {"E": {"event_pattern": "{}"}},
            "aws_cloudwatch_event_target": {
                "X": {"rule": "${aws_cloudwatch_event_rule.E.name}", "arn": "${aws_lambda_function.F.arn}"}
            },
        },
    }
    model = model_of(document, "stack")
    assert model.functions["aws_lambda_function.F"].work.calls == {
        "aws_dynamodb_table.T": {"write": 1},
        "aws_sqs_queue.Next": {"write": 1},
    }
    assert model.reached_from("aws_cloudwatch_event_rule.E") == [
        "aws_cloudwatch_event_rule.E",
        "aws_lambda_function.F",
        "aws_sqs_queue.Next",
        "aws_lambda_function.G",
    ]
    assert model.queues["aws_sqs_queue.Next"].max_receives == 4
    assert [one.kind for one in model.entries] == ["rule"]
    assert any(one.startswith("memory_size is ${var.memory}, which is no number here; 128") for one in model.remarks)
    assert any("not in the work file; 100 ms a run" in one for one in model.remarks)


@pytest.mark.parametrize(
    ("polled", "counted", "expected"),
    [
        (False, "events_a_run = 10\nduration_ms = 200", (10, 200)),
        (True, "events_a_run = 10\nduration_ms = 200", (1, 20)),
        (True, "events_a_run = 10\nevents_a_message = 10\nduration_ms = 200", (10, 200)),
    ],
)
def test_behind_a_queue_the_events_of_a_run_are_messages_of_a_batch(
    tmp_path: Path, polled: bool, counted: str, expected: tuple[float, float]
) -> None:
    (tmp_path / FILE).write_text(f'source = "a test"\ndate = 2026-11-27\n[functions."stack/F"]\n{counted}\n')
    mapping = {"event_source_arn": "${aws_sqs_queue.Q.arn}", "function_name": "${aws_lambda_function.F.arn}"}
    function = {"//": {"metadata": {"path": "stack/F/Function"}}}
    resources: dict[str, Any] = {"aws_lambda_function": {"F": function}, "aws_sqs_queue": {"Q": {}}}
    if polled:
        resources["aws_lambda_event_source_mapping"] = {"M": mapping}
    work = only(model_of({"resource": resources}, "stack", {}, EventCounts.read(tmp_path)).functions).work
    assert (work.events, work.duration_ms) == expected
