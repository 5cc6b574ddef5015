"""Messages that wait in queues, what was published and mailed, and sending."""

from typing import Any
from urllib.parse import urlencode

from .console import Console
from .guard import HttpError
from .happenings import follow_text
from .requests import PageRequest, text_of

QUEUE, SENT = "/_sluice/queue", "/_sluice/sent"


def waiting(console: Console, request: PageRequest) -> Any:
    """Without receiving them: they stay visible to the queue's consumers."""
    node = console.node(request)
    after = request.query.get("cursor") or "0"
    asked = urlencode({"arn": node.arn or "", "after": after, "limit": request.limit})
    found = console.connection.own(f"{QUEUE}?{asked}")
    if found["messages"] is None:
        raise HttpError(404, f"{node.title} is no queue, or is gone")
    names = ("id", "sent", "body", "truncated", "received", "visible", "attributes", "group")
    messages = [
        {**{name: one[name] for name in names}, "follow": follow_text((("message", one["id"]),))}
        for one in found["messages"]
    ]
    following = str(found["next"]) if found["next"] is not None else None
    return {**found, "messages": messages, "next": following}


def sent(console: Console, request: PageRequest) -> Any:
    """The messages that a topic published; for the mail box, what left AWS for people and other systems."""
    node = console.node(request)
    found = console.connection.own(SENT)
    if node.type == "aws_sns_topic":
        own = [one for one in found["sent"] if one["topic"] == node.arn]
    else:
        topics = {one.arn for one in console.deployment.nodes.resources if one.stack == node.stack}
        own = [
            one for one in found["sent"] if one["protocol"] != "sns" and (not one["topic"] or one["topic"] in topics)
        ]
    shown = [{**one, "follow": follow_text((("message", one["id"]),))} for one in reversed(own)]
    return {"sent": shown, "skipped": found["skipped"]}


def send(console: Console, request: PageRequest) -> Any:
    content = request.json()
    node = console.deployment.node(text_of(content, "node"))
    body = text_of(content, "body")
    given = content.get("attributes") or {}
    if not isinstance(given, dict):
        raise HttpError(400, "attributes have to be an object of texts")
    attributes = {name: {"DataType": "String", "StringValue": text_of(given, name)} for name in given}
    group = text_of(content, "group", "") or ("1" if (node.arn or "").endswith(".fifo") else "")
    options: dict[str, Any] = {"MessageAttributes": attributes} if attributes else {}
    if group:
        options["MessageGroupId"] = group
        options["MessageDeduplicationId"] = console.unique()
    region = node.region or None
    if node.type == "aws_sqs_queue" and node.resource:
        sqs = console.client("sqs", region)
        url = sqs.get_queue_url(QueueName=node.name)["QueueUrl"]
        id_ = sqs.send_message(QueueUrl=url, MessageBody=body, **options)["MessageId"]
    elif node.type == "aws_sns_topic":
        subject = text_of(content, "subject", "")
        options |= {"Subject": subject} if subject else {}
        id_ = console.client("sns", region).publish(TopicArn=node.arn, Message=body, **options)["MessageId"]
    else:
        raise HttpError(400, f"{node.title} is neither a queue nor a topic")
    return {"id": id_, "follow": follow_text((("message", id_),))}
