"""Methods of new and existing buckets: grants, and connections for object events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from constructs import Construct

from . import _limits as limits
from ._account import owner, partition
from ._bucket_notification import Notification, Target
from ._checks import is_token
from ._event_pattern import EventPattern
from ._identifiers import identify
from ._loops import Objects, connect
from .iam import Condition, Grantee, Statement
from .key import AnyKey

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html: a version is read with its own action.
READ_ACTIONS = ("s3:GetObject", "s3:GetObjectVersion")
WRITE_ACTIONS = ("s3:PutObject",)
DELETE_ACTIONS = ("s3:DeleteObject",)
READ_TAGS_ACTIONS = ("s3:GetObjectTagging", "s3:GetObjectVersionTagging")
WRITE_TAGS_ACTIONS = ("s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms: a multipart upload is
# read back with the key before it is put together.
READ_KEY_ACTIONS = ("kms:Decrypt",)
WRITE_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")


class AnyBucket(Construct):
    """A bucket, new or existing.

    Everything that takes a `prefix` is for the keys that begin with it (default: all), and a `suffix` for those that
    end with it.
    """

    name: str
    arn: str
    _given_account_id: str | None
    _key: AnyKey | None
    _given_name: str

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self._notification: Notification | None = None

    def grant_read(self, grantee: Grantee, *, prefix: str = "") -> None:
        """Let the grantee read objects, and their versions, under a prefix (default: all).

        Without `grant_list` a missing object reads as access denied (403), as everywhere on S3.
        """
        self._grant(grantee, "Read", READ_ACTIONS, prefix, READ_KEY_ACTIONS)

    def grant_write(self, grantee: Grantee, *, prefix: str = "") -> None:
        """Let the grantee write objects under a prefix (default: all).

        Raises `ConfigurationError` where that would wake the same function again.
        """
        self._connect(grantee, "created", prefix)
        self._grant(grantee, "Write", WRITE_ACTIONS, prefix, WRITE_KEY_ACTIONS)

    def grant_presigned_write(self, grantee: Grantee, *, prefix: str) -> None:
        """Let the grantee presign uploads under a prefix: URLs with which others write objects, as the function.

        The same permission as `grant_write`, for a prefix that the function itself writes nothing under: it may listen
        to it, to learn what arrived.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
        """
        self._grant(grantee, "Presign", WRITE_ACTIONS, prefix, WRITE_KEY_ACTIONS)

    def grant_delete(self, grantee: Grantee, *, prefix: str = "") -> None:
        """Let the grantee delete objects under a prefix (default: all). A versioned bucket keeps their versions.

        Raises `ConfigurationError` where that would wake the same function again.
        """
        self._connect(grantee, "removed", prefix)
        self._grant(grantee, "Delete", DELETE_ACTIONS, prefix)

    def grant_list(self, grantee: Grantee, *, prefix: str = "") -> None:
        """Let the grantee list the keys under a prefix (default: all), and tell missing objects (404) from others."""
        limits.GRANT_PREFIX.check(self, "prefix", prefix)
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html#condition-key-bucket-ops-2
        conditions = [Condition("StringLike", "s3:prefix", [f"{prefix}*"])] if prefix else []
        grantee.allow(
            self,
            "List" + identify(prefix, self),
            Statement(sid="List", actions=["s3:ListBucket"], resources=[self.arn], conditions=conditions),
        )

    def grant_read_tags(self, grantee: Grantee, *, prefix: str = "") -> None:
        """Let the grantee read the tags of objects under a prefix (default: all)."""
        self._grant(grantee, "ReadTags", READ_TAGS_ACTIONS, prefix)

    def grant_write_tags(self, grantee: Grantee, *, prefix: str = "") -> None:
        """Let the grantee set and remove the tags of objects under a prefix (default: all)."""
        self._grant(grantee, "WriteTags", WRITE_TAGS_ACTIONS, prefix)

    def on_object_created(self, target: Target, *, prefix: str = "", suffix: str = "") -> None:
        """Notify a function, a queue or a topic of every object created under a prefix and with a suffix (default:
        all).

        Makes the permission, for this bucket of this account only, and feeds the bucket's single notification, which
        waits for it. S3 delivers at least once, in no order, and not what was written before.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html

        Raises `ConfigurationError` where AWS would refuse the filter because it overlaps an earlier one, for a FIFO
        queue, beyond 100 targets, and where a function would wake itself.
        """
        self._notification_of_ours().add(target, Objects("created", prefix, suffix))

    def permit_delivery(self, target: Target) -> None:
        """Let the bucket deliver to a function, a queue or a topic without notifying it.

        S3 takes minutes to follow a notification that moves to another target, and events are under way meanwhile: keep
        the earlier target and this permission until they arrived. The permission is that of `on_object_created`.
        """
        self._notification_of_ours().permit(target)

    def on_object_removed(self, target: Target, *, prefix: str = "", suffix: str = "") -> None:
        """Notify a function, a queue or a topic of every object deleted by a request, as `on_object_created` does.

        Removals by lifecycle rules are not reported.
        """
        self._notification_of_ours().add(target, Objects("removed", prefix, suffix))

    def on_object_restored(self, target: Target, *, prefix: str = "", suffix: str = "") -> None:
        """Notify a function, a queue or a topic when an archived object is being restored, can be read, or no longer
        can.

        Otherwise as `on_object_created`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
        """
        self._notification_of_ours().add(target, Objects("restored", prefix, suffix))

    def send_events_to_eventbridge(self) -> None:
        """Send all events of the bucket to EventBridge, where any number of rules can match them (`event_pattern`).

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
        """
        self._notification_of_ours().send_to_eventbridge()

    def event_pattern(self, event: str = "Object Created", *, prefix: str = "", suffix: str = "") -> EventPattern:
        """The pattern for a `Rule` that matches one kind of event of the bucket (`Object Created`, `Object Deleted`).

        A rule on it turns `send_events_to_eventbridge` on; for a bucket of others its owner does. The kinds of events:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html
        """
        limits.S3_EVENT.check(self, "event", event)
        for parameter, text in (("prefix", prefix), ("suffix", suffix)):
            limits.FILTER_PREFIX.check(self, parameter, text)
        detail: dict[str, Any] = {"bucket": {"name": [self.name]}}
        if prefix and suffix:  # two filters for one field would match either
            detail["object"] = {"key": [{"wildcard": f"{_literally(prefix)}*{_literally(suffix)}"}]}
        elif prefix or suffix:
            detail["object"] = {"key": [{"prefix": prefix} if prefix else {"suffix": suffix}]}
        pattern = {"source": ["aws.s3"], "detail-type": [event], "detail": detail}
        kind = {"Object Created": "created", "Object Deleted": "removed"}.get(event, event)
        return EventPattern(
            pattern, origin=self, objects=Objects(kind, prefix, suffix), turn_on=self._send_events_if_ours
        )

    def _send_events_if_ours(self) -> None:
        """Send events to EventBridge for a rule, if this stack owns the bucket's notification."""
        self.send_events_to_eventbridge()

    def _notification_of_ours(self) -> Notification:
        if self._notification is None:
            self._notification = Notification(
                self,
                name=self.name,
                arn=self.arn,
                known_arn=self._known_arn_in,
                account_id_in=self._account_id_in,
            )
        return self._notification

    def _grant(
        self, grantee: Grantee, verb: str, actions: Sequence[str], prefix: str, key_actions: Sequence[str] = ()
    ) -> None:
        limits.GRANT_PREFIX.check(self, "prefix", prefix)
        statements = [Statement(sid=verb, actions=actions, resources=[f"{self.arn}/{prefix}*"])]
        if self._key and key_actions:
            statements.append(Statement(sid=f"{verb}Key", actions=key_actions, resources=[self._key.arn]))
        grantee.allow(self, verb + identify(prefix, self), *statements)

    def _connect(self, grantee: Grantee, event: str, prefix: str) -> None:
        if isinstance(grantee, Construct):
            connect(grantee, self, written=Objects(event, prefix))

    def _account_id_in(self, scope: Construct) -> str:
        return owner(scope, self._given_account_id)

    def _known_arn_in(self, scope: Construct) -> str | None:
        name = self._given_name
        return None if is_token(name) else f"arn:{partition(scope)}:s3:::{name}"


def _literally(text: str) -> str:
    """A text as a literal in a wildcard pattern, where a backslash has a meaning; `*` was refused before."""
    return text.replace("\\", "\\\\")
