"""Uses of each system, as calls of a second or less. A statement is needed if one of them fails without it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from botocore import xform_name

from .changes import StatementMutation
from .live import DeployedSystem
from .outcomes import Failed, Use, eventually, expect
from .service_uses import ServiceUses

# A partition key that no other check of the deployment uses.
KEY = "readings/least privilege/{}.json"

Row = dict[str, Any]


class Uses(ABC):
    """Uses that all systems have in common. Each system adds its own, by the construct path of the statement that
    allows them.
    """

    # What a request to the system's API says: in the query of a GET, else in the body.
    request: Mapping[str, Any] = {}

    def __init__(self, system: DeployedSystem) -> None:
        self.system = system
        self.services = ServiceUses(system, self.request)

    @abstractmethod
    def whole(self) -> list[Use]:
        """The whole system in use, once; also prepares what the single uses need."""

    @abstractmethod
    def granted(self) -> dict[str, list[Use]]:
        """Uses by the policy that has to allow them: the last but one part of the path of a role's
        policy, or a topic.
        """

    def of(self, change: StatementMutation) -> Sequence[Use]:
        """The uses of which one has to fail under a mutation that narrows."""
        statement = change.statement
        place, _, _ = statement.holder.rpartition("/")
        client, held = self.system.client, self.system.place.attributes[statement.address]
        of_services = self.services.of(change)
        if of_services:
            return of_services
        if statement.kind == "aws_kms_key":
            action = statement.actions[change.index]
            return [Use("Terraform and people look after the key", lambda: self._call_kms(change, action))]
        own = self.granted().get(place.rpartition("/")[2], [])
        if own:
            return own
        if statement.kind == "aws_s3_bucket_policy":
            bucket = held["bucket"]
            return [Use("people list its objects", lambda: client("s3").list_objects_v2(Bucket=bucket))]
        if statement.kind == "aws_sqs_queue_policy":
            url = held["queue_url"]
            return [
                Use(
                    "people read its messages",
                    lambda: client("sqs").receive_message(QueueUrl=url, VisibilityTimeout=0),
                )
            ]
        if statement.kind == "aws_sns_topic_policy":
            topic = held["arn"]
            return [Use("people publish", lambda: client("sns").publish(TopicArn=topic, Message='{"objectKey": ""}'))]
        return []

    def invoke(self, event: Any) -> Any:
        """Invoke the function. Returns its answer. Raises `Failed` with its error."""
        client = self.system.client("lambda")
        answer = client.invoke(FunctionName=self.system.function_name, Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failed(f"{said.get('errorType')}: {said.get('errorMessage')}")
        return said

    def rows(self, table: str, attribute: str, value: str) -> list[Row]:
        found = self.system.client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": attribute},
            ExpressionAttributeValues={":value": {"S": value}},
            ConsistentRead=True,
        )
        return list(found["Items"])

    def forget(self, table: str, key: tuple[str, str], value: str) -> None:
        """Delete the rows with a partition key, so that the same object counts as new."""
        for row in self.rows(table, key[0], value):
            named = {name: row[name] for name in key}
            self.system.client("dynamodb").delete_item(TableName=table, Key=named)

    def upload(self, content: bytes) -> tuple[str, str]:
        """Store an object. Returns its key and version."""
        key = KEY.format(uuid4().hex)
        s3 = self.system.client("s3")
        answer = s3.put_object(Bucket=self.system.outputs["BucketName"], Key=key, Body=content)
        return key, str(answer.get("VersionId", ""))

    def created(self, key: str, version: str = "") -> Any:
        """The S3 event of an object; without a version id as while a bucket's versioning is suspended."""
        named = {"versionId": version} if version else {}
        return {
            "Records": [
                {
                    "eventSource": "aws:s3",
                    "eventName": "ObjectCreated:Put",
                    "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "s3": {
                        "bucket": {"name": self.system.outputs["BucketName"]},
                        "object": {"key": quote_plus(key, safe="/"), "sequencer": uuid4().hex[:16].upper(), **named},
                    },
                }
            ]
        }

    def _call_kms(self, change: StatementMutation, action: str) -> None:
        # Only the key: IAM checks the permission before KMS checks the other parameters.
        kms = self.system.client("kms", checked=False)
        key = self.system.key(change.statement)
        operation = xform_name("DescribeKey" if action == "kms:*" else action.partition(":")[2])
        harmless: dict[str, Any] = {}
        if action == "kms:ScheduleKeyDeletion":
            harmless = {"PendingWindowInDays": 1}  # shorter than AWS allows
        elif action == "kms:PutKeyPolicy":
            harmless = {"Policy": kms.get_key_policy(KeyId=key)["Policy"]}
        if operation.endswith("_alias"):
            self._call_alias(kms, key, operation)
        else:
            getattr(kms, operation)(KeyId=key, **harmless)

    def _call_alias(self, kms: Any, key: str, operation: str) -> None:
        alias = f"alias/test-{uuid4().hex[:12]}"
        kms.create_alias(AliasName=alias, TargetKeyId=key)
        try:
            if operation == "update_alias":
                kms.update_alias(AliasName=alias, TargetKeyId=key)
        finally:
            kms.delete_alias(AliasName=alias)


class Recorded(Uses):
    """A system whose function turns an object into rows with a partition key of their own."""

    table: str  # of the outputs
    key: tuple[str, str]
    content = b"content"
    answer: str

    def value(self) -> str:
        return self.name

    def whole(self) -> list[Use]:
        def upload() -> None:
            self.name, self.version = self.upload(self.content)
            eventually(self.done, f"{self.name} in {self.system.outputs[self.table]}")

        return [Use("an object arrives through S3", upload)]

    def done(self) -> object:
        return self.rows(self.system.outputs[self.table], self.key[0], self.value())

    def record(self, version: str) -> None:
        self.forget(self.system.outputs[self.table], self.key, self.value())
        answered = self.invoke(self.created(self.name, version))
        expect(answered == {self.answer: 1} and self.done(), f"no row, and the answer is {answered}")

    def versioned(self) -> Use:
        return Use("an event that names the object's version", lambda: self.record(self.version))

    def unversioned(self) -> Use:
        return Use("an event that names no version, as while versioning is suspended", lambda: self.record(""))


__all__ = ["Failed", "Recorded", "Use", "Uses", "eventually", "expect"]
