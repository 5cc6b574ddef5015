"""What the simulation reads of a stack's Terraform."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.load_model.inputs import GivenLoad
from sluice_cli.load_model.model import LoadModel, StreamConsumer, StreamSettings
from sluice_cli.load_model.reading import model_of
from sluice_cli.load_model.simulation import LoadSimulation, SimulatedLoad
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
    assert any("not in the work file; 100 ms for each message" in one for one in model.remarks)


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


FUNCTION = {name: {"function_name": name.lower()} for name in ("A", "B", "C")}
A, B, C = (f"aws_lambda_function.{name}" for name in FUNCTION)


def arn(address: str) -> str:
    return f"${{{address}.arn}}"


def reading(resources: dict[str, Any]) -> LoadModel:
    return model_of({"resource": {"aws_lambda_function": FUNCTION, **resources}}, "stack")


def simulated(model: LoadModel, entry: str, rate: float = 20) -> SimulatedLoad:
    (found,) = [one for one in model.entries if one.address == entry]
    return LoadSimulation(model, found, GivenLoad("steady", rate, 60).in_messages_of(model, found)).run()


def mapping(source: str, function: str, **settings: Any) -> dict[str, Any]:
    return {"event_source_arn": source, "function_name": arn(function), **settings}


def test_the_requests_of_an_api_are_shared_by_the_functions_behind_it() -> None:
    integrations = {
        name: {"rest_api_id": "${aws_api_gateway_rest_api.R.id}", "uri": arn(one)}
        for name, one in (("X", A), ("Y", B), ("Z", C))
    }
    model = reading({"aws_api_gateway_rest_api": {"R": {"name": "r"}}, "aws_api_gateway_integration": integrations})
    result = simulated(model, "aws_api_gateway_rest_api.R", 300)
    runs = [one.runs for one in result.functions.values()]
    assert max(runs) - min(runs) <= 2
    assert (sum(runs), result.finished, result.ends) == (result.arrived, result.arrived, (A, B, C))


def test_a_function_url_has_no_throttle_but_the_functions_concurrency() -> None:
    model = reading({"aws_lambda_function_url": {"U": {"function_name": "${aws_lambda_function.A.function_name}"}}})
    (entry,) = [one for one in model.entries if one.kind == "function URL"]
    # 100 ms each: 1,000 environments take 10,000 requests a second.
    result = simulated(model, entry.address, 15_000)
    assert 0 < result.refused < result.arrived
    assert sum(result.apis[entry.address].limits.values()) == 0
    assert result.functions[A].throttles == result.refused


def test_a_topic_sends_each_message_to_all_of_its_subscribers() -> None:
    subscriptions = {
        name: {"topic_arn": "${aws_sns_topic.T.arn}", "protocol": "lambda", "endpoint": arn(one)}
        for name, one in (("X", A), ("Y", B))
    }
    queue = {"topic_arn": "${aws_sns_topic.T.arn}", "protocol": "sqs", "endpoint": "${aws_sqs_queue.Q.arn}"}
    model = reading(
        {
            "aws_sns_topic": {"T": {"name": "t"}},
            "aws_sns_topic_subscription": {**subscriptions, "Z": queue},
            "aws_sqs_queue": {"Q": {"name": "q"}},
            "aws_lambda_event_source_mapping": {"M": mapping("${aws_sqs_queue.Q.arn}", C)},
        }
    )
    result = simulated(model, "aws_sns_topic.T")
    assert {address: one.finished for address, one in result.functions.items()} == dict.fromkeys(
        (A, B, C), result.arrived
    )
    assert (result.finished, result.bad) == (result.arrived, 0)


def test_a_queue_that_no_function_of_the_stack_receives_from_keeps_nothing_waiting() -> None:
    model = reading(
        {
            "aws_sns_topic": {"T": {"name": "t"}},
            "aws_sns_topic_subscription": {
                "X": {"topic_arn": "${aws_sns_topic.T.arn}", "protocol": "lambda", "endpoint": arn(A)},
                "Y": {"topic_arn": "${aws_sns_topic.T.arn}", "protocol": "sqs", "endpoint": "${aws_sqs_queue.Q.arn}"},
            },
            "aws_sqs_queue": {"Q": {"name": "q"}},
        }
    )
    result = simulated(model, "aws_sns_topic.T")
    assert (result.queues["aws_sqs_queue.Q"].sent, result.still_waiting, result.bad) == (result.arrived, 0, 0)


def test_a_kinesis_stream_is_read_with_its_shards_and_mapping() -> None:
    settings = {
        "batch_size": 50,
        "parallelization_factor": 4,
        "maximum_retry_attempts": 3,
        "maximum_record_age_in_seconds": 600,
        "maximum_batching_window_in_seconds": 2,
        "destination_config": {"on_failure": {"destination_arn": "${aws_sqs_queue.Q.arn}"}},
    }
    model = reading(
        {
            "aws_kinesis_stream": {"K": {"shard_count": 3, "retention_period": 48}},
            "aws_sqs_queue": {"Q": {"name": "q"}},
            "aws_lambda_event_source_mapping": {"M": mapping("${aws_kinesis_stream.K.arn}", A, **settings)},
        }
    )
    reader = StreamConsumer("A function", A, 50, 2, 4, 3, 600, True)
    assert model.streams == {"aws_kinesis_stream.K": StreamSettings("K", (reader,), 3, 172_800)}
    assert [one.kind for one in model.entries][:1] == ["stream"]
    result = simulated(model, "aws_kinesis_stream.K")
    assert (result.finished, result.bad) == (result.arrived, 0)


def test_a_dedicated_consumer_of_a_stream_reads_the_stream() -> None:
    model = reading(
        {
            "aws_kinesis_stream": {"K": {"stream_mode_details": {"stream_mode": "ON_DEMAND"}}},
            "aws_kinesis_stream_consumer": {"C": {"stream_arn": "${aws_kinesis_stream.K.arn}"}},
            "aws_lambda_event_source_mapping": {"M": mapping("${aws_kinesis_stream_consumer.C.arn}", A)},
        }
    )
    assert next((one.kind, one.address) for one in model.entries) == ("stream", "aws_kinesis_stream.K")
    assert (model.streams["aws_kinesis_stream.K"].shards, model.targets("aws_kinesis_stream.K")) == (4, [A])


def test_a_tables_stream_follows_what_functions_write_to_the_table() -> None:
    statement = {"effect": "Allow", "actions": ["dynamodb:PutItem"], "resources": ["${aws_dynamodb_table.T.arn}"]}
    document = {
        "data": {"aws_iam_policy_document": {"D": {"statement": [statement]}}},
        "resource": {
            "aws_iam_role": {"R": {"name": "r"}},
            "aws_iam_role_policy": {
                "P": {"role": "${aws_iam_role.R.name}", "policy": "${data.aws_iam_policy_document.D.json}"}
            },
            "aws_lambda_function": {"A": {"role": "${aws_iam_role.R.arn}"}, "B": {}},
            "aws_dynamodb_table": {"T": {"name": "t", "billing_mode": "PAY_PER_REQUEST"}},
            "aws_lambda_event_source_mapping": {"M": mapping("${aws_dynamodb_table.T.stream_arn}", B)},
            "aws_cloudwatch_event_rule": {"E": {"event_pattern": "{}"}},
            "aws_cloudwatch_event_target": {"X": {"rule": "${aws_cloudwatch_event_rule.E.name}", "arn": arn(A)}},
        },
    }
    model = model_of(document, "stack")
    assert model.reached_from("aws_cloudwatch_event_rule.E") == [
        "aws_cloudwatch_event_rule.E",
        A,
        "aws_dynamodb_table.T",
        B,
    ]
    result = simulated(model, "aws_cloudwatch_event_rule.E")
    assert (result.finished, result.ends, result.bad) == (result.arrived, (B,), 0)


def test_schedules_are_read_from_scheduler_and_from_rules() -> None:
    model = reading(
        {
            "aws_scheduler_schedule": {
                "S": {
                    "schedule_expression": "cron(0 2 * * ? *)",
                    "schedule_expression_timezone": "Europe/Berlin",
                    "target": {"arn": arn(A), "role_arn": "r"},
                },
                "Off": {"schedule_expression": "rate(1 hour)", "state": "DISABLED", "target": {"arn": arn(A)}},
            },
            "aws_cloudwatch_event_rule": {"E": {"schedule_expression": "rate(12 hours)"}},
            "aws_cloudwatch_event_target": {"X": {"rule": "${aws_cloudwatch_event_rule.E.name}", "arn": arn(B)}},
        }
    )
    assert {address: one.times[:2] for address, one in model.schedules.items()} == {
        "aws_scheduler_schedule.S": (0, 86_400),
        "aws_scheduler_schedule.Off": (),
        "aws_cloudwatch_event_rule.E": (43_200, 86_400),
    }
    assert [one.kind for one in model.entries if one.address in model.schedules] == ["schedule"] * 3
    (entry,) = [one for one in model.entries if one.address == "aws_cloudwatch_event_rule.E"]
    load = GivenLoad("steady", None, 3_600, is_usual=True).in_messages_of(model, entry)
    result = LoadSimulation(model, entry, load).run()
    # Runs of the other schedule are beside those that are counted.
    assert (result.arrived, result.finished, result.functions[A].runs) == (1, 1, 1)


@pytest.mark.parametrize("counted", [False, True])
def test_the_message_groups_of_a_fifo_queue_are_counted_or_one(tmp_path: Path, counted: bool) -> None:
    lines = "message_groups = 40\n" if counted else "duration_ms = 5\n"
    (tmp_path / FILE).write_text(f'source = "a test"\ndate = 2026-11-27\n[functions."stack/A"]\n{lines}')
    resources = {
        "aws_lambda_function": {"A": {"//": {"metadata": {"path": "stack/A/Function"}}}},
        "aws_sqs_queue": {"Q": {"name": "q.fifo", "fifo_queue": True, "fifo_throughput_limit": "perMessageGroupId"}},
        "aws_lambda_event_source_mapping": {"M": mapping("${aws_sqs_queue.Q.arn}", A)},
    }
    model = model_of({"resource": resources}, "stack", {}, EventCounts.read(tmp_path))
    queue = only(model.queues)
    assert (queue.is_fifo, queue.has_high_throughput, queue.message_groups) == (True, True, 40 if counted else 1)
    assert any("`message_groups` is not in the work file" in one for one in model.remarks) is not counted


def test_what_is_not_simulated_is_named() -> None:
    model = reading({"aws_sfn_state_machine": {"S": {}}, "aws_pipes_pipe": {"P": {}}})
    assert model.remarks[-1] == "Not simulated: pipes, state machines."
