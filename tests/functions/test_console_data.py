"""What `sluice console` shows of unusual data: values of every type, hostile names and texts, large amounts.
The resources are made without Terraform.
"""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sluice_cli.local_aws.server import LocalAws
from tests.support.commands import project_without_stacks
from tests.support.console_client import ConsoleClient, console_of
from tests.support.shown_resources import STATE_BUCKET, show_resources

Document = dict[str, Any]

BUCKET, TABLE, BYTES, QUEUE, FUNCTION = (
    f"data/{address}"
    for address in (
        "aws_s3_bucket.Objects",
        "aws_dynamodb_table.Rows",
        "aws_dynamodb_table.Bytes",
        "aws_sqs_queue.Work",
        "aws_lambda_function.Function",
    )
)
ROW: Document = {
    "id": {"S": "every type"},
    "at": {"N": "12345678901234567890123456789012345678"},
    "negative": {"N": "-0.0000000000000000000000000000000000001"},
    "": {"S": "<img src=x onerror=alert(1)>"},
    "empty text": {"S": ""},
    "bytes": {"B": bytes(range(256))},
    "no bytes": {"B": b""},
    "true": {"BOOL": True},
    "null": {"NULL": True},
    "list": {"L": [{"L": []}, {"M": {"a.b": {"M": {}}}}, {"NULL": True}]},
    "texts": {"SS": ["\x1b[31m", "\u202e", "a"]},
    "numbers": {"NS": ["-1", "0.5"]},
    "all bytes": {"BS": [b"\0", b"\xff"]},
}
KEYS = [
    *("/", "//", "./..", "../../etc/passwd", "a\\b", "%2e%2e/", "%00", "a?b#c&d=e+f g", "\n", "\r\n", "\x01\x7f\x85"),
    *(
        "é",
        "e\u0301",
        "\u202egnp.exe",
        "\ufeff",
        "\uffff",
        "💥" * 250,
        "x" * 1_024,
        " lead",
        "trail ",
        "folder/",
        "]]>",
    ),
    *("<script>alert(1)</script>.html", "'\"`$(id);|&", "=cmd|' /C calc'!A0", "&amp;", "\u2028"),
]


@pytest.fixture(scope="module")
def console(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleClient]:
    folder = tmp_path_factory.mktemp("data")
    project = project_without_stacks(folder)
    s3, dynamodb, sqs = map(local_aws.client, ("s3", "dynamodb", "sqs"))
    s3.create_bucket(Bucket="data-objects")
    s3.put_bucket_versioning(Bucket="data-objects", VersioningConfiguration={"Status": "Enabled"})
    tables = {}
    for name, id_, at in (("data-rows", "S", "N"), ("data-bytes", "B", "B")):
        made = dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": id_},
                {"AttributeName": "at", "AttributeType": at},
            ],
        )["TableDescription"]
        attributes = [{"name": "id", "type": id_}, {"name": "at", "type": at}]
        keys = {"hash_key": "id", "range_key": "at", "attribute": attributes}
        tables[name] = {"name": name, "arn": made["TableArn"], **keys}
    url = sqs.create_queue(QueueName="data-work")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account = arn.split(":")[4]
    function = f"arn:aws:lambda:us-east-1:{account}:function:data-function"
    resources = {
        "aws_s3_bucket": {"Objects": {"bucket": "data-objects", "arn": "arn:aws:s3:::data-objects"}},
        "aws_dynamodb_table": {"Rows": tables["data-rows"], "Bytes": tables["data-bytes"]},
        "aws_sqs_queue": {"Work": {"name": "data-work", "arn": arn, "url": url}},
        "aws_lambda_function": {"Function": {"function_name": "data-function", "arn": function}},
    }
    show_resources(project, local_aws, "data", resources)
    with console_of(project, local_aws) as client:
        yield client
    for table in tables:
        dynamodb.delete_table(TableName=table)
    sqs.delete_queue(QueueUrl=url)
    for bucket in ("data-objects", STATE_BUCKET):
        versions = s3.list_object_versions(Bucket=bucket)
        for one in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        s3.delete_bucket(Bucket=bucket)


def test_a_row_with_every_type_of_value_is_shown_as_it_is(local_aws: LocalAws, console: ConsoleClient) -> None:
    local_aws.client("dynamodb").put_item(TableName="data-rows", Item=ROW)
    (row,) = console.get("/api/rows", node=TABLE, hash="every type")["rows"]
    encoded = {
        **ROW,
        "bytes": {"B": b64encode(bytes(range(256))).decode()},
        "no bytes": {"B": ""},
        "all bytes": {"BS": ["AA==", "/w=="]},
    }
    assert row["key"] == {"id": ROW["id"], "at": ROW["at"]}
    shown, whole = row["row"], console.get("/api/row", node=TABLE, key=json.dumps(row["key"]))["row"]
    for one in (shown, whole):  # sets have no order
        assert {name: sorted_sets(value) for name, value in one.items()} == {
            name: sorted_sets(value) for name, value in encoded.items()
        }
    # The same number, written otherwise.
    key = {**row["key"], "at": {"N": "1.2345678901234567890123456789012345678E37"}}
    assert console.get("/api/row", node=TABLE, key=json.dumps(key))["row"]["id"] == ROW["id"]


