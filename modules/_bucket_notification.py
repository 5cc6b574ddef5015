"""A bucket's notification configuration: S3 keeps one for each bucket, with all targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote_plus

import jsii
from cdktf import TerraformResource
from cdktf_cdktf_provider_aws.s3_bucket_notification import (
    S3BucketNotification,
    S3BucketNotificationLambdaFunction,
    S3BucketNotificationQueue,
    S3BucketNotificationTopic,
)
from constructs import Construct, IValidation

from . import _limits as limits
from ._checks import is_token
from ._delivery import EventSource, needs, same_stack
from ._dependencies import depends_on
from ._identifiers import resolve
from ._loops import Objects, connect
from ._paths import path
from ._stack import stack_of
from .errors import ConfigurationError
from .queue import AnyQueue
from .topic import AnyTopic

if TYPE_CHECKING:
    from .function import PythonFunction

Target: TypeAlias = "PythonFunction | AnyQueue | AnyTopic"

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
EVENTS = {"created": "s3:ObjectCreated:*", "removed": "s3:ObjectRemoved:*", "restored": "s3:ObjectRestore:*"}
# Beside letters, digits and `_.-~`, which are never encoded.
SAFE_IN_FILTERS = "/!'()"


class Notification:
    """The notification configuration of one bucket. S3's limits are checked for each target."""

    def __init__(
        self,
        bucket: Construct,
        *,
        name: str,
        arn: str,
        known_arn: Callable[[Construct], str | None],
        account_id_in: Callable[[Construct], str],
    ) -> None:
        self._bucket = bucket
        self._name = name
        self._source = (arn, known_arn, account_id_in)
        self._heard: list[Objects] = []
        self._functions: list[S3BucketNotificationLambdaFunction] = []
        self._queues: list[S3BucketNotificationQueue] = []
        self._topics: list[S3BucketNotificationTopic] = []
        self._invoked = 0  # functions that the bucket may invoke
        self._waits_for: list[TerraformResource] = []
        self._resource: S3BucketNotification | None = None

    def add(self, target: Target, objects: Objects) -> None:
        bucket = self._bucket
        limits.FILTER_PREFIX.check(bucket, "prefix", objects.prefix)
        limits.FILTER_PREFIX.check(bucket, "suffix", objects.suffix)
        for known in self._heard:
            if objects.overlaps(known):
                raise ConfigurationError(
                    f"{path(bucket)}: {objects} overlap with {known}; S3 accepts one target for each event of an object"
                )
        limits.NOTIFICATIONS.check(bucket, "on_object_created and the like", [*self._heard, objects])
        if isinstance(target, AnyQueue | AnyTopic) and target.fifo:
            raise ConfigurationError(
                f"{path(bucket)}: S3 delivers to no FIFO queue or topic, and {path(target)} is one; "
                "send the bucket's events to EventBridge and from there by a Rule"
            )
        connect(bucket, target, heard=objects)
        self._heard.append(objects)
        permissions = self.permit(target)
        filters: dict[str, Any] = {
            "events": [EVENTS[objects.event]],
            "filter_prefix": encode_filter(objects.prefix),
            "filter_suffix": encode_filter(objects.suffix),
        }
        notification = self._existing_or_new()
        if isinstance(target, AnyQueue):
            self._queues.append(S3BucketNotificationQueue(queue_arn=target.arn, **filters))
            notification.put_queue(self._queues)
        elif isinstance(target, AnyTopic):
            self._topics.append(S3BucketNotificationTopic(topic_arn=target.arn, **filters))
            notification.put_topic(self._topics)
        else:
            self._functions.append(S3BucketNotificationLambdaFunction(lambda_function_arn=target.arn, **filters))
            notification.put_lambda_function(self._functions)
        self._wait_for(permissions)

    def permit(self, target: Target) -> Sequence[TerraformResource]:
        """Let the bucket deliver to a target. Returns what has to exist before it does."""
        bucket = self._bucket
        needs(bucket, target)
        arn, known_arn, account_id_in = self._source
        # These ids are in existing states, so they must not change.
        permission_id = f"InvokeFor{bucket.node.id}{self._invoked or ''}"
        self._invoked += not isinstance(target, AnyQueue | AnyTopic)
        return target.admit(
            EventSource(
                bucket, "s3.amazonaws.com", arn, permission_id, known_arn=known_arn, account_id_in=account_id_in
            )
        )

    def send_to_eventbridge(self) -> None:
        self._existing_or_new().eventbridge = True

    def _existing_or_new(self) -> S3BucketNotification:
        if self._resource is None:
            self._resource = S3BucketNotification(self._bucket, "Notification", bucket=self._name)
            _check_alone(self._bucket, self._resource)
        return self._resource

    def _wait_for(self, resources: Iterable[TerraformResource]) -> None:
        new = [one for one in resources if one not in self._waits_for and same_stack(one, self._bucket)]
        self._waits_for += new
        if new and self._resource is not None:
            depends_on(self._resource, *new)


def encode_filter(text: str) -> str | None:
    """A prefix or suffix in the form that S3's filters compare: blanks as plus signs, other special characters
    percent-encoded.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    return (text if is_token(text) else quote_plus(text, safe=SAFE_IN_FILTERS)) or None


def _check_alone(bucket: Construct, ours: S3BucketNotification) -> None:
    """Refuse a second notification configuration of one bucket at synth: S3 keeps only the last one."""
    stack_of(bucket).node.add_validation(_OnlyNotification(bucket, ours))


@jsii.implements(IValidation)
class _OnlyNotification:
    def __init__(self, bucket: Construct, ours: S3BucketNotification) -> None:
        self._bucket = bucket
        self._ours = ours

    def validate(self) -> list[str]:
        stack = stack_of(self._bucket)
        others = [
            other
            for other in stack.node.find_all()
            if isinstance(other, S3BucketNotification) and other is not self._ours
        ]
        if not others:
            return []
        own = str(resolve(self._ours.bucket_input, stack))
        names = {own, own.replace(".bucket}", ".id}")}
        return [
            f"{path(other)}: the bucket's notification is {path(self._ours)} already, and S3 keeps one for each "
            "bucket; use the bucket's on_object_created and send_events_to_eventbridge"
            for other in others
            if str(resolve(other.bucket_input, stack)) in names
        ]
