"""What happens on the local AWS, and what led to what, as `sluice console` reads it."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from sluice_cli.local_aws.signed_request import own_request
from tests.support.bare_aws import LOGS, BareAws, allow, service
from tests.support.waiting import eventually

Document = dict[str, Any]

WORKER = """
import json
import boto3

def handle(event, context):
    record = event["Records"][0]
    key = record["s3"]["object"]["key"]
    if "fail" in key:
        raise ValueError("does not work")
    boto3.client("dynamodb").put_item(TableName="{table}", Item={{"id": {{"S": key}}, "n": {{"N": "1"}}}})
    boto3.client("sns").publish(TopicArn="{topic}", Message="recorded", Subject="one more")
    try:
        boto3.client("s3").delete_object(Bucket=record["s3"]["bucket"]["name"], Key=key)
    except Exception as error:
        print(error)
"""
KEY = "in/ä b+c<script>.txt"


def happenings(aws: BareAws, **query: Any) -> Document:
    status, body = own_request(aws.local, "GET", f"/_sluice/happenings?{urlencode(query)}")
    assert status == 200
    return dict(json.loads(body))


class Recorded:
    """The happenings since a moment."""

    def __init__(self, aws: BareAws) -> None:
        self._aws = aws
        now = happenings(aws)
        self._server, self._after = now["server"], now["last"]

    def _read(self, after: int) -> Document:
        return happenings(self._aws, after=after, server=self._server)

    def of(self, arns: list[str]) -> list[Document]:
        return [one for one in self._read(self._after)["happenings"] if one["arn"] in arns]

    def wait_for(self, kind: str, arn: str) -> Document:
        def look() -> Document | None:
            return next((one for one in self.of([arn]) if one["kind"] == kind), None)

        return eventually(look)


@pytest.fixture(scope="module")
def system(aws: BareAws) -> Document:
    """A bucket whose function writes a row and publishes; a queue and a mail address that are told; failures kept."""
    s3, sns = aws.client("s3"), aws.client("sns")
    bucket, table = aws.bucket("in"), aws.table("rows")
    table_arn = aws.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
    topic = aws.topic("told")
    _, queue = aws.queue("listening", allow(["sqs:SendMessage"], **service("sns", topic)))
    _, failures = aws.queue("failures")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    rights = [allow(LOGS), allow(["dynamodb:PutItem"], table_arn), allow(["sns:Publish"], topic)]
    role = aws.role("worker", *rights, allow(["sqs:SendMessage"], failures))
    function = aws.function("worker", role, WORKER.format(table=table, topic=topic))
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": failures}}
    )
    aws.permit(function, "s3", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    return {
        "bucket": bucket,
        "table": table_arn,
        "topic": topic,
        "queue": queue,
        "function": function,
        "failures": failures,
    }


@pytest.fixture(scope="module")
def simple(aws: BareAws) -> str:
    """A function that answers with its event."""
    return aws.function("simple", aws.role("simple", allow(LOGS)), "def handle(event, context):\n    return event\n")


def test_an_object_leads_to_a_run_a_row_a_message_and_a_mail(aws: BareAws, system: Document) -> None:
    recorded = Recorded(aws)
    aws.client("s3").put_object(Bucket=system["bucket"], Key=KEY, Body=b"x" * 10)
    ended = recorded.wait_for("function.ended", system["function"])
    arns = [f"arn:aws:s3:::{system['bucket']}", *(system[name] for name in ("table", "topic", "queue", "function"))]
    found = {one["kind"]: one for one in recorded.of(arns)}
    run, id_ = ["run", ended["run"]], found["message.published"]["message_id"]
    made = ["object", system["bucket"], KEY, found["object.created"]["made"][0][3]]
    links = {kind: (one["used"], one["made"]) for kind, one in found.items()}
    copy = ["message", found["message.sent"]["message_id"]]
    row = ["row", system["table"], "id=in/%C3%A4+b%2Bc%3Cscript%3E.txt"]
    assert links == {
        "object.created": ([], [made]),
        "function.started": ([made], [run]),
        "row.written": ([run], [row]),
        "message.published": ([run], [["message", id_]]),
        "message.sent": ([["message", id_]], [copy]),
        "mail.sent": ([["message", id_]], []),
        "function.ended": ([run], []),
    }
    assert (found["object.created"]["size"], found["object.created"]["key"]) == (10, KEY)
    assert (found["mail.sent"]["title"], found["mail.sent"]["detail"]) == ("one more", "email to ops@example.com")
    assert (ended["status"], ended["seconds"] > 0) == ("ok", True)
    assert found["row.written"]["trace_id"] == ended["trace_id"]


def test_a_refused_call_is_told_of_the_run_that_made_it(aws: BareAws, system: Document) -> None:
    recorded = Recorded(aws)
    aws.client("s3").put_object(Bucket=system["bucket"], Key="refused.txt", Body=b"x")
    refused = recorded.wait_for("call.refused", f"arn:aws:s3:::{system['bucket']}/refused.txt")
    assert (refused["title"], refused["status"], refused["function"]) == (
        "s3:DeleteObject",
        "refused",
        system["function"],
    )
    assert refused["used"] == [["run", refused["run"]]]


def test_a_kept_failure_comes_of_the_run_that_failed(aws: BareAws, system: Document) -> None:
    recorded = Recorded(aws)
    aws.client("s3").put_object(Bucket=system["bucket"], Key="fail.txt", Body=b"x")
    kept = recorded.wait_for("failure.kept", system["failures"])
    ((kind, run),) = kept["used"]
    told = [one for one in recorded.of([system["function"]]) if one["run"] == run]
    (ended,) = [one for one in told if one["kind"] == "function.ended"]
    assert (kind, ended["status"], ended["detail"]) == ("run", "error", "does not work")


def test_what_waits_in_a_queue_is_seen_without_receiving_it(aws: BareAws) -> None:
    sqs = aws.client("sqs")
    url, arn = aws.queue("seen")
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=f"<b>{number}</b>")
    query = f"/_sluice/queue?arn={arn}&after=1&limit=1"
    for _ in range(2):
        seen = json.loads(own_request(aws.local, "GET", query)[1])
        assert ([one["body"] for one in seen["messages"]], seen["next"], seen["waiting"]) == (["<b>1</b>"], 2, 3)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(received) == 3
    whole = json.loads(own_request(aws.local, "GET", f"{query}&full=1")[1])
    assert whole["in_flight"] == 3
    assert whole["messages"][0]["as_received"]["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_message_that_is_moved_to_the_failure_queue_is_told_there(aws: BareAws) -> None:
    sqs, recorded = aws.client("sqs"), Recorded(aws)
    _, failures = aws.queue("moved-to")
    policy = json.dumps({"deadLetterTargetArn": failures, "maxReceiveCount": 1})
    url, arn = aws.queue("moved-from", RedrivePolicy=policy)
    id_ = sqs.send_message(QueueUrl=url, MessageBody="bad")["MessageId"]
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    told = [(one["kind"], one["arn"], one["message_id"]) for one in recorded.of([arn, failures])]
    assert told == [("message.sent", arn, id_), ("message.received", arn, id_), ("failure.kept", failures, id_)]


def test_removed_messages_and_rows_are_told(aws: BareAws, system: Document) -> None:
    sqs, recorded = aws.client("sqs"), Recorded(aws)
    url, arn = aws.queue("emptied")
    for text in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=text)
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    rest = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(received[1:])]
    sqs.delete_message_batch(QueueUrl=url, Entries=rest)
    removed = [one["message_id"] for one in recorded.of([arn]) if one["kind"] == "message.removed"]
    assert removed == [one["MessageId"] for one in received]
    dynamodb, table = aws.client("dynamodb"), system["table"].rpartition("/")[2]
    item = {"id": {"S": "removed"}}
    dynamodb.put_item(TableName=table, Item=item)
    dynamodb.put_item(TableName=table, Item=item)
    dynamodb.delete_item(TableName=table, Key=item)
    rows = [(one["kind"], one["title"], one["detail"]) for one in recorded.of([system["table"]])]
    assert rows == [
        ("row.written", "removed", ""),
        ("row.changed", "removed", "unchanged"),
        ("row.removed", "removed", ""),
    ]


def test_an_alarm_leads_to_the_notification_that_it_sends(aws: BareAws) -> None:
    cloudwatch, recorded = aws.client("cloudwatch"), Recorded(aws)
    topic, name = aws.topic("rung"), f"{aws.prefix}-ringing"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName="Failures",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    for state in ("ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
    arn = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]
    rung = [(one["kind"], one["status"], one["detail"]) for one in recorded.of([arn])]
    assert rung == [("alarm.ringing", "error", "a test"), ("alarm.ended", "ok", "a test")]
    assert [one["used"] for one in recorded.of([topic])] == [[["alarm", name]]] * 2
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_a_rule_leads_to_its_target(aws: BareAws) -> None:
    events, recorded = aws.client("events"), Recorded(aws)
    name = f"{aws.prefix}-rule"
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    _, queue = aws.queue("target", allow(["sqs:SendMessage"], **service("events", rule)))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    entry = {"Source": name, "DetailType": "Tested", "Detail": "{}"}
    id_ = events.put_events(Entries=[entry])["Entries"][0]["EventId"]
    matched, sent = recorded.wait_for("rule.matched", rule), recorded.wait_for("message.sent", queue)
    assert (matched["made"], sent["used"]) == ([["event", id_]], [["event", id_]])
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


def test_what_left_for_people_is_kept(aws: BareAws, system: Document) -> None:
    id_ = aws.client("sns").publish(TopicArn=system["topic"], Message="<img src=x>", Subject="s")["MessageId"]
    sent = json.loads(own_request(aws.local, "GET", "/_sluice/sent")[1])["sent"]
    own = [(one["protocol"], one["to"], one["subject"], one["body"]) for one in sent if one["id"] == id_]
    assert own == [("sns", None, "s", "<img src=x>"), ("email", "ops@example.com", "s", "<img src=x>")]


def test_who_waits_is_answered_when_something_happens(aws: BareAws, system: Document) -> None:
    now = happenings(aws)
    aws.client("sns").publish(TopicArn=system["topic"], Message="now")
    answer = happenings(aws, server=now["server"], after=now["last"], wait=20)
    assert answer["happenings"][0]["kind"] == "message.published"
    assert happenings(aws, server=now["server"], after=10**9, wait="x")["happenings"] == []
    # Of another server nothing is known that could be waited for.
    assert happenings(aws, server="another", after=now["last"], wait=20)["happenings"][0]["number"] == 1


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "text",
        {"Records": None},
        {"Records": ["text", 1, None, {}, []]},
        {"Records": [{"eventSource": "aws:s3"}, {"eventSource": "aws:s3", "s3": {"bucket": 1, "object": []}}]},
        {
            "Records": [
                {"eventSource": "aws:s3", "s3": {"bucket": {"name": {}}, "object": {"key": "a", "versionId": {}}}}
            ]
        },
        {"Records": [{"eventSource": "aws:sqs", "messageId": {"a": []}}, {"EventSource": "aws:sns", "Sns": []}]},
        {"Records": [{"eventSource": "aws:dynamodb", "eventSourceARN": "x", "dynamodb": {"Keys": {"a": {}}}}]},
        {"Records": [{"eventSource": "aws:dynamodb", "eventSourceARN": 1, "dynamodb": {"Keys": [1]}}]},
        {"id": {}, "detail-type": 1},
    ],
)
def test_a_function_runs_whatever_its_event_looks_like(aws: BareAws, simple: str, event: Any) -> None:
    answer = aws.client("lambda").invoke(FunctionName=simple, Payload=json.dumps(event))
    assert ("FunctionError" in answer, json.loads(answer["Payload"].read())) == (False, event)
