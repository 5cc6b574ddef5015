"""Rights to the keys behind queues, topics, buckets and tables, on the local AWS: each test fails without
sluice_cli/local_aws/emulator/key_rights.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.bare_aws import ACCOUNT, LOGS, REGION, BareAws, allow, service
from tests.support.waiting import eventually


def through(name: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"kms:ViaService": f"{name}.{REGION}.amazonaws.com"}}}


@pytest.fixture(scope="module")
def key(aws: BareAws) -> str:
    return aws.key()


@pytest.fixture(scope="module")
def caller(aws: BareAws) -> str:
    return aws.role("caller", allow(LOGS))


@dataclass(frozen=True)
class KeyedCall:
    """A call to a service whose data is under a key: the rights to the service, the rights to the key, the call."""

    service: str
    own: str
    needed: tuple[str, ...]
    run: Callable[[Any, "Keyed"], Any]


@dataclass(frozen=True)
class Keyed:
    """One of each, under a key."""

    bucket: str
    queue: str
    topic: str
    table: str


READ = ("kms:Decrypt",)
SEND = ("kms:GenerateDataKey", "kms:Decrypt")
BY_ID = {"KeyConditionExpression": "id = :id", "ExpressionAttributeValues": {":id": {"S": "1"}}}
CALLS = [
    KeyedCall(
        "s3",
        "s3:PutObject",
        ("kms:GenerateDataKey",),
        lambda s3, keyed: s3.put_object(Bucket=keyed.bucket, Key="new", Body=b""),
    ),
    KeyedCall("s3", "s3:GetObject", READ, lambda s3, keyed: s3.get_object(Bucket=keyed.bucket, Key="there")),
    KeyedCall(
        "sqs", "sqs:SendMessage", SEND, lambda sqs, keyed: sqs.send_message(QueueUrl=keyed.queue, MessageBody="x")
    ),
    KeyedCall("sqs", "sqs:ReceiveMessage", READ, lambda sqs, keyed: sqs.receive_message(QueueUrl=keyed.queue)),
    KeyedCall("sns", "sns:Publish", SEND, lambda sns, keyed: sns.publish(TopicArn=keyed.topic, Message="x")),
    KeyedCall(
        "dynamodb",
        "dynamodb:PutItem",
        READ,
        lambda table, keyed: table.put_item(TableName=keyed.table, Item={"id": {"S": "1"}}),
    ),
    KeyedCall("dynamodb", "dynamodb:Query", READ, lambda table, keyed: table.query(TableName=keyed.table, **BY_ID)),
]


@pytest.fixture(scope="module")
def keyed(aws: BareAws, key: str) -> Keyed:
    bucket, s3 = aws.bucket("encrypted"), aws.client("s3")
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]},
    )
    s3.put_object(Bucket=bucket, Key="there", Body=b"content")
    queue, _ = aws.queue("encrypted", KmsMasterKeyId=key)
    topic = aws.topic("encrypted", KmsMasterKeyId=key)
    table = aws.table("encrypted", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    return Keyed(bucket, queue, topic, table)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.own)
def test_data_under_a_key_is_used_with_exactly_these_rights_to_the_key(
    aws: BareAws, key: str, caller: str, keyed: Keyed, call: KeyedCall
) -> None:
    client = aws.client(call.service, caller)
    for missing in call.needed:
        rest = [one for one in call.needed if one != missing]
        aws.grant(caller, allow(LOGS), allow([call.own]), *([allow(rest, key)] if rest else []))
        with pytest.raises(ClientError, match=missing) as refused:
            call.run(client, keyed)
        assert key in str(refused.value)
    aws.grant(caller, allow(LOGS), allow([call.own]), allow(call.needed, key, **through("ec2")))
    with pytest.raises(ClientError, match="kms:"):
        call.run(client, keyed)
    aws.grant(caller, allow(LOGS), allow([call.own]), allow(call.needed, key, **through(call.service)))
    call.run(client, keyed)


def test_a_table_gets_a_key_of_the_account_only_from_who_may_use_it(aws: BareAws, caller: str) -> None:
    key = aws.key()
    aws.grant(caller, allow(LOGS), allow(["dynamodb:CreateTable"]), allow(["kms:Decrypt"], key))
    with pytest.raises(ClientError, match="kms:Encrypt"):
        aws.client("dynamodb", caller).create_table(
            TableName=f"{aws.prefix}-refused",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        )


def test_an_alias_needs_a_right_to_its_key(aws: BareAws, caller: str) -> None:
    key, alias = aws.key(), f"alias/{aws.prefix}"
    kms = aws.client("kms", caller)
    named = f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}"
    everything = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]
    aws.grant(caller, allow(LOGS), allow(everything, named))
    with pytest.raises(ClientError, match="kms:CreateAlias"):
        kms.create_alias(AliasName=alias, TargetKeyId=key)
    aws.grant(caller, allow(LOGS), allow(everything, named), allow(["kms:CreateAlias"], key))
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    for call, arguments in (("update_alias", {"TargetKeyId": key}), ("delete_alias", {})):
        with pytest.raises(ClientError, match="not authorized"):
            getattr(kms, call)(AliasName=alias, **arguments)
    aws.grant(caller, allow(LOGS), allow(everything, named), allow(everything, key))
    kms.update_alias(AliasName=alias, TargetKeyId=key)
    kms.delete_alias(AliasName=alias)


def test_s3_reaches_an_encrypted_queue_only_where_the_key_admits_it(aws: BareAws) -> None:
    bucket, key = aws.bucket("sends"), aws.key()
    source = f"arn:aws:s3:::{bucket}"
    url, arn = aws.queue("under-key", allow(["sqs:SendMessage"], **service("s3", source)), KmsMasterKeyId=key)
    asked = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3 = aws.client("s3")
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=asked)
    account = allow(["kms:*"], Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    aws.set_key_policy(key, account, allow(["kms:GenerateDataKey", "kms:Decrypt"], **service("s3", source)))
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=asked)
    s3.put_object(Bucket=bucket, Key="sent", Body=b"")
    eventually(lambda: [one for one in aws.messages(url) if '"sent"' in one["Body"]])
