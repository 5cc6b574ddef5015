"""The deployed systems as fixtures."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import signed_request
from sluice_cli.local_aws.topic_listener import TopicListener
from tests.support.connected import Connections
from tests.support.deployed import Deployment
from tests.support.logs import logged
from tests.support.queues import FailureQueueReader


@dataclass(frozen=True)
class Tracker:
    """The deployed object tracker."""

    local: LocalAws
    outputs: dict[str, str]
    listener: TopicListener
    failures: FailureQueueReader

    def upload(self, key: str, content: bytes = b"content", **options: str) -> str:
        """Upload an object. Returns its version id."""
        s3 = self.local.client("s3")
        return str(s3.put_object(Bucket=self.outputs["BucketName"], Key=key, Body=content, **options)["VersionId"])

    def rows(self, key: str) -> list[dict[str, Any]]:
        found = self.local.client("dynamodb").query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
        )
        return [{name: next(iter(typed.values())) for name, typed in item.items()} for item in found["Items"]]

    def notified(self, key: str) -> list[dict[str, Any]]:
        """The rows of a key with a published notification."""
        return [row for row in self.rows(key) if "notifiedAt" in row]

    def notifications(self, key: str) -> list[dict[str, Any]]:
        heard = [json.loads(text) for text in self.listener.heard()]
        return [one for one in heard if one["objectKey"] == key]

    def kept(self, key: str) -> list[dict[str, Any]]:
        """The events about a key in the failure queue."""
        return [one for one in self.failures.kept() if key in json.dumps(one["requestPayload"])]

    def log(self, key: str) -> list[dict[str, Any]]:
        """The function's log lines about a key."""
        return logged(self.local.client("logs"), self.outputs["LogGroupName"], key)

    def get(self, query: str) -> tuple[int, Any]:
        return self._signed("GET", self.outputs["ApiUrl"] + query)

    def post(self, body: Any) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._signed("POST", self.outputs["ApiUrl"], content)

    def _signed(self, method: str, url: str, body: bytes | None = None) -> tuple[int, Any]:
        status, answer = signed_request(self.local, method, url, body)
        return status, json.loads(answer)


@pytest.fixture(scope="session")
def connections(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Connections:
    return Connections.on(local_aws, tmp_path_factory.mktemp("connections") / "project")


@pytest.fixture(scope="session")
def tracker(deployment: Deployment) -> Tracker:
    outputs = deployment.outputs("object-tracker")
    listener = TopicListener(deployment.local, outputs["TopicArn"])
    return Tracker(
        deployment.local, outputs, listener, FailureQueueReader(deployment.local, outputs["FailureQueueUrl"])
    )
