"""The grants of the deployed stack `grants`: each action as a call of who has it, and changes of its statements."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from checks.least_privilege.changes import StatementMutation
from checks.least_privilege.live import DeployedStack
from checks.least_privilege.proving import REFUSED
from checks.least_privilege.role_credentials import credentials_of
from checks.least_privilege.statements import SynthesizedStatement
from sluice_cli.local_aws.server import LocalAws

FOREIGN = "grants-foreign"  # nothing has this name
BUCKET, TABLE, QUEUE, TOPIC = "grants-files", "grants-rows", "grants-work", "grants-news"
ITEM = {"id": {"S": "1"}}

Client = Callable[[str], Any]
Call = Callable[[], object]


class Granted:
    """The stack's roles, who can make calls with their rights, and whose policies can be changed."""

    def __init__(self, local: LocalAws, where: DeployedStack) -> None:
        self.local = local
        self.where = where
        s3 = local.client("s3")
        self._foreign_bucket = f"test-foreign-{uuid4().hex[:12]}"  # S3 says that a bucket is missing before it refuses
        s3.create_bucket(Bucket=self._foreign_bucket)
        versions = {
            key: s3.put_object(Bucket=BUCKET, Key=key, Body=b"x").get("VersionId", "null") for key in ("in/a", "out/a")
        }
        self.version = str(versions["in/a"])
        local.client("dynamodb").put_item(TableName=TABLE, Item={**ITEM, "kind": {"S": "a"}})
        local.client("ssm").put_parameter(Name="/grants/limit", Value="5", Type="String", Overwrite=True)
        local.client("secretsmanager").put_secret_value(SecretId="grants-secret", SecretString="secret")
        self.queue_url = str(local.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"])
        kms = local.client("kms")
        self._foreign_key = kms.create_key()["KeyMetadata"]["Arn"]
        self._foreign_secret = kms.encrypt(KeyId=self._foreign_key, Plaintext=b"x")["CiphertextBlob"]
        self._own: dict[str, Client] = {}

    def call(self, change: StatementMutation) -> Call:
        """The call that a change would refuse or, where it widens, allow: on something foreign, or on other keys."""
        statement = change.statement
        action = statement.actions[change.index if change.part == "action" else 0]
        prefix = "other/" if change.part == "condition" else "in/"
        foreign = not change.narrows and change.part == "resource"
        client = self._client(self.where.attributes[statement.address]["role"])
        place = statement.holder.split("/")[1]
        if action.startswith("kms:"):
            return self._key_call(client, place, statement.sid, foreign=foreign)
        bucket = self._foreign_bucket if foreign else BUCKET
        return _calls(self, client, place, bucket=bucket, prefix=prefix, foreign=foreign)[action]

    def _key_call(self, client: Client, place: str, sid: str, *, foreign: bool) -> Call:
        """What a service encrypts or decrypts for the role, or a call that takes another key."""
        if foreign:
            return lambda: client("kms").decrypt(CiphertextBlob=self._foreign_secret, KeyId=self._foreign_key)
        action = {
            "ReadKey": "s3:GetObject",
            "WriteKey": "s3:PutObject",
            "PresignKey": "s3:PutObject",
            "UseTableKey": "dynamodb:PutItem",
            "DecryptMessages": "sqs:ReceiveMessage",
            "EncryptMessages": "sns:Publish" if place.startswith("Publish") else "sqs:SendMessage",
        }[sid]
        return _calls(self, client, place, bucket=BUCKET, prefix="in/", foreign=False)[action]

    @contextmanager
    def only_key_right(self, statement: SynthesizedStatement) -> Iterator[None]:
        """The role without its other rights to keys, which are all to the same key."""
        if not statement.actions[0].startswith("kms:"):
            yield
            return
        iam, role = self.local.client("iam"), self.where.attributes[statement.address]["role"]
        own, kept = self.where.attributes[statement.address]["name"], {}
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            without = [one for one in _listed(document) if "kms:" not in json.dumps(one["Action"])]
            if name != own and len(without) < len(_listed(document)):
                kept[name] = document
                changed = {**document, "Statement": without}
                if without:
                    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(changed))
                else:
                    iam.delete_role_policy(RoleName=role, PolicyName=name)
        try:
            yield
        finally:
            for name, document in kept.items():
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    def remove(self) -> None:
        """Remove what was made for the proof."""
        self.local.client("kms").schedule_key_deletion(KeyId=self._foreign_key, PendingWindowInDays=7)
        s3 = self.local.client("s3")
        for one in s3.list_objects_v2(Bucket=self._foreign_bucket).get("Contents", []):
            s3.delete_object(Bucket=self._foreign_bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=self._foreign_bucket)

    @contextmanager
    def changed(self, change: StatementMutation) -> Iterator[None]:
        """The deployed role policy with that one change."""
        held = self.where.attributes[change.statement.address]
        iam, named = self.local.client("iam"), {"RoleName": held["role"], "PolicyName": held["name"]}
        document = json.loads(held["policy"])
        rest = [one for one in _listed(document) if one["Sid"] != change.statement.sid]
        applied = change.applied(change.statement.resolved(self.where.resolve))
        changed = rest + ([applied.json()] if applied else [])
        if changed:
            iam.put_role_policy(**named, PolicyDocument=json.dumps({**document, "Statement": changed}))
        else:
            iam.delete_role_policy(**named)
        try:
            yield
        finally:
            iam.put_role_policy(**named, PolicyDocument=held["policy"])

    def _client(self, role: str) -> Client:
        if role not in self._own:
            arn = self.local.client("iam").get_role(RoleName=role)["Role"]["Arn"]
            credentials = credentials_of(arn, self.local.client("lambda"))
            self._own[role] = functools.cache(lambda service: self.local.client(service, **credentials))
        return self._own[role]