def sorted_sets(value: Document) -> Document:
    return {type_: sorted(one) if type_ in ("SS", "NS", "BS") else one for type_, one in value.items()}


def test_of_a_row_of_400_kilobytes_a_list_shows_the_begin(local_aws: LocalAws, console: ConsoleClient) -> None:
    row = {"id": {"S": "large"}, "at": {"N": "1"}, "text": {"S": "é" * 200_000}, "list": {"L": [{"S": "x" * 3_000}]}}
    local_aws.client("dynamodb").put_item(TableName="data-rows", Item=row)
    (listed,) = console.get("/api/rows", node=TABLE, hash="large")["rows"]
    assert (listed["cut"], listed["row"]["text"]) == (True, {"S": "é" * 2_000})
    assert len(json.dumps(listed["row"])) < 20_000
    assert console.get("/api/row", node=TABLE, key=json.dumps(listed["key"]))["row"] == row


def test_keys_of_bytes_are_given_and_asked_for_in_base64(local_aws: LocalAws, console: ConsoleClient) -> None:
    dynamodb = local_aws.client("dynamodb")
    for value in (b"\0", b"\xff\xfe"):
        dynamodb.put_item(TableName="data-bytes", Item={"id": {"B": value}, "at": {"B": value * 2}})
    first = console.get("/api/rows", node=BYTES, limit=1)
    second = console.get("/api/rows", node=BYTES, limit=1, cursor=first["next"])
    assert [one["key"] for page in (first, second) for one in page["rows"]] == [
        {"id": {"B": "AA=="}, "at": {"B": "AAA="}},
        {"id": {"B": "//4="}, "at": {"B": "//7//g=="}},
    ]
    begins = {"range": b64encode(b"\xff").decode(), "range_op": "begins_with"}
    assert console.get("/api/rows", node=BYTES, hash="//4=", **begins)["rows"] == second["rows"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"hash": "a", "range": "no number"}, "cannot be converted to a numeric value: no number"),
        ({"hash": "a", "range": "1e400"}, "Number overflow"),
        ({"hash": "a", "range": "2", "range_op": "between", "range_to": "1"}, "greater than or equal to lower bound"),
        ({"hash": "a", "range": "1", "range_op": "begins_with"}, "Incorrect operand type"),
        ({"cursor": '{"id": {"S": "a"}}'}, "starting key is invalid"),
        *(
            ({"cursor": cursor}, "a key has to be JSON such as")
            for cursor in (
                *("[]", '{"id": {"S": 1}}', '{"id": {"B": "!"}}', '{"id": {"M": {}}}', '{"id": null}', '{"id": {}}'),
                *('{"id": {"S": "a", "N": "1"}}', '{"id": "a"}', "[" * 5_000),
            )
        ),
    ],
)
def test_what_dynamodb_refuses_is_refused_in_its_words(console: ConsoleClient, query: Document, words: str) -> None:
    status, answer = console.ask("/api/rows", node=TABLE, **query)
    assert (status, words in answer["error"], "class '" in answer["error"]) == (400, True, False), answer


def test_objects_of_any_name_are_put_listed_shown_and_given(console: ConsoleClient) -> None:
    for key in KEYS:
        made = console.upload(BUCKET, key, f"content of {key!a}".encode())
        assert (made["key"], made["size"]) == (key, len(f"content of {key!a}".encode()))
    for key in KEYS:
        shown = console.get("/api/object", node=BUCKET, key=key)
        assert (shown["key"], shown["text"]) == (key, f"content of {key!a}")
        status, headers, body = console.raw("GET", f"/api/object/content?{urlencode({'node': BUCKET, 'key': key})}")
        assert (status, body.decode()) == (200, f"content of {key!a}")
        assert headers["content-disposition"].isascii()
        assert headers["content-disposition"].isprintable()
        assert key in [one["key"] for one in console.get("/api/objects", node=BUCKET, prefix=key)["objects"]]
    listed: list[str] = []
    cursor: Document = {}
    while cursor.get("cursor", "") is not None:
        page = console.get("/api/objects", node=BUCKET, limit=7, **cursor)
        listed += [one["key"] for one in page["objects"]]
        cursor = {"cursor": page["next"]}
    assert listed == sorted(KEYS)


