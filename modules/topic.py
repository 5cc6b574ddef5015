from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import TerraformResource
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from . import _limits as limits
from ._account import account_id, owner, partition, region
from ._any_function import AnyFunction
from ._delivery import (
    WITHOUT_CONDITIONS_ON_TOPICS_AND_KEYS,
    EventSource,
    admit_by_policy,
    place,
    same_stack,
    sid_of,
)
from ._existing import parse_arn, refuse_service
from ._expressions import as_written
from ._identifiers import identify
from ._loops import connect
from ._paths import path
from ._subscription_filters import check_filter_policy
from .alarms import AlarmTopic
from .errors import ConfigurationError
from .iam import Condition, Grantee, PolicyDocument, Statement, tls_only
from .key import ENCRYPTING_ACTIONS, AnyKey
from .queue import FIFO, AnyQueue, Queue, failure_queue

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
PUBLISH_ACTIONS = ("sns:Publish",)
ALARMS = "cloudwatch.amazonaws.com"
# SNS's own key: https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
AWS_MANAGED_KEY = "alias/aws/sns"


class AnyTopic(Construct):
    """Methods of new and existing topics: subscriptions and the permission to publish."""

    name: str
    arn: str

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: AnyKey | None,
        alarm_topic: AlarmTopic | None,
        fifo: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._key = key
        if key:
            key.check_use(self, "sns")
        self._alarm_topic = alarm_topic
        self.fifo = fifo
        self._subscribers: list[Construct] = []
        self._addresses: list[str] = []
        self._undelivered: Queue | None = None

    @abstractmethod
    def allow_service(self, service: str) -> None:
        """Let an AWS service of this account publish."""

    @abstractmethod
    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Let a bucket or a rule publish; gives what has to exist before it tries."""

    def subscribe_email(self, address: str) -> None:
        """Subscribe an address. AWS mails it a link, and delivers nothing until somebody follows that link.

        Call it once for each address; a second call with one address adds nothing.
        """
        limits.EMAIL_ADDRESS.check(self, "address", address)
        if self.fifo:
            raise ConfigurationError(f"{path(self)}: a FIFO topic delivers to queues only, and not to {address}")
        if address in self._addresses:
            return
        # The first keeps the plain id that it has in people's state.
        id_ = f"Email{identify(address, self)}" if self._addresses else "Email"
        self._addresses.append(address)
        SnsTopicSubscription(self, id_, topic_arn=self.arn, protocol="email", endpoint=address)

    def on_message(
        self,
        target: AnyFunction | AnyQueue,
        *,
        filter_policy: Mapping[str, Any] | None = None,
        filter_scope: str = "MessageAttributes",
        raw: bool = False,
    ) -> None:
        """Deliver messages to a function or a queue, which the target's policy, and its key, then allow.

        `filter_policy` says which messages: `{"kind": ["order"]}`, matched against their attributes or, with the
        `filter_scope` `MessageBody`, against their JSON. https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
        With `raw` a queue gets the message alone, without SNS's envelope.

        SNS retries for 23 days; what it cannot deliver, or is not allowed to, waits in a queue of the topic, whose
        alarm notifies the topic's `alarm_topic`. https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
        Raises `ConfigurationError` for a target that is subscribed already, for what SNS refuses (a FIFO queue behind
        a standard topic, a filter policy beyond its limits), and where the target publishes here itself without a
        filter.
        """
        queue = isinstance(target, AnyQueue)
        self._check_target(target, raw=raw)
        if filter_policy is None:
            connect(self, target)
        else:
            check_filter_policy(self, filter_policy, filter_scope)
        self._subscribers.append(target)
        source = EventSource(self, "sns.amazonaws.com", self.arn, f"InvokeFor{self.node.id}")
        permissions = target.admit(source)
        scope, id_ = place(self, target)
        SnsTopicSubscription(
            scope,
            id_,
            topic_arn=self.arn,
            protocol="sqs" if queue else "lambda",
            endpoint=target.arn,
            raw_message_delivery=True if raw else None,
            filter_policy=None if filter_policy is None else as_written(self, json.dumps(filter_policy)),
            filter_policy_scope=None if filter_policy is None else filter_scope,
            redrive_policy=as_written(
                self, json.dumps({"deadLetterTargetArn": self._failure_queue(source).arn}, separators=(",", ":"))
            ),
            depends_on=list(permissions),
        )

    def grant_publish(self, grantee: Grantee) -> IamRolePolicy:
        """Let the grantee publish, and use the topic's key for it.

        Raises `ConfigurationError` where the function would call itself by that.
        """
        if isinstance(grantee, Construct):
            connect(grantee, self)
        return grantee.allow(
            self,
            "Publish",
            Statement(sid="Publish", actions=PUBLISH_ACTIONS, resources=[self.arn]),
            *(
                [Statement(sid="EncryptMessages", actions=ENCRYPTING_ACTIONS, resources=[self._key.arn])]
                if self._key
                else []
            ),
        )

    def _check_target(self, target: AnyFunction | AnyQueue, *, raw: bool) -> None:
        queue = isinstance(target, AnyQueue)
        if target in self._subscribers:
            raise ConfigurationError(
                f"{path(self)}: {path(target)} is subscribed already, and SNS takes one subscription for each target; "
                "merge the filter policies"
            )
        if isinstance(target, AnyQueue) and target.fifo and not self.fifo:
            raise ConfigurationError(
                f"{path(self)}: {path(target)} is a FIFO queue; SNS delivers to those from FIFO topics only"
            )
        if not queue and self.fifo:
            raise ConfigurationError(
                f"{path(self)}: a FIFO topic delivers to queues only; put a queue before {path(target)}"
            )
        if raw and not queue:
            raise ConfigurationError(f"{path(self)}: raw delivery is for queues; a function always gets the envelope")

    def _refuse_alarms_if_fifo(self, service: str) -> None:
        # A FIFO topic needs a message group, which no alarm gives.
        # https://docs.aws.amazon.com/sns/latest/dg/fifo-message-grouping.html
        if self.fifo and service == ALARMS:
            raise ConfigurationError(
                f"{path(self)}: alarms publish to no FIFO topic; give a standard topic as alarm_topic"
            )

    def _failure_queue(self, source: EventSource) -> Queue:
        if self._undelivered is None:
            self._undelivered = failure_queue(
                self,
                "Undelivered",
                name=self.name,
                suffix="undelivered",
                description="Messages that SNS could not deliver wait in",
                fifo=self.fifo,
                key=self._key,
                alarm_topic=self._alarm_topic,
            )
            self._undelivered.admit(source)
        return self._undelivered


class Topic(AnyTopic):
    """An SNS topic, encrypted, refusing requests without TLS; grants and connections are those of `AnyTopic`.

    `key` is a customer-managed key. Without one, AWS's own key encrypts, at no cost, but then AWS services (alarms,
    buckets, rules) cannot publish: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html. `alarm_topic`
    is notified of messages that could not be delivered. `account_id` is the account whose services may publish
    (default: the stack's). `fifo` makes it a FIFO topic, whose name ends with `.fifo`: it delivers to queues only, to
    FIFO queues in the order of each message group, and messages with the same content within five minutes count as one.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        fifo: bool = False,
        key: AnyKey | None = None,
        account_id: str | None = None,
        alarm_topic: AlarmTopic | None = None,
    ) -> None:
        super().__init__(scope, id_, key=key, alarm_topic=alarm_topic, fifo=fifo)
        if not fifo and name.endswith(FIFO):
            raise ConfigurationError(
                f"{path(self)}: name is {name!r}, and a name that ends with .fifo is a FIFO topic's: pass fifo=True"
            )
        (limits.FIFO_TOPIC_NAME if fifo else limits.TOPIC_NAME).check(self, "name", name)
        self._account_id = owner(self, account_id)
        self.resource = SnsTopic(
            self,
            "Topic",
            name=name,
            fifo_topic=True if fifo else None,
            content_based_deduplication=True if fifo else None,
            kms_master_key_id=key.arn if key else AWS_MANAGED_KEY,
        )
        self.arn: str = self.resource.arn
        self.name = name
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn], PUBLISH_ACTIONS))
        self._policy = SnsTopicPolicy(self, "TopicPolicy", arn=self.arn, policy=self.policy.json)

    @staticmethod
    def from_arn(
        scope: Construct,
        id_: str,
        arn: str,
        *,
        key: AnyKey | None = None,
        alarm_topic: AlarmTopic | None = None,
        admits: Sequence[str] = (),
    ) -> ExistingTopic:
        """A topic that exists already, by its ARN.

        `key` is its customer-managed key, if it has one. `admits` are the AWS services (`cloudwatch.amazonaws.com`,
        `s3.amazonaws.com`) that its policy lets publish; others are refused with a `ConfigurationError`, because its
        policy is its owner's.
        """
        return ExistingTopic(scope, id_, arn=arn, key=key, alarm_topic=alarm_topic, admits=admits)

    @staticmethod
    def from_name(
        scope: Construct,
        id_: str,
        name: str,
        *,
        key: AnyKey | None = None,
        alarm_topic: AlarmTopic | None = None,
        admits: Sequence[str] = (),
    ) -> ExistingTopic:
        """A topic that exists already in the stack's account and region, by its name; otherwise as `from_arn`."""
        limit = limits.FIFO_TOPIC_NAME if name.endswith(FIFO) else limits.TOPIC_NAME
        limit.check(f"{path(scope)}/{id_}", "name", name)
        arn = f"arn:{partition(scope)}:sns:{region(scope)}:{account_id(scope)}:{name}"
        return ExistingTopic(scope, id_, arn=arn, key=key, alarm_topic=alarm_topic, admits=admits)

    def allow_service(self, service: str) -> None:
        """Let an AWS service (`cloudwatch.amazonaws.com`) of this account publish, and use the topic's key for it.

        Raises `ConfigurationError` where the service could not: alarms and a FIFO topic, AWS's own key.
        """
        self._refuse_alarms_if_fifo(service)
        self._allow_key(service)
        self.policy.add(
            Statement(
                sid=sid_of(service),
                principals={"Service": [service]},
                actions=PUBLISH_ACTIONS,
                resources=[self.arn],
                conditions=[Condition("StringEquals", "aws:SourceAccount", [self._account_id])],
            )
        )

    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Let a bucket or a rule publish, and use the topic's key for it; `on_...` verbs call it."""
        self._allow_key(source.service)
        if source.service in WITHOUT_CONDITIONS_ON_TOPICS_AND_KEYS:
            self.policy.put(
                Statement(
                    sid=sid_of(source.service),
                    principals={"Service": [source.service]},
                    actions=PUBLISH_ACTIONS,
                    resources=[self.arn],
                )
            )
        else:
            admit_by_policy(self.policy, self, source, actions=PUBLISH_ACTIONS, resource=self.arn)
        return [self._policy] if same_stack(self, source.construct) else []

    def _allow_key(self, service: str) -> None:
        if self._key is None:
            raise ConfigurationError(
                f"{path(self)}: {service} cannot publish to a topic that is encrypted with AWS's own key; "
                "give the topic a key of your own: Topic(..., key=Key(...))"
            )
        self._key.allow_service(service)


class ExistingTopic(AnyTopic):
    """A topic that exists already; see `Topic.from_name` and `Topic.from_arn`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        arn: str,
        key: AnyKey | None,
        alarm_topic: AlarmTopic | None,
        admits: Sequence[str],
    ) -> None:
        super().__init__(scope, id_, key=key, alarm_topic=alarm_topic, fifo=arn.endswith(FIFO))
        parts = parse_arn(
            self, arn, "sns", r"[A-Za-z0-9_-]{1,256}(?:\.fifo)?", "arn:aws:sns:us-east-1:123456789012:orders"
        )
        self.arn = arn
        self.name = parts.resource
        self._admits = admits

    def allow_service(self, service: str) -> None:
        """Raises `ConfigurationError` unless the topic's policy admits the service already (`admits`)."""
        self._refuse_alarms_if_fifo(service)
        if service not in self._admits:
            raise refuse_service(self, "topic", "Topic.from_arn", service)

    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Raises `ConfigurationError` unless the topic's policy admits the source's service already (`admits`)."""
        self.allow_service(source.service)
        return []
