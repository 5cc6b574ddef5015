"""Happenings: messages of queues and topics, notifications that leave AWS (mail, SMS, HTTP), and kept failures.

What waits in a queue can be looked at without receiving it: `GET /_sluice/queue?arn=ARN&after=NUMBER&limit=NUMBER`,
and with `full=1` as ReceiveMessage would give it.
The last 500 messages of topics and mails are kept: `GET /_sluice/sent`.
"""

import base64
import json
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qs

from ministack.services import eventbridge, lambda_svc, s3, ses, sns, sqs

import invocations
from completing import existing
from happenings import Thing, caused_by, record
from own_paths import serving

QUEUE, SENT = "/_sluice/queue", "/_sluice/sent"
KEPT = 500
MOST_MESSAGES = 200
LONGEST_BODY = 65_536
# Protocols of subscriptions whose notifications leave AWS.
LEAVING = ("email", "email-json", "sms", "http", "https")
# The queue in which a message was recorded last: a message moved to another queue is recorded again.
MARK = "announced_in"

_sent: deque[dict[str, Any]] = deque(maxlen=KEPT)
_sent_count = 0
_lock = threading.Lock()
_last_run = threading.local()

_plain_send = existing(sqs, "_act_send_message")
_plain_collect = existing(sqs, "_collect_msgs")
_plain_delete = existing(sqs, "_act_delete_message")
_plain_delete_many = existing(sqs, "_act_delete_message_batch")
_plain_delete_batch = existing(sqs, "_delete_messages_for_esm")
_plain_sweep = existing(sqs, "_dlq_sweep")
_plain_fanout = existing(sns, "_fanout")
_plain_failure = existing(lambda_svc, "_route_async_failure")
_plain_stream_failure = existing(lambda_svc, "_send_ddb_stream_failure_record")
_emails = existing(ses, "_sent_emails_list")
for _name in ("_queue_by_arn", "_get_q", "_expire_retained", "_ensure_msg_fields"):
    existing(sqs, _name)
_attributes = existing(sqs, "_build_sys_attrs")
_matches = existing(sns, "_matches_filter_policy")


def announce_arn(arn: str | None, kind: str = "message.sent") -> None:
    """Record the messages that arrived in a queue since the last call."""
    queue = sqs._queue_by_arn(arn) if arn and ":sqs:" in arn else None
    if queue is not None:
        _announce(queue, kind)


def _announce(queue: Any, kind: str = "message.sent") -> None:
    arn = queue["attributes"].get("QueueArn", "")
    new: list[Any] = []
    for message in reversed(queue["messages"]):
        if message.get(MARK) == arn:
            break
        message[MARK] = arn
        new.append(message)
    for message in reversed(new):
        _record(kind, arn, message, made=(("message", message["id"]),))


def _record(kind: str, arn: str, message: Any, **things: Any) -> None:
    body = message.get("body", "")
    record(kind, arn, body[:200], message_id=message["id"], detail=_size(len(body)), **things)


def _size(count: int) -> str:
    return f"{count:,} characters"


def _send(data: dict[str, Any], queue_url: str) -> Any:
    result = _plain_send(data, queue_url)
    _announce(sqs._get_q(data.get("QueueUrl", queue_url)))
    return result


def _collected(queue: Any, most: int, visibility: int) -> Any:
    messages = _plain_collect(queue, most, visibility)
    arn = queue["attributes"].get("QueueArn", "")
    for message in messages:
        _record("message.received", arn, message, used=(("message", message["id"]),))
    return messages


def _deleted(data: dict[str, Any], queue_url: str) -> Any:
    queue = sqs._get_q(data.get("QueueUrl", queue_url))
    gone = _received(queue, {data.get("ReceiptHandle")})
    result = _plain_delete(data, queue_url)
    _removed(queue, gone)
    return result


def _deleted_many(data: dict[str, Any], queue_url: str) -> Any:
    queue = sqs._get_q(data.get("QueueUrl", queue_url))
    gone = _received(queue, {one.get("ReceiptHandle") for one in data.get("Entries", [])})
    result = _plain_delete_many(data, queue_url)
    _removed(queue, gone)
    return result


def _deleted_batch(queue_url: str, handles: set[str]) -> None:
    queue = sqs._get_q(queue_url)
    gone = _received(queue, handles)
    _plain_delete_batch(queue_url, handles)
    _removed(queue, gone)


def _received(queue: Any, handles: set[Any]) -> list[Any]:
    """The messages that were received with these handles."""
    return [one for one in queue["messages"] if one.get("receipt_handle") and one["receipt_handle"] in handles]


def _removed(queue: Any, messages: list[Any]) -> None:
    for message in messages:
        _record("message.removed", queue["attributes"].get("QueueArn", ""), message, used=(("message", message["id"]),))


def _swept(queue: Any) -> None:
    before = len(queue["messages"])
    _plain_sweep(queue)
    if len(queue["messages"]) != before:
        policy = json.loads(queue["attributes"]["RedrivePolicy"])
        announce_arn(policy.get("deadLetterTargetArn"), "failure.kept")


def _delivering(module: Any, name: str) -> Any:
    """A delivery to a queue, whose first argument is the queue's ARN."""
    plain = existing(module, name)

    def deliver(arn: Any, *arguments: Any, **options: Any) -> Any:
        result = plain(arn, *arguments, **options)
        announce_arn(str(arn))
        return result

    return deliver


def _ended(run: Any, failed: bool) -> None:
    del failed
    _last_run.run = run


def _kept(target: str, name: str, event: Any, result: Any) -> None:
    run = getattr(_last_run, "run", None)
    with caused_by(("run", run.request_id) if run else ("function", name)):
        _plain_failure(target, name, event, result)
        announce_arn(target, "failure.kept")


