from __future__ import annotations

from abc import abstractmethod

from cdktf import Fn, Op, Token
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

from . import _limits as limits
from ._any_function import AnyFunction
from ._checks import is_token
from ._loops import connect
from ._paths import path
from ._pollers import Pollers
from .errors import ConfigurationError
from .iam import Grantee, Statement
from .key import AnyKey

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: what Lambda's pollers ask for
POLL_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
TIMES_OF_TIMEOUT = 6


def visibility_for(timeout_seconds: float, window_seconds: float) -> float:
    """AWS's recommendation for a polled queue: six times the function's timeout plus the batching window."""
    if is_token(timeout_seconds) or is_token(window_seconds):
        needed = Op.mul(TIMES_OF_TIMEOUT, timeout_seconds)
        # cdktf writes a 0 on the right of an operator as "undefined".
        return float(Token.as_number(Op.add(needed, window_seconds) if window_seconds else needed))
    return TIMES_OF_TIMEOUT * timeout_seconds + window_seconds


class PolledQueue(Construct):
    """The interface of queues that can be polled."""

    arn: str
    fifo: bool

    @abstractmethod
    def prepare_polling(self, timeout_seconds: float, window_seconds: float) -> None:
        """Give the queue what a polling function needs, or refuse the function."""


class QueuePolling:
    """The functions that Lambda invokes with a queue's messages."""

    def __init__(self, queue: PolledQueue) -> None:
        self._queue = queue
        self._pollers = Pollers(queue)
        self._visibility_timeout: float | None = None

    def add_sender(self, sender: Grantee) -> None:
        if isinstance(sender, Construct):
            connect(sender, self._queue)

    def add(
        self,
        function: AnyFunction,
        *,
        key: AnyKey | None,
        batch_size: int,
        window_seconds: int,
        partial_failures: bool,
        max_concurrency: int | None,
    ) -> None:
        # Imported here because most stacks do not use that part of the provider binding.
        from ._event_sources import poll

        queue = self._queue
        undelayed = not is_token(window_seconds) and window_seconds == 0
        (limits.UNDELAYED_BATCH_SIZE if queue.fifo or undelayed else limits.QUEUE_BATCH_SIZE).check(
            queue, "batch_size", batch_size
        )
        if queue.fifo:
            limits.FIFO_WINDOW_SECONDS.check(queue, "window_seconds", window_seconds)
        if max_concurrency is not None:
            limits.POLLER_CONCURRENCY.check(queue, "max_concurrency", max_concurrency)
            reserved = function.reserved_concurrency
            if reserved is not None and not is_token(reserved) and not is_token(max_concurrency):
                _check_reserved(queue, function, reserved, max_concurrency)
        self._pollers.add(function)
        connect(queue, function)
        queue.prepare_polling(function.timeout_seconds, window_seconds)
        rights = function.allow(
            queue,
            "Poll",
            Statement(sid="Poll", actions=POLL_ACTIONS, resources=[queue.arn]),
            *([Statement(sid="DecryptMessages", actions=["kms:Decrypt"], resources=[key.arn])] if key else []),
        )
        poll(
            queue,
            function,
            arn=queue.arn,
            batch_size=batch_size,
            window_seconds=window_seconds,
            filters=(),
            partial_failures=partial_failures,
            depends_on=[rights],
            scaling_config={"maximum_concurrency": max_concurrency} if max_concurrency is not None else None,
        )

    def lengthen_visibility(self, resource: SqsQueue, needed: float) -> None:
        """Set the queue's visibility timeout to the longest that its functions need."""
        known = self._visibility_timeout
        if known is not None:
            tokens = is_token(known) or is_token(needed)
            needed = Token.as_number(Fn.max([known, needed])) if tokens else max(known, needed)
        self._visibility_timeout = needed
        resource.visibility_timeout_seconds = needed


def _check_reserved(queue: Construct, function: AnyFunction, reserved: float, max_concurrency: int) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency
    if 0 < reserved < max_concurrency:
        raise ConfigurationError(
            f"{path(queue)}: max_concurrency is {max_concurrency}, and {path(function)} has a reserved_concurrency of "
            f"{reserved}; Lambda would throttle what comes beyond it, and messages would go to the dead letters"
        )
