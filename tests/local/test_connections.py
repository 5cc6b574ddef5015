"""Every connection of the classes on the local AWS with IAM enforced: each event arrives at its target.

The local AWS checks the rights of roles of functions and schedules, and the policies of the functions, queues, topics
and keys that a bucket, a topic, a rule and a schedule reach (docs/local-aws.md).
"""

import json

import pytest

from tests.support.connected import Connections
from tests.support.waiting import eventually


@pytest.mark.parametrize("key", ["queued/plain.txt", "monthly reports (é=1)/encoded.txt"])
def test_an_object_reaches_a_function_through_a_queue(connections: Connections, key: str) -> None:
    connections.upload(key)
    (record,) = eventually(lambda: connections.seen("ByQueue", json.dumps(key.rpartition("/")[2])[1:-1]))
    (event,) = json.loads(record["body"])["Records"]
    assert event["eventName"] == "ObjectCreated:Put"


def test_a_removed_object_reaches_a_function_through_a_queue(connections: Connections) -> None:
    connections.upload("queued/removed.txt")
    connections.local.client("s3").delete_object(Bucket="connections-uploads", Key="queued/removed.txt")
    eventually(lambda: connections.seen("ByQueue", "ObjectRemoved"))


def test_an_object_reaches_a_function_through_a_topic(connections: Connections) -> None:
    connections.upload("news/b.txt")
    (record,) = eventually(lambda: connections.seen("ByTopic", "news/b.txt"))
    (event,) = json.loads(record["Sns"]["Message"])["Records"]
    assert event["s3"]["object"]["key"] == "news/b.txt"


def test_an_object_reaches_a_function_and_a_fifo_queue_through_a_rule(connections: Connections) -> None:
    connections.upload("elsewhere/c.txt")
    connections.upload("ruled/c.txt")
    (event,) = eventually(lambda: connections.seen("ByRule", "/c.txt"))
    assert event["detail"]["object"]["key"] == "ruled/c.txt"
    (message,) = eventually(connections.messages("connections-in-order.fifo"))
    assert message["Attributes"]["MessageGroupId"] == "connections-uploaded"


def test_a_queue_gets_raw_messages_that_the_filter_lets_through(connections: Connections) -> None:
    sns = connections.local.client("sns")
    (topic,) = [one["TopicArn"] for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith("connections-news")]
    for kind in ("invoice", "order"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=f"a raw {kind}", MessageAttributes=attributes)
    (message,) = eventually(connections.messages("connections-picked"))
    assert message["Body"] == "a raw order"


def test_an_inserted_item_reaches_a_function_and_a_changed_one_does_not(connections: Connections) -> None:
    dynamodb = connections.local.client("dynamodb")
    for state in ("new", "changed"):
        item = {"id": {"S": "order-1"}, "at": {"N": "1"}, "state": {"S": state}}
        dynamodb.put_item(TableName="connections-orders", Item=item)
    dynamodb.put_item(TableName="connections-orders", Item={"id": {"S": "order-2"}, "at": {"N": "2"}})
    eventually(lambda: connections.seen("ByChange", "order-2"))
    assert [one["eventName"] for one in connections.seen("ByChange", "order-1")] == ["INSERT"]


def test_a_message_that_fails_is_kept_and_the_rest_of_its_batch_is_processed(
    connections: Connections,
) -> None:
    sqs = connections.local.client("sqs")
    url = sqs.get_queue_url(QueueName="connections-work")["QueueUrl"]
    bodies = ["fine 1", "poison", "fine 2"]
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    (kept,) = eventually(connections.messages("connections-work-dead-letters"))
    assert kept["Body"] == "poison"
    assert len(eventually(lambda: connections.seen("ByQueue", '"fine'))) == 2


def test_a_schedule_calls_its_function_with_its_input(connections: Connections) -> None:
    assert eventually(lambda: connections.seen("BySchedule", "minute"), within=90)[0] == {"every": "minute"}
