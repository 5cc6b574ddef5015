"""The deployed invocation log, as its tests use it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sluice_cli.local_aws.server import LocalAws
from tests.support.logs import logged

from .deployed import Deployment

SYSTEM = "invocation-log"


@dataclass(frozen=True)
class DeployedInvocationLog:
    local: LocalAws
    outputs: dict[str, str]

    @classmethod
    def of(cls, deployment: Deployment) -> "DeployedInvocationLog":
        return cls(deployment.local, deployment.outputs(SYSTEM))

    def client(self, service: str) -> Any:
        return self.local.client(service, region_name="us-west-2")

    def upload(self, key: str, content: bytes = b"content") -> None:
        self.client("s3").put_object(Bucket=self.outputs["BucketName"], Key=key, Body=content)

    def rows(self, key: str) -> list[dict[str, str]]:
        """The rows of a key, oldest first."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["DynamoDBTableName"])
        rows = [{name: value["S"] for name, value in item.items()} for page in pages for item in page["Items"]]
        return sorted((row for row in rows if row["objectKey"] == key), key=lambda row: row["timestamp"])

    def log(self, key: str) -> list[dict[str, Any]]:
        """The function's log lines that name a key."""
        found = logged(self.client("logs"), self.outputs["LogGroupName"])
        return [one for one in found if one.get("objectKey") == key]

    @contextmanager
    def forbidden_to_write(self) -> Iterator[None]:
        """The role may not put rows meanwhile."""
        iam, role = self.client("iam"), self.outputs["LambdaFunctionName"]
        deny = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        iam.put_role_policy(RoleName=role, PolicyName="test-forbidden", PolicyDocument=policy)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="test-forbidden")