def _kept_batch(mapping: Any, *arguments: Any) -> None:
    run = getattr(_last_run, "run", None)
    with caused_by(("run", run.request_id) if run else ("function", "")):
        _plain_stream_failure(mapping, *arguments)
        announce_arn(
            ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"), "failure.kept"
        )


def _published(topic_arn: str, id_: str, message: str, subject: str, *arguments: Any, **options: Any) -> None:
    thing: Thing = ("message", id_)
    title = subject or message[:200]
    record("message.published", topic_arn, title, made=(thing,), message_id=id_, detail=_size(len(message)))
    sent = {"id": id_, "topic": topic_arn, "subject": subject, "body": message}
    _keep({**sent, "protocol": "sns", "to": None})
    with caused_by(thing):
        _plain_fanout(topic_arn, id_, message, subject, *arguments, **options)
        attributes = options.get("message_attributes") or (arguments[1] if len(arguments) > 1 else None) or {}
        topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        for one in topic["subscriptions"]:
            protocol = one.get("protocol", "")
            if protocol in LEAVING and one.get("confirmed") and _matches(one, attributes, message):
                to = str(one.get("endpoint", ""))
                record("mail.sent", topic_arn, title, detail=f"{protocol} to {to}", message_id=id_)
                _keep({**sent, "protocol": protocol, "to": to})


class _Emails(list[Any]):
    """SES's list of sent mail, which records what is added to it."""

    def append(self, email: Any) -> None:
        super().append(email)
        to = ", ".join(email.get("To") or [])
        subject, body = str(email.get("Subject", "")), str(email.get("BodyText") or email.get("BodyHtml") or "")
        record("mail.sent", "", subject, detail=f"to {to}", message_id=email.get("MessageId"))
        sent = {"id": email.get("MessageId"), "topic": None, "subject": subject, "body": body}
        _keep({**sent, "protocol": "ses", "to": to})


def _emails_list() -> Any:
    kept = _emails()
    if not isinstance(kept, _Emails):
        kept = _Emails(kept)
        ses._sent_emails["entries"] = kept
    return kept


def _keep(sent: dict[str, Any]) -> None:
    global _sent_count  # noqa: PLW0603 - how many there were
    body = sent["body"]
    with _lock:
        _sent_count += 1
        _sent.append({**sent, "time": time.time(), "body": body[:LONGEST_BODY], "truncated": len(body) > LONGEST_BODY})


def _all_sent(query: bytes) -> dict[str, Any]:
    del query
    with _lock:
        return {"sent": list(_sent), "skipped": _sent_count - len(_sent)}


def _waiting(query: bytes) -> dict[str, Any]:
    asked = {name: values[0] for name, values in parse_qs(query.decode("latin-1")).items()}
    queue = sqs._queue_by_arn(asked.get("arn", ""))
    if queue is None:
        return {"messages": None}
    start, limit = (int(asked[name]) if asked.get(name, "").isdigit() else 0 for name in ("after", "limit"))
    messages, now = list(queue["messages"]), time.time()
    end = start + min(limit or MOST_MESSAGES, MOST_MESSAGES)
    return {
        "messages": [_shown(one, now, whole=asked.get("full") == "1") for one in messages[start:end]],
        "next": end if end < len(messages) else None,
        "waiting": sum(one["visible_at"] <= now for one in messages),
        "in_flight": sum(one["visible_at"] > now and one["receive_count"] > 0 for one in messages),
        "delayed": sum(one["visible_at"] > now and not one["receive_count"] for one in messages),
    }


def _shown(message: Any, now: float, *, whole: bool) -> dict[str, Any]:
    body = message.get("body", "")
    given = message.get("message_attributes") or {}
    return {
        "id": message["id"],
        "sent": message["sent_at"],
        "body": body[:LONGEST_BODY],
        "truncated": len(body) > LONGEST_BODY,
        "received": message["receive_count"],
        "visible": message["visible_at"] <= now,
        "attributes": {name: _attribute_text(one) for name, one in given.items()},
        "group": message.get("group_id"),
        **({"as_received": _as_received(message)} if whole else {}),
    }


def _attribute_text(attribute: Any) -> str:
    """The text of an attribute; of a binary one, its bytes in base64."""
    value = attribute.get("StringValue")
    value = attribute.get("BinaryValue", "") if value is None else value
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _as_received(message: Any) -> dict[str, Any]:
    """As ReceiveMessage gives it, with all attributes."""
    return {
        "MessageId": message["id"],
        "Body": message["body"],
        "Attributes": _attributes(message, ["All"]),
        "MessageAttributes": message.get("message_attributes") or {},
    }


def served(application: Any) -> Any:
    """The ASGI application, with the endpoints for waiting messages and sent notifications."""
    return serving(serving(application, "GET", QUEUE, _waiting), "GET", SENT, _all_sent)


sqs._act_send_message = _send
sqs._collect_msgs = _collected
sqs._HANDLERS |= {"SendMessage": _send, "DeleteMessage": _deleted, "DeleteMessageBatch": _deleted_many}
sqs._delete_messages_for_esm = _deleted_batch
sqs._dlq_sweep = _swept
sns._fanout = _published
sns._deliver_to_sqs = _delivering(sns, "_deliver_to_sqs")
s3._deliver_event_to_sqs = _delivering(s3, "_deliver_event_to_sqs")
eventbridge._dispatch_to_sqs = _delivering(eventbridge, "_dispatch_to_sqs")
lambda_svc._route_async_failure = _kept
lambda_svc._send_ddb_stream_failure_record = _kept_batch
ses._sent_emails_list = _emails_list
invocations.listeners.append(_ended)
