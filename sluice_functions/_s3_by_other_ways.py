"""Events of S3 that come through EventBridge or SNS, in the structure of S3's own."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from ._envelopes import content
from .errors import MalformedEvent

# EventBridge's names, and those of event notifications: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
CREATING = {
    "PutObject": "Put",
    "POST Object": "Post",
    "CopyObject": "Copy",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
REMOVING = {"Permanently Deleted": "Delete", "Delete Marker Created": "DeleteMarkerCreated"}
OTHERS = {
    "Object Restore Initiated": "ObjectRestore:Post",
    "Object Restore Completed": "ObjectRestore:Completed",
    "Object Restore Expired": "ObjectRestore:Delete",
    "Object Storage Class Changed": "LifecycleTransition",
    "Object Access Tier Changed": "IntelligentTiering",
    "Object ACL Updated": "ObjectAcl:Put",
    "Object Tags Added": "ObjectTagging:Put",
    "Object Tags Deleted": "ObjectTagging:Delete",
}


def of_sns(record: Mapping[str, Any]) -> Any:
    """What S3 published to the topic. Raises `MalformedEvent`."""
    try:
        message = record["Sns"]["Message"]
    except (KeyError, TypeError) as error:
        raise MalformedEvent("not a record of SNS: it has no Message") from error
    if not isinstance(message, str):
        raise MalformedEvent("not a record of SNS: its Message is no text")
    return content(message)


def of_eventbridge(event: Mapping[str, Any]) -> dict[str, Any] | MalformedEvent:
    """The event as a record of S3's own, or the error that it is none."""
    detail, kind = event.get("detail"), event["detail-type"]
    try:
        if event.get("source") != "aws.s3" or not isinstance(detail, Mapping):
            return MalformedEvent(f"not an event of S3: {kind!r} of {event.get('source')!r}")
        if kind == "Object Created":
            name = f"ObjectCreated:{CREATING.get(detail.get('reason', ''), 'Put')}"
        elif kind == "Object Deleted":
            name = f"ObjectRemoved:{REMOVING.get(detail.get('deletion-type', ''), 'Delete')}"
        else:
            name = OTHERS.get(kind, str(kind))
        about = detail["object"]
        known = {"versionId": "version-id", "size": "size", "sequencer": "sequencer", "eTag": "etag"}
        return {
            "eventName": name,
            "eventTime": event.get("time"),
            "s3": {
                "bucket": detail["bucket"],
                # Not encoded here, unlike in event notifications.
                "object": {"key": quote_plus(about["key"]), **{to: about.get(own) for to, own in known.items()}},
            },
        }
    except KeyError as error:
        return MalformedEvent(f"not an event of S3: no {error}")
    except (TypeError, AttributeError):
        return MalformedEvent("not an event of S3: a part of it is no JSON object")
    except UnicodeEncodeError:
        return MalformedEvent("not an event of S3: the object key is no Unicode text")