def test_of_a_version_only_the_begin_is_read_for_its_preview(local_aws: LocalAws, console: ConsoleClient) -> None:
    s3 = local_aws.client("s3")
    first = s3.put_object(Bucket="data-objects", Key="versions", Body=b"1" * 300_000)["VersionId"]
    s3.put_object(Bucket="data-objects", Key="versions", Body=b"2")
    shown = console.get("/api/object", node=BUCKET, key="versions", version=first)
    assert (shown["size"], shown["text"], shown["truncated"]) == (300_000, "1" * 65_536, True)
    part = s3.get_object(Bucket="data-objects", Key="versions", VersionId=first, Range="bytes=-5")
    assert (part["Body"].read(), part["ContentRange"]) == (b"11111", "bytes 299995-299999/300000")
    with pytest.raises(s3.exceptions.ClientError, match="InvalidRange"):
        s3.get_object(Bucket="data-objects", Key="versions", VersionId=first, Range="bytes=300000-")
    s3.delete_object(Bucket="data-objects", Key="versions")
    gone = console.ask("/api/object", node=BUCKET, key="versions")
    assert gone == (404, {"error": "there is no such object (any more)"})


def test_messages_show_attributes_of_every_type_and_the_begin_of_their_text(
    local_aws: LocalAws, console: ConsoleClient
) -> None:
    sqs = local_aws.client("sqs")
    url = sqs.get_queue_url(QueueName="data-work")["QueueUrl"]
    attributes: Document = {
        "bytes": {"DataType": "Binary", "BinaryValue": b"\0\xff<"},
        "image": {"DataType": "Binary.png", "BinaryValue": b"\x89PNG"},
        "number": {"DataType": "Number.int", "StringValue": "12345678901234567890123456789012345678"},
        "text": {"DataType": "String", "StringValue": "<b>\u202e"},
    }
    sqs.send_message(QueueUrl=url, MessageBody="<script>\t\r\n💥", MessageAttributes=attributes)
    sqs.send_message(QueueUrl=url, MessageBody="x" * 200_000)
    for number in range(3):
        entries = [{"Id": str(one), "MessageBody": f"{number} {one}"} for one in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    first = console.get("/api/messages", node=QUEUE, limit=20)
    second = console.get("/api/messages", node=QUEUE, limit=20, cursor=first["next"])
    shown: list[Document] = [*first["messages"], *second["messages"]]
    marked, long, others = shown[0], shown[1], shown[2:]
    assert (marked["body"], marked["attributes"]) == (
        "<script>\t\r\n💥",
        {"bytes": "AP88", "image": "iVBORw==", "number": attributes["number"]["StringValue"], "text": "<b>\u202e"},
    )
    assert (long["truncated"], len(long["body"])) == (True, 65_536)
    assert [one["body"] for one in others] == [f"{number} {one}" for number in range(3) for one in range(10)]
    assert (first["waiting"], second["next"]) == (32, None)


def test_of_many_log_lines_the_last_are_shown_and_binary_ones_marked(
    local_aws: LocalAws, console: ConsoleClient
) -> None:
    logs = local_aws.client("logs")
    group, stream = "/aws/lambda/data-function", "2026/01/31/[$LATEST]0123"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)

    def write(*texts: str) -> None:
        events = [{"timestamp": int(time.time() * 1000), "message": text} for text in texts]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    write(*(f"line {number}" for number in range(500)))
    write("\x1b[31mred\x1b[0m", "\x01\x02\x03abc", "\u202e\ue000", "<img src=x onerror=alert(1)>", "x" * 30_000)
    first = console.get("/api/logs", node=FUNCTION, limit=10)
    lines = [(one["text"], one["binary"]) for one in first["lines"]]
    assert lines[:6] == [(f"line {number}", False) for number in range(495, 500)] + [("\x1b[31mred\x1b[0m", False)]
    assert lines[6:] == [
        ("\x01\x02\x03abc", True),
        ("\u202e\ue000", False),
        ("<img src=x onerror=alert(1)>", False),
        ("x" * 20_000, False),
    ]
    assert (first["skipped"], first["lines"][-1]["cut"]) == (495, 30_000)
    write(*(f"later {number}" for number in range(25)))
    pages = [console.get("/api/logs", node=FUNCTION, limit=10, cursor=first["cursor"]) for _ in range(4)]
    logs.delete_log_group(logGroupName=group)
    assert [[one["text"] for one in page["lines"]] for page in pages] == [
        [f"later {number}" for number in numbers] for numbers in (range(10), range(10, 20), range(20, 25), ())
    ]
    assert [page["skipped"] for page in pages] == [0, 0, 0, 0]
