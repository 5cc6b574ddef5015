"""A function with the handler toolkit behind each source, on the local AWS: what it is given, what a failure does."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checks.bench.places import LIBRARIES, OF_THE_WHEEL, TOOLKIT
from modules._packaging import build_archive
from sluice_cli.local_aws.signed_request import send
from tests.support.bare_aws import ACCOUNT, LOGS, REGION, BareAws, allow, service
from tests.support.waiting import eventually

HANDLER = """
import json, os
from dataclasses import asdict

from botocore.config import Config
from sluice_functions import aws, eventbridge, http, s3_events, schedules, sns, sqs, streams
from sluice_functions.observability import instrumented

# A call that is repeated while its answer is late would be seen twice.
ONCE = Config(read_timeout=300, retries={"total_max_attempts": 1})


def see(record):
    text = json.dumps([type(record).__name__, asdict(record)], default=str)
    aws.client("sqs", ONCE).send_message(QueueUrl=os.environ["SEEN"], MessageBody=text)
    if "bad" in text:
        raise ValueError("bad")


OF_QUEUES = {
    "objects": sqs.for_each_object,
    "notifications": sqs.for_each_notification,
    "events": sqs.for_each_event,
    "messages": sqs.for_each_message,
}


@instrumented
def handle(event, context):
    if http.is_request(event):
        return http.respond({http.InvalidRequest: 400}, lambda: http.answer(200, {
            "id": http.path_parameter(event, "id"), "query": http.query_parameter(event, "q")}))
    if "detail-type" in event:
        return see(eventbridge.received(event))
    if "schedule" in event:
        return see(schedules.scheduled(event))
    first = event["Records"][0]
    if first.get("eventSource") == "aws:sqs":
        return OF_QUEUES[first["eventSourceARN"].rpartition("-")[2]](event, see)
    if first.get("eventSource") == "aws:dynamodb":
        return streams.for_each_change(event, see)
    if "Sns" in first:
        return sns.for_each_notification(event, see)
    return s3_events.for_each_object(event, see)