def _listed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    statements = document["Statement"]
    return list(statements) if isinstance(statements, list) else [statements]


def refused(call: Call) -> bool:
    """Whether a call is refused for want of a right; another error is that of a call that may be made."""
    try:
        call()
    except ClientError as error:
        return REFUSED.search(str(error)) is not None
    return False


def _calls(granted: Granted, client: Client, place: str, *, bucket: str, prefix: str, foreign: bool) -> dict[str, Call]:
    table = FOREIGN if foreign else TABLE
    index = {"IndexName": "by-kind"} if "ByKind" in place else {}
    key = "kind" if index else "id"
    read = {"Bucket": bucket, "Key": "in/a"}
    write = {"Bucket": bucket, "Key": "presigned/a" if place.startswith("Presign") else "out/a"}
    versioned = {**read, "VersionId": granted.version}
    tags = {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
    queue = {"QueueUrl": granted.queue_url.replace(QUEUE, FOREIGN) if foreign else granted.queue_url}
    received = {**queue, "ReceiptHandle": "none"}
    arn = functools.partial(_arn, foreign=foreign)
    stream = str(granted.where.outputs["StreamArn"])
    stream = stream.replace(TABLE, FOREIGN) if foreign else stream
    query = {
        "KeyConditionExpression": "#key = :value",
        "ExpressionAttributeNames": {"#key": key},
        "ExpressionAttributeValues": {":value": {"S": "1"}},
    }
    parameter = f"/{FOREIGN}" if foreign else "/grants/limit"
    check = {"TableName": table, "Key": ITEM, "ConditionExpression": "attribute_exists(id)"}
    update = {
        "TableName": table,
        "Key": ITEM,
        "UpdateExpression": "SET a = :a",
        "ExpressionAttributeValues": {":a": ITEM["id"]},
    }

    def transact(item: Mapping[str, Any]) -> Call:
        return lambda: client("dynamodb").transact_write_items(TransactItems=[item])

    shard = {"StreamArn": stream, "ShardId": "shardId-00000000000000000000-00000000"}
    iterator = base64.urlsafe_b64encode(json.dumps({"t": "t", "s": "s", "p": 0, "arn": stream}).encode()).decode()
    shards: dict[str, Call] = {
        "dynamodb:DescribeStream": lambda: client("dynamodbstreams").describe_stream(StreamArn=stream),
        "dynamodb:GetShardIterator": lambda: client("dynamodbstreams").get_shard_iterator(
            **shard, ShardIteratorType="TRIM_HORIZON"
        ),
        "dynamodb:GetRecords": lambda: client("dynamodbstreams").get_records(ShardIterator=iterator),
    }
    of_items: dict[str, Call] = {
        "dynamodb:GetItem": lambda: client("dynamodb").get_item(TableName=table, Key=ITEM),
        "dynamodb:BatchGetItem": lambda: client("dynamodb").batch_get_item(RequestItems={table: {"Keys": [ITEM]}}),
        "dynamodb:BatchWriteItem": lambda: client("dynamodb").batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": ITEM}}]}
        ),
        "dynamodb:Query": lambda: client("dynamodb").query(TableName=table, **index, **query),
        "dynamodb:Scan": lambda: client("dynamodb").scan(TableName=table, **index),
        "dynamodb:ConditionCheckItem": transact({"ConditionCheck": check}),
    }
    writes: dict[str, Call] = {
        "dynamodb:PutItem": lambda: client("dynamodb").put_item(TableName=table, Item=ITEM),
        "dynamodb:UpdateItem": lambda: client("dynamodb").update_item(**update),
        "dynamodb:DeleteItem": lambda: client("dynamodb").delete_item(TableName=table, Key={"id": {"S": "none"}}),
    }
    return {
        **shards,
        **of_items,
        **writes,
        "s3:GetObject": lambda: client("s3").get_object(**read),
        "s3:GetObjectVersion": lambda: client("s3").get_object(**versioned),
        "s3:PutObject": lambda: client("s3").put_object(**write, Body=b"x"),
        "s3:DeleteObject": lambda: client("s3").delete_object(Bucket=bucket, Key="out/none"),
        "s3:ListBucket": lambda: client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix),
        "s3:GetObjectTagging": lambda: client("s3").get_object_tagging(**read),
        "s3:GetObjectVersionTagging": lambda: client("s3").get_object_tagging(**versioned),
        "s3:PutObjectTagging": lambda: client("s3").put_object_tagging(**read, **tags),
        "s3:PutObjectVersionTagging": lambda: client("s3").put_object_tagging(**versioned, **tags),
        "s3:DeleteObjectTagging": lambda: client("s3").delete_object_tagging(**read),
        "sqs:SendMessage": lambda: client("sqs").send_message(**queue, MessageBody="{}"),
        "sqs:ReceiveMessage": lambda: client("sqs").receive_message(**queue, VisibilityTimeout=0),
        "sqs:DeleteMessage": lambda: client("sqs").delete_message(**received),
        "sqs:ChangeMessageVisibility": lambda: client("sqs").change_message_visibility(**received, VisibilityTimeout=0),
        "sns:Publish": lambda: client("sns").publish(TopicArn=arn("sns", TOPIC), Message="{}"),
        "secretsmanager:GetSecretValue": lambda: client("secretsmanager").get_secret_value(
            SecretId=FOREIGN if foreign else "grants-secret"
        ),
        "ssm:GetParameter": lambda: client("ssm").get_parameter(Name=parameter),
        "ssm:GetParameters": lambda: client("ssm").get_parameters(Names=[parameter]),
    }


def _arn(service: str, name: str, *, foreign: bool) -> str:
    return f"arn:aws:{service}:us-east-1:000000000000:{FOREIGN if foreign else name}"
