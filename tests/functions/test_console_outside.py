"""Resources on the local AWS that no deployed stack has, in the console: what happens there, and their boxes."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sluice_cli.console.local import LocalConnection
from sluice_cli.console.nodes import Node
from sluice_cli.console.outside import Outside, described_by, id_of
from sluice_cli.local_aws.server import LocalAws
from tests.support.commands import project_without_stacks
from tests.support.console_client import ConsoleClient, console_of
from tests.support.waiting import eventually

NAME = "console-outside"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module")
def arns(local_aws: LocalAws) -> dict[str, str]:
    """A resource of each service that pictures draw."""
    client, account = local_aws.client, local_aws.client("sts").get_caller_identity()["Account"]
    client("s3").create_bucket(Bucket=NAME)
    client("s3").put_object(Bucket=NAME, Key="in/a.txt", Body=b"content")
    url = client("sqs").create_queue(QueueName=NAME)["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="waits")
    topic = client("sns").create_topic(Name=NAME)["TopicArn"]
    client("sns").publish(TopicArn=topic, Message="published")
    table = client("dynamodb").create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("id", "at", "of")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-of",
                "KeySchema": [{"AttributeName": "of", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )["TableDescription"]["TableArn"]
    client("dynamodb").put_item(TableName=NAME, Item={"id": {"S": "a"}, "at": {"S": "1"}, "of": {"S": "x"}})
    bus = client("events").create_event_bus(Name=NAME)["EventBusArn"]
    role = client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    function = client("lambda").create_function(
        FunctionName=NAME, Role=role, Runtime="python3.11", Handler="main.handler", Code={"ZipFile": code.getvalue()}
    )["FunctionArn"]
    return {
        "aws_s3_bucket": f"arn:aws:s3:::{NAME}",
        "aws_sqs_queue": f"arn:aws:sqs:us-east-1:{account}:{NAME}",
        "aws_sns_topic": topic,
        "aws_dynamodb_table": table,
        "aws_cloudwatch_event_bus": bus,
        "aws_lambda_function": function,
    }


@pytest.fixture(scope="module")
def console(
    arns: dict[str, str], local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsoleClient]:
    """A console of a project without stacks."""
    folder = tmp_path_factory.mktemp("console-outside")
    with console_of(project_without_stacks(folder), local_aws) as client:
        eventually(lambda: client.get("/api/happenings")["happenings"], within=60)
        yield client


def test_what_happens_at_a_resource_of_no_stack_says_where(console: ConsoleClient, arns: dict[str, str]) -> None:
    def places() -> dict[str, Any]:
        found = console.get("/api/happenings", limit=200)["happenings"]
        return {
            one["kind"]: (one["node"], one["stack"], one["resource"]) for one in found if one["node"] in arns.values()
        }

    def place(type_: str, words: str) -> tuple[str, None, Any]:
        return arns[type_], None, {"title": NAME, "subtitle": f"{words} of no deployed stack"}

    expected = {
        "object.created": place("aws_s3_bucket", "S3 bucket"),
        "message.sent": place("aws_sqs_queue", "SQS queue"),
        "message.published": place("aws_sns_topic", "SNS topic"),
        "row.written": place("aws_dynamodb_table", "DynamoDB table"),
    }
    eventually(lambda: places() == expected)


# Of each service: a tab, and what of its answer says that it shows the resource.
SHOWN: dict[str, tuple[str, Callable[[Any], Any], Any]] = {
    "aws_s3_bucket": ("/api/objects", lambda found: found["objects"][0]["key"], "in/a.txt"),
    "aws_sqs_queue": ("/api/messages", lambda found: found["messages"][0]["body"], "waits"),
    "aws_sns_topic": ("/api/sent", lambda found: found["sent"][0]["body"], "published"),
    "aws_dynamodb_table": ("/api/rows", lambda found: found["rows"][0]["key"], {"id": {"S": "a"}, "at": {"S": "1"}}),
    "aws_cloudwatch_event_bus": ("/api/node", lambda found: found["actions"], ["event"]),
    "aws_lambda_function": ("/api/logs", lambda found: found["lines"], []),
}


@pytest.mark.parametrize("type_", SHOWN)
def test_a_resource_of_no_stack_opens(console: ConsoleClient, arns: dict[str, str], type_: str) -> None:
    node = console.get("/api/node", node=arns[type_])
    assert (node["id"], node["title"], node["name"], node["arn"]) == (arns[type_], NAME, NAME, arns[type_])
    assert node["note"].startswith("No deployed stack of this project has it")
    path, read, expected = SHOWN[type_]
    assert read(console.get(path, node=arns[type_])) == expected
    for tab in ("metrics", "alarms", "failures"):
        if tab in node["tabs"]:
            assert console.ask(f"/api/{tab}", node=arns[type_])[0] == 200


def test_the_keys_of_a_table_of_no_stack_are_known(console: ConsoleClient, arns: dict[str, str]) -> None:
    table = console.get("/api/node", node=arns["aws_dynamodb_table"])["table"]
    hash_, range_ = {"name": "id", "type": "S"}, {"name": "at", "type": "S"}
    assert table["key"] == {"hash": hash_, "range": range_}
    assert table["indexes"] == [{"name": "by-of", "hash": {"name": "of", "type": "S"}, "range": None}]
    rows = console.get("/api/rows", node=arns["aws_dynamodb_table"], index="by-of", hash="x")["rows"]
    assert [one["key"]["id"] for one in rows] == [{"S": "a"}]


def test_something_is_put_into_resources_of_no_stack(console: ConsoleClient, arns: dict[str, str]) -> None:
    assert console.upload(arns["aws_s3_bucket"], "put.txt", b"content")["key"] == "put.txt"
    console.post("/api/message", node=arns["aws_sqs_queue"], body="put")
    console.post("/api/message", node=arns["aws_sns_topic"], body="put")
    event = {"source": "a.b", "detail-type": "c", "detail": {}}
    console.post("/api/event", node=arns["aws_cloudwatch_event_bus"], event=event)
    answer = console.post("/api/invoke", node=arns["aws_lambda_function"], event={"a": 1})
    assert (answer["ok"], answer["answer"]) == (True, {"a": 1})
    way = console.get("/api/follow", thing=answer["follow"])
    assert way["steps"][0]["resource"]["subtitle"] == "Lambda function of no deployed stack"


@pytest.mark.parametrize(
    "id_",
    ["arn:aws:s3:::gone-bucket", "arn:aws:sqs:us-east-1:000000000000:gone", "arn:aws:kms:us-east-1:0:key/a", "arn:"],
)
def test_what_the_local_aws_does_not_have_is_not_deployed(console: ConsoleClient, id_: str) -> None:
    status, answer = console.ask("/api/node", node=id_)
    assert (status, answer) == (404, {"error": f"{id_} is not deployed (any more)"})


def test_a_box_that_a_stack_only_names_shows_what_the_local_aws_has(local_aws: LocalAws, arns: dict[str, str]) -> None:
    outside = Outside(LocalConnection(local_aws))
    for type_, arn in arns.items():
        named = Node(f"a/foreign:{type_}:{NAME}", "a", f"foreign:{type_}:{NAME}", type_, NAME, "")
        completed = outside.completed(named)
        assert completed.resource
        assert (completed.arn, completed.id, completed.tabs != []) == (
            arn,
            named.id,
            type_ != "aws_cloudwatch_event_bus",
        )
    absent = outside.completed(Node("a/foreign:b", "a", "foreign:b", "aws_sqs_queue", "absent", ""))
    assert absent.resource is None
    assert "once it is created there, it opens here" in absent.note.lower()
    own = Node("a/b", "a", "aws_sqs_queue.b", "aws_sqs_queue", NAME, "")
    assert outside.completed(own) is own  # of a stack that is not deployed yet


@pytest.mark.parametrize("type_", sorted(SHOWN))
def test_a_box_of_what_the_local_aws_does_not_have_says_so(
    console: ConsoleClient, monkeypatch: pytest.MonkeyPatch, type_: str
) -> None:
    named = Node(f"a/foreign:{type_}:absent", "a", f"foreign:{type_}:absent", type_, "absent", "of another stack")
    monkeypatch.setitem(console.server.console.deployment.nodes.by_id, named.id, named)
    node = console.get("/api/node", node=named.id)
    assert (node["title"], node["tabs"], node["actions"], node["facts"]) == ("absent", [], [], [])
    assert node["note"].endswith("Once it is created there, it opens here.")


@pytest.mark.parametrize(
    ("arn", "id_", "words"),
    [
        ("arn:aws:s3:::b/key/a", "arn:aws:s3:::b", ("b", "S3 bucket")),
        ("arn:aws:lambda:r:1:function:f:live", "arn:aws:lambda:r:1:function:f", ("f", "Lambda function")),
        ("arn:aws:dynamodb:r:1:table/t/index/i", "arn:aws:dynamodb:r:1:table/t", ("t", "DynamoDB table")),
        ("arn:aws:sqs:r:1:q.fifo", "arn:aws:sqs:r:1:q.fifo", ("q.fifo", "SQS queue")),
        ("arn:aws:cloudwatch:r:1:alarm:a b", None, ("a b", "CloudWatch alarm")),
        ("arn:aws:events:r:1:rule/bus/n", None, ("n", "EventBridge rule")),
        ("arn:aws:events:r:1:rule/n", None, ("n", "EventBridge rule")),
        ("arn:aws:scheduler:r:1:schedule/g/n", None, ("n", "EventBridge schedule")),
        ("/restapis/abc", None, ("abc", "REST API")),
        ("/apis/abc", None, ("abc", "HTTP API")),
        ("arn:aws:kms:r:1:key/k", None, ("key/k", "resource")),
        ("", None, None),
        ("*", None, None),
    ],
)
def test_an_arn_is_described_in_words(arn: str, id_: str | None, words: tuple[str, str] | None) -> None:
    shown = words and {"title": words[0], "subtitle": f"{words[1]} of no deployed stack"}
    assert (id_of(arn), described_by(arn)) == (id_, shown)
