"""What AWS services do for the deployed stacks `connections` and `grants`, by the statement that lets them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from botocore.exceptions import ClientError

from checks.least_privilege.live import DeployedSystem
from checks.least_privilege.outcomes import Failed
from checks.least_privilege.role_credentials import credentials_of
from checks.least_privilege.service_uses import notify
from checks.least_privilege.statements import SynthesizedStatement
from sluice_cli.local_aws.signed_request import own_request
from tests.support.bare_aws import ACCOUNT, REGION
from tests.support.connected import Connections
from tests.support.waiting import LONGEST_SECONDS

FOREIGN_GROUP = "test-foreign"
SCHEDULES = "/_sluice/schedules"  # runs a schedule of the local AWS
SOME_TIME = "2099-01-01T00:00:00"


@dataclass(frozen=True)
class Delivery:
    """Something that a service does: `send` causes it with a text, and `arrives` is true once that text is there.

    What has not arrived after `takes` seconds, and twice the time of one that did, does not arrive.
    """

    send: Callable[[str], object]
    arrives: Callable[[str], object] = bool
    takes: float = 0.4

    def succeeds(self, within: float) -> bool:
        text = uuid4().hex
        try:
            self.send(text)
        except (ClientError, Failed):
            return False
        deadline = time.monotonic() + within
        while not self.arrives(text):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


@dataclass(frozen=True)
class Case:
    """What needs a statement, and what is refused because the statement does not reach further."""

    use: Delivery
    foreign: Delivery | None = None


class ConnectedSystem(DeployedSystem):
    """The deployed stack whose keys are changed themselves: services use what is encrypted with them."""

    def key(self, statement: SynthesizedStatement) -> str:
        return str(self.place.attributes[statement.address]["arn"])


class ServiceGrants:
    """The cases of the stack `connections`. As a context manager it makes what belongs to somebody else: a topic, a
    rule and a queue that admits nobody, all with the connections that the stack's own have."""

    def __init__(self, connections: Connections, system: ConnectedSystem) -> None:
        self.connections, self.system = connections, system
        self.client = connections.local.client
        self.prefix = f"test-{uuid4().hex[:8]}"
        self._cleanup = ExitStack()
        self._read: dict[str, list[str]] = {}

    def __enter__(self) -> ServiceGrants:
        self.closed_url, self.closed = self._closed_queue()
        self.news = _arn("sns", "connections-news")
        self.other_topic = self.client("sns").create_topic(Name=f"{self.prefix}-topic")["TopicArn"]
        self._cleanup.callback(self.client("sns").delete_topic, TopicArn=self.other_topic)
        undelivered = _arn("sqs", "connections-news-undelivered")
        self._subscribe(self.news, self.closed, undelivered)
        for target in (_arn("sqs", "connections-picked"), _function("bytopic")):
            self._subscribe(self.other_topic, target)
        self._subscribe(self.other_topic, self.closed, undelivered)
        self._rules()
        self.client("scheduler").create_schedule_group(Name=FOREIGN_GROUP)
        self._cleanup.callback(self.client("scheduler").delete_schedule_group, Name=FOREIGN_GROUP)
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def cases(self) -> dict[tuple[str, str], Case]:
        """By the statement's holder and Sid."""
        notified = Delivery(lambda _: self._notify_again())
        picked = Delivery(self._publish, self._in_queue("connections-picked"))
        redriven = self._in_queue("connections-news-undelivered")
        ordered = self._in_queue("connections-in-order.fifo")
        unruled = self._in_queue("connections-uploaded-undelivered")
        unscheduled = self._in_queue("connections-minutely-undelivered")

        def schedule(arrives: Callable[[str], object], function: str, **options: str) -> Delivery:
            return Delivery(lambda text: self._schedule(text, function, **options), arrives)

        seen = self._seen("BySchedule")
        kept = Delivery(self._publish, redriven)
        dead = Delivery(self._upload, unruled)
        return {
            ("Work/QueuePolicy", "AllowS3"): Case(notified, self._foreign_bucket("Queue", "sqs", "connections-work")),
            ("News/TopicPolicy", "AllowS3"): Case(notified, self._foreign_bucket("Topic", "sns", "connections-news")),
            ("Key/Key", "AllowS3"): Case(notified),
            ("Picked/QueuePolicy", "AllowSns"): Case(picked, Delivery(self._publish_elsewhere, picked.arrives)),
            ("Key/Key", "AllowSns"): Case(picked),
            ("News/Undelivered/QueuePolicy", "AllowSns"): Case(kept, Delivery(self._publish_elsewhere, redriven)),
            ("ByTopic/InvokeForNews", "InvokeForNews"): Case(
                Delivery(self._publish, self._seen("ByTopic")), Delivery(self._publish_elsewhere, self._seen("ByTopic"))
            ),
            ("InOrder/QueuePolicy", "AllowEvents"): Case(Delivery(self._upload, ordered), Delivery(self._put, ordered)),
            ("ByRule/InvokeForUploaded", "InvokeForUploaded"): Case(
                Delivery(self._upload, self._seen("ByRule")), Delivery(self._put, self._seen("ByRule"))
            ),
            ("Uploaded/Undelivered/QueuePolicy", "AllowEvents"): Case(dead, Delivery(self._put, unruled)),
            ("Key/Key", "AllowEvents"): Case(dead),
            ("Minutely/Role", "SchedulerService"): Case(
                schedule(seen, "byschedule"), schedule(seen, "byschedule", group=FOREIGN_GROUP)
            ),
            ("Minutely/InvokeBySchedule/RolePolicy", "Invoke"): Case(
                schedule(seen, "byschedule"), schedule(self._seen("ByRule"), "byrule")
            ),
            ("Minutely/KeepMinutely/RolePolicy", "KeepUndelivered"): Case(
                schedule(unscheduled, "byrule"), schedule(self._in(self.closed_url), "byrule", dead=self.closed)
            ),
            ("ByQueue/PollWork/RolePolicy", "Poll"): Case(
                Delivery(self._send_work, self._seen("ByQueue")),
                Delivery(lambda _: self._poller.receive_message(QueueUrl=self.closed_url)),
            ),
        }

    @cached_property
    def _poller(self) -> Any:
        """A client with the rights of the function that polls the queue."""
        role = f"arn:aws:iam::{ACCOUNT}:role/connections-byqueue"
        return self.client("sqs", **credentials_of(role, self.client("lambda")))

    def _closed_queue(self) -> tuple[str, str]:
        sqs, name = self.client("sqs"), f"{self.prefix}-closed"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self._cleanup.callback(sqs.delete_queue, QueueUrl=url)
        return url, _arn("sqs", name)

    def _subscribe(self, topic: str, endpoint: str, undelivered: str = "") -> None:
        sns, protocol = self.client("sns"), endpoint.split(":")[2]
        redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": undelivered})} if undelivered else {}
        made = sns.subscribe(
            TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=redrive, ReturnSubscriptionArn=True
        )
        self._cleanup.callback(sns.unsubscribe, SubscriptionArn=made["SubscriptionArn"])

    def _rules(self) -> None:
        """A further target of the stack's rule that may not be called, and a rule of somebody else's."""
        events, other = self.client("events"), f"{self.prefix}-rule"
        dead = {"DeadLetterConfig": {"Arn": _arn("sqs", "connections-uploaded-undelivered")}}
        closed: dict[str, Any] = {"Id": "closed", "Arn": self.closed, **dead}
        ordered = {"Arn": _arn("sqs", "connections-in-order.fifo"), "SqsParameters": {"MessageGroupId": "other"}}
        events.put_rule(Name=other, EventPattern=json.dumps({"source": [self.prefix]}))
        self._cleanup.callback(events.delete_rule, Name=other)
        targets: list[dict[str, Any]] = [
            closed,
            {"Id": "function", "Arn": _function("byrule")},
            {"Id": "ordered", **ordered},
        ]
        for rule, added in (("connections-uploaded", [closed]), (other, targets)):
            events.put_targets(Rule=rule, Targets=added)
            self._cleanup.callback(events.remove_targets, Rule=rule, Ids=[one["Id"] for one in added])

    def _publish(self, text: str) -> None:
        self._publish_to(self.news, text)

    def _publish_elsewhere(self, text: str) -> None:
        self._publish_to(self.other_topic, text)

    def _publish_to(self, topic: str, text: str) -> None:
        kind = {"kind": {"DataType": "String", "StringValue": "order"}}
        self.client("sns").publish(TopicArn=topic, Message=text, MessageAttributes=kind)

    def _upload(self, text: str) -> None:
        self.connections.upload(f"ruled/{text}")

    def _put(self, text: str) -> None:
        entry = {"Source": self.prefix, "DetailType": "test", "Detail": json.dumps({"text": text})}
        self.client("events").put_events(Entries=[entry])

    def _send_work(self, text: str) -> None:
        url = self.client("sqs").get_queue_url(QueueName="connections-work")["QueueUrl"]
        self.client("sqs").send_message(QueueUrl=url, MessageBody=text)

    def _schedule(self, text: str, function: str, *, group: str = "default", dead: str = "") -> None:
        """Run a schedule that has the role of the stack's own."""
        scheduler = self.client("scheduler")
        arn = scheduler.create_schedule(
            Name=text,
            GroupName=group,
            ScheduleExpression=f"at({SOME_TIME})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": _function(function),
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/connections-minutely",
                "Input": json.dumps({"text": text}),
                "DeadLetterConfig": {"Arn": dead or _arn("sqs", "connections-minutely-undelivered")},
                "RetryPolicy": {"MaximumRetryAttempts": 0},
            },
        )["ScheduleArn"]
        query = urlencode({"arn": arn, "time": f"{SOME_TIME}Z"})
        status, answer = own_request(self.connections.local, "POST", f"{SCHEDULES}?{query}")
        scheduler.delete_schedule(Name=text, GroupName=group)
        assert status == 200, answer

    def _notify_again(self) -> None:
        s3 = self.client("s3")
        made = s3.get_bucket_notification_configuration(Bucket="connections-uploads")
        made.pop("ResponseMetadata")
        notify(s3, "connections-uploads", made)

    def _foreign_bucket(self, kind: str, service: str, name: str) -> Delivery:
        wanted = {f"{kind}Arn": _arn(service, name), "Events": ["s3:ObjectCreated:*"]}
        bucket = self.system.foreign_bucket
        return Delivery(lambda _: notify(self.client("s3"), bucket, {f"{kind}Configurations": [wanted]}))

    def _seen(self, via: str) -> Callable[[str], object]:
        return lambda text: self.connections.seen(via, text)

    def _in_queue(self, name: str) -> Callable[[str], object]:
        return self._in(self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def _in(self, url: str) -> Callable[[str], object]:
        """Whether a message with the text has come into a queue; what is found is taken out."""
        read, sqs = self._read.setdefault(url, []), self.client("sqs")

        def arrived(text: str) -> bool:
            for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
                read.append(one["Body"])
            return any(text in body for body in read)

        return arrived


def transport_case(system: ConnectedSystem, statement: SynthesizedStatement) -> Case:
    """Of a statement that denies requests without TLS."""
    held = system.place.attributes[statement.address]

    def ask(tls: bool) -> None:
        if statement.kind == "aws_sqs_queue_policy":
            system.client("sqs", tls=tls).receive_message(QueueUrl=held["queue_url"], VisibilityTimeout=0)
        elif statement.kind == "aws_sns_topic_policy":
            system.client("sns", tls=tls).publish(TopicArn=held["arn"], Message="{}")
        elif statement.kind == "aws_secretsmanager_secret_policy":
            system.client("secretsmanager", tls=tls).get_secret_value(SecretId=held["secret_arn"])
        else:
            system.client("s3", tls=tls).list_objects_v2(Bucket=held["bucket"])

    def ask_for_any_part(_: str) -> None:
        try:
            ask(tls=False)
        except ClientError:
            if statement.kind != "aws_s3_bucket_policy":
                raise
            system.client("s3", tls=False).put_object(Bucket=held["bucket"], Key="without-tls", Body=b"")

    return Case(Delivery(lambda _: ask(tls=True)), Delivery(ask_for_any_part))


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _function(name: str) -> str:
    return _arn("lambda", f"function:connections-{name}")


def unproven(system: ConnectedSystem, changes: Iterator[Any], case: Case) -> Iterator[str]:
    """A line for each change of a statement that nothing notices."""
    for change in changes:
        delivery = case.use if change.narrows else case.foreign
        if delivery is None:
            yield f"{change.statement.name}, {change}: nothing tries it"
            continue
        begun = time.monotonic()
        before = delivery.succeeds(LONGEST_SECONDS if change.narrows else delivery.takes)
        patience = delivery.takes + 2 * (time.monotonic() - begun)
        with system.changed(change):
            during = delivery.succeeds(patience if change.narrows else LONGEST_SECONDS)
        if (before, during) != (change.narrows, not change.narrows):
            yield f"{change.statement.name}, {change}: works before {before}, with the change {during}"
