"""Functions that are invoked with a table's changes."""

from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Key, PythonFunction, Queue, Table

from .synthesized import Terraform, allow

ARN = "${aws_dynamodb_table.Records/Table.arn}"
STREAM = "${aws_dynamodb_table.Records/Table.stream_arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
READ_STREAM = [
    allow("ReadStream", ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], STREAM),
    allow("ListStreams", ["dynamodb:ListStreams"], f"{ARN}/stream/*"),
]


def records(stack: TerraformStack, **options: Any) -> Table:
    return Table(stack, "Records", name="records", partition_key="id", **options)


def test_a_function_is_called_with_changes_loses_none_and_may_read_the_stream(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    records(stack, key=key).on_change(worker)
    made = Terraform(stack)
    table = made.one("aws_dynamodb_table")
    assert (table["stream_enabled"], table["stream_view_type"]) == (True, "NEW_AND_OLD_IMAGES")
    assert made.all("aws_lambda_event_source_mapping") == {
        "Records/ToWorker": {
            "event_source_arn": STREAM,
            "function_name": "${aws_lambda_function.Worker/Function.arn}",
            "starting_position": "TRIM_HORIZON",
            "batch_size": 100,
            "maximum_retry_attempts": 10,
            "bisect_batch_on_function_error": True,
            "parallelization_factor": 1,
            "function_response_types": ["ReportBatchItemFailures"],
            "destination_config": {"on_failure": {"destination_arn": "${aws_sqs_queue.Worker/Failures/Queue.arn}"}},
            "depends_on": ["aws_iam_role_policy.Worker/ReadStreamRecords/RolePolicy"],
        }
    }
    grants = made.grants("Worker")
    del grants["OperateWorker"]
    assert grants == {
        "ReadStreamRecords": READ_STREAM,
        "UseKeyOfRecords": [allow("UseTableKey", ["kms:Decrypt", "kms:DescribeKey"], KEY_ARN)],
    }


def test_options_of_changes_are_kept(stack: TerraformStack, worker: PythonFunction) -> None:
    failures = Queue(stack, "Lost", name="lost")
    records(stack, stream="NEW_IMAGE").on_change(
        worker,
        filters=[{"eventName": ["INSERT"]}, {"dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}}],
        batch_size=10,
        window_seconds=5,
        starting_position="LATEST",
        retries=3,
        bisect=False,
        partial_failures=False,
        concurrency=4,
        failures=failures,
    )
    made = Terraform(stack)
    assert made.one("aws_dynamodb_table")["stream_view_type"] == "NEW_IMAGE"
    assert made.one("aws_lambda_event_source_mapping") == {
        "event_source_arn": STREAM,
        "function_name": "${aws_lambda_function.Worker/Function.arn}",
        "filter_criteria": {
            "filter": [
                {"pattern": '{"eventName": ["INSERT"]}'},
                {"pattern": '{"dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}}'},
            ]
        },
        "starting_position": "LATEST",
        "batch_size": 10,
        "maximum_batching_window_in_seconds": 5,
        "maximum_retry_attempts": 3,
        "bisect_batch_on_function_error": False,
        "parallelization_factor": 4,
        "destination_config": {"on_failure": {"destination_arn": "${aws_sqs_queue.Lost/Queue.arn}"}},
        "depends_on": [
            "aws_iam_role_policy.Worker/ReadStreamRecords/RolePolicy",
            "aws_iam_role_policy.Worker/SendLost/RolePolicy",
        ],
    }
    assert made.grants("Worker")["SendLost"] == [allow("Send", ["sqs:SendMessage"], "${aws_sqs_queue.Lost/Queue.arn}")]


def test_a_grant_of_the_stream_turns_it_on(stack: TerraformStack, worker: PythonFunction) -> None:
    table = records(stack)
    table.grant_stream(worker)
    table.grant_stream(worker)
    made = Terraform(stack)
    assert made.one("aws_dynamodb_table")["stream_view_type"] == "NEW_AND_OLD_IMAGES"
    assert made.grants("Worker")["ReadStreamRecords"] == READ_STREAM


def test_a_table_without_consumers_has_no_stream(stack: TerraformStack) -> None:
    records(stack)
    assert "stream_enabled" not in Terraform(stack).one("aws_dynamodb_table")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0, AWS allows 1 to 10000 records"),
        ({"window_seconds": 301}, "window_seconds is 301, AWS allows 0 to 300"),
        ({"starting_position": "AT_TIMESTAMP"}, "starting_position is 'AT_TIMESTAMP', AWS allows TRIM_HORIZON, LATEST"),
        ({"retries": 10_001}, "retries is 10001, AWS allows 0 to 10000"),
        ({"concurrency": 11}, "concurrency is 11, AWS allows 1 to 10"),
        ({"filters": [{"eventName": ["INSERT"]}] * 6}, "filters has 6, AWS allows 0 to 5 filters"),
        ({"filters": [{"eventID": ["x" * 4096]}]}, "filters is .* AWS allows 2 to 4096 characters"),
    ],
)
def test_stream_arguments_that_lambda_refuses_are_rejected(
    stack: TerraformStack, worker: PythonFunction, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^stack/Records: {message}"):
        records(stack).on_change(worker, **options)


def test_failures_are_kept_in_no_fifo_queue(stack: TerraformStack, worker: PythonFunction) -> None:
    failures = Queue(stack, "Lost", name="lost.fifo", fifo=True)
    with pytest.raises(ConfigurationError, match=r"^stack/Records: Lambda keeps failures in no FIFO queue"):
        records(stack).on_change(worker, failures=failures)


def test_a_function_hears_of_a_tables_changes_once(stack: TerraformStack, worker: PythonFunction) -> None:
    table = records(stack)
    table.on_change(worker)
    with pytest.raises(ConfigurationError, match=r"^stack/Records: worker polls it already"):
        table.on_change(worker, filters=[{"eventName": ["INSERT"]}])


@pytest.mark.parametrize(
    ("stream", "image"),
    [("KEYS_ONLY", "NewImage"), ("KEYS_ONLY", "OldImage"), ("NEW_IMAGE", "OldImage"), ("OLD_IMAGE", "NewImage")],
)
def test_a_filter_on_an_image_that_the_stream_does_not_hold_is_refused(
    stack: TerraformStack, worker: PythonFunction, stream: str, image: str
) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"filters name dynamodb.{image}, and the stream \({stream}\) holds none"
    ):
        records(stack, stream=stream).on_change(worker, filters=[{"dynamodb": {image: {"state": {"S": ["new"]}}}}])


def test_a_third_reader_of_the_stream_is_refused_with_another_way(
    stack: TerraformStack, worker: PythonFunction, code: Path
) -> None:
    table = records(stack)
    others = [PythonFunction(stack, id_, name=id_.lower(), packages=[code]) for id_ in ("Second", "Third")]
    table.on_change(worker)
    table.on_change(others[0])
    with pytest.raises(ConfigurationError, match=r"third would be the third function that reads the stream.* a topic"):
        table.on_change(others[1])
