"""Events as S3 sends them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""

from typing import Any
from urllib.parse import quote_plus

Event = dict[str, Any]


def created(bucket: str, key: str, version_id: str | None = None, *, sequencer: str = "0055AED6DCD90281E5") -> Event:
    """The record of one created object; `key` is plain and sent encoded, as S3 does."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-01-02T03:04:05.678Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "example"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "example",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "EXAMPLE"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": quote_plus(key, safe="/"),
                "size": 1,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": sequencer,
                **({"versionId": version_id} if version_id else {}),
            },
        },
    }


def event(*records: Event) -> Event:
    return {"Records": list(records)}


# Keys that S3 accepts and that URLs, events or terminals have to encode.
UNUSUAL_KEYS = (
    *("a b", "a+b", "a b+c & d%20e=100%.txt", "%41", "länder/日本/größe — übersicht.json", "empty/"),
    *("ctrl\x01\x1f.txt", "line\nend", "x" * 1024),
)

TEST_EVENT: Event = {
    "Service": "Amazon S3",
    "Event": "s3:TestEvent",
    "Time": "2026-01-02T03:04:05.678Z",
    "Bucket": "some-bucket",
    "RequestId": "5582815E1AEA5ADF",
    "HostId": "example",
}
