from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence

from cdktf import TerraformResource
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
from constructs import Construct

from . import _limits as limits
from ._account import account_id, dns_suffix, partition, region
from ._any_function import AnyFunction
from ._checks import is_token, times
from ._delivery import EventSource, admit_by_policy, same_stack
from ._existing import parse_arn, refuse_service
from ._expressions import as_written
from ._identifiers import shorten
from ._paths import path
from ._queue_polling import PolledQueue, QueuePolling, visibility_for
from .alarms import Alarms, AlarmTopic
from .errors import ConfigurationError
from .iam import Grantee, PolicyDocument, Statement, tls_only
from .key import ENCRYPTING_ACTIONS, AnyKey

DAY = 24 * 60 * 60
# Permissions of a polling function's role:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
SEND_ACTIONS = ("sqs:SendMessage",)
RECEIVE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
# AWS's advice for queues that functions poll: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
RECEIVES = 5
FIFO = ".fifo"


class AnyQueue(PolledQueue):
    """Methods of new and existing queues: grants, and functions that poll them."""

    def __init__(self, scope: Construct, id_: str, *, fifo: bool, key: AnyKey | None) -> None:
        super().__init__(scope, id_)
        self.fifo = fifo
        self._key = key
        if key:
            key.check_use(self, "sqs")
        self._polling = QueuePolling(self)

    name: str
    arn: str

    def grant_send(self, grantee: Grantee) -> IamRolePolicy:
        """Let the grantee send messages, and encrypt them with the queue's key.

        Raises `ConfigurationError` where the function would call itself by that.
        """
        self._polling.add_sender(grantee)
        return grantee.allow(
            self,
            "Send",
            Statement(sid="Send", actions=SEND_ACTIONS, resources=[self.arn]),
            *(
                [Statement(sid="EncryptMessages", actions=ENCRYPTING_ACTIONS, resources=[self._key.arn])]
                if self._key
                else []
            ),
        )

    @property
    def region(self) -> str:
        """The queue's region, as a Terraform reference."""
        return region(self)

    @property
    def account_id(self) -> str:
        """The queue's account, as a Terraform reference."""
        return account_id(self)

    @abstractmethod
    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Let a bucket, a topic or a rule send. Returns what has to exist before the source delivers."""

    def grant_receive(self, grantee: Grantee) -> IamRolePolicy:
        """Let the grantee receive and delete messages itself. `on_messages` needs no such grant."""
        return grantee.allow(
            self,
            "Receive",
            Statement(sid="Receive", actions=RECEIVE_ACTIONS, resources=[self.arn]),
            *(
                [Statement(sid="DecryptMessages", actions=("kms:Decrypt",), resources=[self._key.arn])]
                if self._key
                else []
            ),
        )

    def on_messages(
        self,
        function: AnyFunction,
        *,
        batch_size: int = 10,
        window_seconds: int = 0,
        partial_failures: bool = True,
        max_concurrency: int | None = None,
    ) -> None:
        """Call the function with batches of messages.

        Lambda polls the queue with the function's role, which gets the rights for it. A batch has up to `batch_size`
        messages (1 to 10,000; above 10 with `window_seconds`, the time to wait for a full batch, 0 to 300). With
        `partial_failures` the function's answer says which messages failed (`{"batchItemFailures": [...]}`,
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html); no answer means that none did.
        `max_concurrency` (2 to 1000) bounds how many batches are worked on at a time.

        Failed messages come again once they are visible, at most `max_receives` times (5), and then go to the queue's
        dead letters. On a queue of others both are the owner's settings.
        Raises `ConfigurationError` for what AWS would refuse, for a second call with one function, and where the
        function sends to the queue itself.
        """
        self._polling.add(
            function,
            key=self._key,
            batch_size=batch_size,
            window_seconds=window_seconds,
            partial_failures=partial_failures,
            max_concurrency=max_concurrency,
        )

    def _key_statements(self, sid: str, actions: Sequence[str]) -> list[Statement]:
        return [Statement(sid=sid, actions=actions, resources=[self._key.arn])] if self._key else []


class Queue(AnyQueue):
    """An SQS queue that keeps what it is given for 14 days (the longest SQS allows).

    Grants and connections (`on_messages`, `grant_send`) are those of `AnyQueue`.

    Refuses requests without TLS. Encrypted with SQS-managed keys (no KMS rights to grant, no cost), or with `key`,
    which senders have to be allowed to use. `fifo` makes it a FIFO queue, whose name ends with `.fifo`; messages with
    the same content within five minutes count as one.

    A message that was received `max_receives` times and never deleted goes to a queue of dead letters, `dead_letters`,
    whose alarm notifies `alarm_topic`. There is one where `max_receives` is given or a function polls the queue (5).
    `visibility_timeout_seconds` is how long a received message is hidden from others: by default 30, or what the
    functions that poll the queue need, six times their timeout.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        retention_days: float = 14,
        visibility_timeout_seconds: int | None = None,
        max_receives: int | None = None,
        fifo: bool = False,
        key: AnyKey | None = None,
        alarm_topic: AlarmTopic | None = None,
    ) -> None:
        super().__init__(scope, id_, fifo=fifo, key=key)
        self._check_name(name, fifo=fifo)
        retention = times(retention_days, DAY)
        limits.QUEUE_RETENTION_SECONDS.check(self, "retention_days (in seconds)", retention)
        if visibility_timeout_seconds is not None:
            limits.VISIBILITY_TIMEOUT_SECONDS.check(self, "visibility_timeout_seconds", visibility_timeout_seconds)
        if max_receives is not None:
            limits.RECEIVES_BEFORE_DEAD_LETTER.check(self, "max_receives", max_receives)
        self._visibility_timeout = visibility_timeout_seconds
        self._max_receives = max_receives
        self._alarm_topic = alarm_topic
        self._given_name = name
        self.resource = SqsQueue(
            self,
            "Queue",
            name=name,
            fifo_queue=True if fifo else None,
            content_based_deduplication=True if fifo else None,
            sqs_managed_sse_enabled=None if key else True,
            kms_master_key_id=key.arn if key else None,
            message_retention_seconds=retention,
            visibility_timeout_seconds=visibility_timeout_seconds,
        )
        self.name: str = self.resource.name
        self.arn: str = self.resource.arn
        self.url: str = self.resource.url
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn], ["sqs:*"]))
        self._policy = SqsQueuePolicy(self, "QueuePolicy", queue_url=self.url, policy=self.policy.json)
        self.dead_letters: Queue | None = None
        if max_receives is not None:
            self._add_dead_letters(max_receives)

    @staticmethod
    def from_arn(
        scope: Construct,
        id_: str,
        arn: str,
        *,
        key: AnyKey | None = None,
        visibility_timeout_seconds: int | None = None,
        admits: Sequence[str] = (),
    ) -> ExistingQueue:
        """A queue that exists already, by its ARN.

        `key` is its customer-managed key, if it has one. With its `visibility_timeout_seconds` a function that would
        take longer is refused at synth. `admits` are the AWS services (`s3.amazonaws.com`, `sns.amazonaws.com`) that
        its policy lets send; others are refused with a `ConfigurationError`, because only its owner can change that
        policy.
        """
        return ExistingQueue(
            scope, id_, arn=arn, key=key, visibility_timeout_seconds=visibility_timeout_seconds, admits=admits
        )

    @staticmethod
    def from_name(
        scope: Construct,
        id_: str,
        name: str,
        *,
        key: AnyKey | None = None,
        visibility_timeout_seconds: int | None = None,
        admits: Sequence[str] = (),
    ) -> ExistingQueue:
        """A queue that exists already in the stack's account and region, by its name; otherwise as `from_arn`."""
        limit = limits.FIFO_QUEUE_NAME if name.endswith(FIFO) else limits.QUEUE_NAME
        limit.check(f"{path(scope)}/{id_}", "name", name)
        arn = f"arn:{partition(scope)}:sqs:{region(scope)}:{account_id(scope)}:{name}"
        return ExistingQueue(
            scope, id_, arn=arn, key=key, visibility_timeout_seconds=visibility_timeout_seconds, admits=admits
        )

    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Let a bucket, a topic or a rule send, and encrypt with the queue's key; `on_...` verbs call it."""
        admit_by_policy(self.policy, self, source, actions=SEND_ACTIONS, resource=self.arn)
        if self._key:
            self._key.allow_service(source.service)
        return [self._policy] if same_stack(self, source.construct) else []

    def prepare_polling(self, timeout_seconds: float, window_seconds: float) -> None:
        """Give the queue the visibility timeout and the dead-letter queue that a polling function needs."""
        needed = visibility_for(timeout_seconds, window_seconds)
        given = self._visibility_timeout
        if given is None:
            self._polling.lengthen_visibility(self.resource, needed)
        elif not is_token(given) and not is_token(needed) and given < needed:
            raise ConfigurationError(
                f"{path(self)}: visibility_timeout_seconds is {given}, a function with a timeout of {timeout_seconds} "
                f"seconds needs {needed} at least: six times its timeout and the window. Leave it out to get that"
            )
        if self.dead_letters is None:
            self._add_dead_letters(self._max_receives or RECEIVES)

    def _add_dead_letters(self, max_receives: int) -> None:
        self.dead_letters = failure_queue(
            self,
            "DeadLetters",
            name=self._given_name,
            suffix="dead-letters",
            description=f"Messages that nobody could process after {max_receives} times wait in",
            fifo=self.fifo,
            key=self._key,
            alarm_topic=self._alarm_topic,
        )
        # Without blanks, as the provider normalizes it: otherwise a second plan would show a change.
        redrive = {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": max_receives}
        self.resource.redrive_policy = as_written(self, json.dumps(redrive, separators=(",", ":")))

    def _check_name(self, name: str, *, fifo: bool) -> None:
        if not fifo and isinstance(name, str) and name.endswith(FIFO):
            raise ConfigurationError(
                f"{path(self)}: name is {name!r}, and a name that ends with .fifo is a FIFO queue's: pass fifo=True"
            )
        (limits.FIFO_QUEUE_NAME if fifo else limits.QUEUE_NAME).check(self, "name", name)


class ExistingQueue(AnyQueue):
    """An existing queue; see `Queue.from_name` and `Queue.from_arn`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        arn: str,
        key: AnyKey | None,
        visibility_timeout_seconds: int | None,
        admits: Sequence[str],
    ) -> None:
        super().__init__(scope, id_, fifo=arn.endswith(FIFO), key=key)
        parts = parse_arn(
            self, arn, "sqs", r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?", "arn:aws:sqs:us-east-1:123456789012:orders"
        )
        self.arn = arn
        self.name = parts.resource
        self._region, self._account_id = parts.region, parts.account_id
        self._visibility_timeout = visibility_timeout_seconds
        self._admits = admits

    @property
    def region(self) -> str:
        """The region that the ARN names."""
        return self._region

    @property
    def account_id(self) -> str:
        """The account that the ARN names."""
        return self._account_id

    @property
    def url(self) -> str:
        """The URL for sending: https://docs.aws.amazon.com/general/latest/gr/sqs-service.html."""
        return f"https://sqs.{self._region}.{dns_suffix(self)}/{self._account_id}/{self.name}"

    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Raises `ConfigurationError` unless `admits` of `from_arn` names the source's service."""
        if source.service not in self._admits:
            raise refuse_service(self, "queue", "Queue.from_arn", source.service)
        return []

    def prepare_polling(self, timeout_seconds: float, window_seconds: float) -> None:
        """Raises `ConfigurationError` if the function's timeout exceeds the queue's known visibility timeout."""
        given = self._visibility_timeout
        if given is not None and not is_token(given) and not is_token(timeout_seconds) and given < timeout_seconds:
            raise ConfigurationError(
                f"{path(self)}: its visibility timeout is {given} seconds; AWS refuses a function whose timeout of "
                f"{timeout_seconds} seconds is longer"
            )


def failure_queue(
    scope: Construct,
    id_: str,
    *,
    name: str,
    suffix: str,
    description: str,
    fifo: bool = False,
    key: AnyKey | None = None,
    alarm_topic: AlarmTopic | None = None,
) -> Queue:
    """A queue for events that could not be processed, with an alarm while it is not empty."""
    ending = f"-{suffix}{FIFO if fifo else ''}"
    base = name.removesuffix(FIFO)
    if not is_token(base):
        base = shorten(base, limits.QUEUE_NAME.longest - len(ending))
    queue = Queue(scope, id_, name=f"{base}{ending}", fifo=fifo, key=key)
    Alarms(scope, f"{id_}Alarms", name=f"{base}{ending}", topic=alarm_topic).add(
        "Kept",
        description=f"{description} {base}{ending}",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue.name},
        statistic="Maximum",
        above=0,
    )
    return queue