"""

STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
LONGEST_SECONDS = 600  # of an invocation on a loaded machine
KEY = "in/a b+c&d é%20.txt"


@dataclass(frozen=True)
class Function:
    aws: BareAws
    arn: str
    url: str

    def permit(self, who: str, source: str) -> None:
        self.aws.client("lambda").add_permission(
            FunctionName=self.arn,
            StatementId=who,
            Action="lambda:InvokeFunction",
            Principal=f"{who}.amazonaws.com",
            SourceArn=source,
        )

    def poll(self, source: str, **settings: Any) -> None:
        client = self.aws.client("lambda")
        reports = {"FunctionResponseTypes": ["ReportBatchItemFailures"], **settings}
        mapping = client.create_event_source_mapping(FunctionName=self.arn, EventSourceArn=source, **reports)["UUID"]
        self.aws.cleanup(client.delete_event_source_mapping, UUID=mapping)

    def queue(self, what: str, *senders: str) -> tuple[str, str]:
        """A queue whose messages the function gets."""
        statements = [allow(["sqs:SendMessage"], **service(one, "*", "ArnLike")) for one in senders]
        # The local AWS shows the messages of a failed batch again at once.
        url, arn = self.aws.queue(what, *statements, VisibilityTimeout=str(6 * LONGEST_SECONDS))
        self.poll(arn)
        return url, arn

    def seen(self, text: str) -> list[tuple[str, dict[str, Any]]]:
        """The records with a text, in the order in which they were seen."""
        bodies = [one["Body"] for one in self.aws.messages(self.url)]
        return [tuple(json.loads(body)) for body in bodies if json.dumps(text)[1:-1] in body]


@pytest.fixture(scope="module")
def function(aws: BareAws, tmp_path_factory: pytest.TempPathFactory) -> Function:
    code = tmp_path_factory.mktemp("code") / "worker"
    code.mkdir()
    (code / "handler.py").write_text(HANDLER)
    archive = build_archive([code, TOOLKIT], LIBRARIES, exclude=OF_THE_WHEEL)
    url, _ = aws.queue("seen", VisibilityTimeout=str(LONGEST_SECONDS))
    role = aws.role("worker", allow([*LOGS, *STREAM, *POLL, "sqs:SendMessage"]))
    variables = {"SEEN": url, "POWERTOOLS_METRICS_NAMESPACE": "tests", "POWERTOOLS_SERVICE_NAME": "tests"}
    arn = aws.function(
        "worker",
        role,
        "",
        Handler="worker.handler.handle",
        Code={"ZipFile": Path(archive).read_bytes()},
        Timeout=LONGEST_SECONDS,
        Environment={"Variables": variables},
    )
    return Function(aws, arn, url)


def test_objects_of_a_bucket_itself_and_by_way_of_queue_topic_and_eventbridge(function: Function, aws: BareAws) -> None:
    _, queue = function.queue("objects", "s3", "sns", "events")
    topic = aws.topic("objects")
    aws.client("sns").set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=json.dumps(
            {"Version": "2012-10-17", "Statement": [allow(["sns:Publish"], topic, **service("s3", "*", "ArnLike"))]}
        ),
    )
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    events, rule = aws.client("events"), f"{aws.prefix}-objects"
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue}])
    aws.cleanup(events.delete_rule, Name=rule)
    aws.cleanup(events.remove_targets, Rule=rule, Ids=["queue"])
    function.permit("s3", "arn:aws:s3:::*")
    ways = {
        "itself": {
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": function.arn, "Events": ["s3:ObjectCreated:*"]}]
        },
        "queue": {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]},
        "topic": {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]},
        "eventbridge": {"EventBridgeConfiguration": {}},
    }
    s3 = aws.client("s3")
    for way, configuration in ways.items():
        bucket = aws.bucket(f"by-{way}")
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"12345")
        (kind, record), *_ = eventually(lambda bucket=bucket: function.seen(bucket))  # type: ignore[misc]
        assert (way, kind, record["key"], record["size"]) == (way, "S3Object", KEY, 5)
        assert record["event_name"] == "ObjectCreated:Put"


def test_a_message_that_fails_comes_again_and_the_others_do_not(function: Function, aws: BareAws) -> None:
    url, arn = function.queue("messages")
    entries = [{"Id": one, "MessageBody": f"{one} of batch"} for one in ("good", "bad", "fine")]
    aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: len(function.seen("bad of batch")) >= 2)
    counts = [record["attributes"]["ApproximateReceiveCount"] for _, record in function.seen("bad of batch")]
    assert counts[:2] == ["1", "2"]
    assert len(function.seen("good of batch")) == len(function.seen("fine of batch")) == 1
    assert function.seen("good of batch")[0][1]["queue_arn"] == arn


def test_notifications_of_a_topic_itself_and_in_a_queue_with_and_without_raw_delivery(
    function: Function, aws: BareAws
) -> None:
    _, queue = function.queue("notifications", "sns")
    topic, raw, sns = aws.topic("news"), aws.topic("raw"), aws.client("sns")
    function.permit("sns", topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function.arn)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.subscribe(TopicArn=raw, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
    for one, text in ((topic, "in envelopes"), (raw, "as it is")):
        sns.publish(TopicArn=one, Message=text, Subject="news", MessageAttributes=attributes)
    eventually(lambda: len(function.seen("in envelopes")) == 2)
    for kind, record in function.seen("in envelopes"):
        assert (kind, record["body"], record["subject"]) == ("TopicMessage", "in envelopes", "news")
        assert (record["topic_arn"], record["attributes"]) == (topic, {"kind": "order"})
    ((kind, record),) = eventually(lambda: function.seen("as it is"))
    assert (kind, record["body"], record["attributes"]) == ("TopicMessage", "as it is", {"kind": "order"})


def test_events_of_a_bus_itself_and_in_a_queue(function: Function, aws: BareAws) -> None:
    _, queue = function.queue("events", "events")
    events, rule = aws.client("events"), f"{aws.prefix}-bus"
    arn = events.put_rule(Name=rule, EventPattern=json.dumps({"source": [aws.prefix]}))["RuleArn"]
    function.permit("events", arn)
    events.put_targets(Rule=rule, Targets=[{"Id": "f", "Arn": function.arn}, {"Id": "q", "Arn": queue}])
    aws.cleanup(events.delete_rule, Name=rule)
    aws.cleanup(events.remove_targets, Rule=rule, Ids=["f", "q"])
    detail = {"text": "on the bus", "price": 1}
    events.put_events(Entries=[{"Source": aws.prefix, "DetailType": "Order", "Detail": json.dumps(detail)}])
    eventually(lambda: len(function.seen("on the bus")) == 2)
    seen = function.seen("on the bus")
    assert [(kind, one["detail"], one["detail_type"], one["source"]) for kind, one in seen] == [
        ("BusEvent", detail, "Order", aws.prefix)
    ] * 2
    assert seen[0][1]["id"] == seen[1][1]["id"]


def test_changes_of_a_table_come_again_from_the_first_that_fails(function: Function, aws: BareAws) -> None:
    view = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    table, dynamodb = aws.table("changes", StreamSpecification=view), aws.client("dynamodb")
    for id_ in ("first", "bad", "later"):
        dynamodb.put_item(TableName=table, Item={"id": {"S": f"{id_} change"}, "blob": {"B": b"\x00\xff"}})
    stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    function.poll(stream, StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=1, BisectBatchOnFunctionError=True)
    # The batch, then in halves: bad alone, once more as its retry, and later.
    eventually(lambda: len(function.seen("later change")) == 2)
    assert len(function.seen("bad change")) == 3
    ((kind, record),) = function.seen("first change")
    assert (kind, record["kind"], record["keys"]) == ("ItemChange", "INSERT", {"id": "first change"})
    assert record["new"]["blob"] == str(b"\x00\xff")


def test_a_path_parameter_is_decoded_once_and_a_query_parameter_is_decoded_already(
    function: Function, aws: BareAws
) -> None:
    gateway = aws.client("apigateway")
    api = gateway.create_rest_api(name=f"{aws.prefix}-orders")["id"]
    aws.cleanup(gateway.delete_rest_api, restApiId=api)
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="{id}")["id"]
    route = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**route, authorizationType="NONE", requestParameters={"method.request.path.id": True})
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function.arn}/invocations"
    gateway.put_integration(**route, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="live")
    function.permit("apigateway", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*")
    running = aws.local.running()
    assert running
    url = f"{running.url}/_aws/execute-api/{api}/live"

    def ask(path: str) -> Any:
        status, body = send(aws.local, "GET", f"{url}/{path}")
        return status, json.loads(body)

    assert ask("a%20b%2Bc%C3%A9") == (200, {"id": "a b+cé", "query": None})
    assert ask("x?q=a%20b%2B") == (200, {"id": "x", "query": "a b+"})
    assert ask("50%2525?q=%2525") == (200, {"id": "50%25", "query": "%25"})
