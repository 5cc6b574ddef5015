"""Accesses that have to be refused. A restriction in a policy is needed if an access is allowed without it."""

from collections.abc import Callable, Sequence
from typing import Any

from .changes import StatementMutation
from .live import DeployedSystem
from .outcomes import Use
from .service_uses import notify
from .statements import PERMISSION, SynthesizedStatement

# Belongs to somebody else. Where nothing has this name, an allowed access answers that it does not exist.
FOREIGN = "test-foreign"
FOREIGN_KEY = "00000000-0000-4000-8000-000000000000"
MESSAGE = '{"objectKey": ""}'


def refusals(system: DeployedSystem, change: StatementMutation) -> Sequence[Use]:
    """Accesses that are refused as generated, of which at least one has to be allowed under a mutation that widens."""
    statement = change.statement
    held = system.place.attributes[statement.address]
    by_kind: dict[str, Callable[[], list[Use]]] = {
        PERMISSION: lambda: _of_permission(system, statement),
        "aws_iam_role": lambda: _of_trust(system, held["arn"]),
        "aws_iam_role_policy": lambda: _of_role(system, statement.sid),
        "aws_kms_key": lambda: _of_key(system, system.key(statement), change.part),
        "aws_s3_bucket_policy": lambda: _of_bucket(system, held["bucket"], statement.sid),
        "aws_sns_topic_policy": lambda: _of_topic(system, held["arn"]),
        "aws_sqs_queue_policy": lambda: _of_queue(system, held["queue_url"], statement),
    }
    return by_kind[statement.kind]()


def _of_permission(system: DeployedSystem, statement: SynthesizedStatement) -> list[Use]:
    source = statement.resolved(system.place.resolve).conditions[0].values[0]
    if ":s3:::" in source:
        function = {"LambdaFunctionArn": system.function_arn, "Events": ["s3:ObjectCreated:*"]}
        asked = {"LambdaFunctionConfigurations": [function]}
        return [Use("another bucket invokes it", lambda: notify(system.client("s3"), system.foreign_bucket, asked))]
    return [Use("another API invokes it", lambda: system.call_api(system.foreign_api, "GET", ""))]


def _of_trust(system: DeployedSystem, role: str) -> list[Use]:
    sts = system.client("sts")
    return [Use("a person takes the role", lambda: sts.assume_role(RoleArn=role, RoleSessionName=FOREIGN))]


def _of_role(system: DeployedSystem, sid: str) -> list[Use]:
    def client(service: str) -> Any:
        return system.client(service, "role")

    def arn(service: str, name: str) -> str:
        return f"arn:aws:{service}:{system.place.region}:{system.role_arn.split(':')[4]}:{name}"

    key = arn("kms", f"key/{FOREIGN_KEY}")
    item = {"Key": {"S": FOREIGN}}
    foreign_queue = system.outputs["FailureQueueUrl"].rpartition("/")[0] + f"/{FOREIGN}"
    read = {"Bucket": system.foreign_bucket, "Key": FOREIGN}
    use_key = Use("the role uses another key", lambda: client("kms").generate_data_key(KeyId=key, KeySpec="AES_256"))
    write = [Use("the role writes to another bucket", lambda: client("s3").put_object(**read, Body=b""))]
    by_sid = {
        "WriteOwnLogs": [
            Use(
                "the role writes another's logs",
                lambda: client("logs").create_log_stream(logGroupName=f"/aws/lambda/{FOREIGN}", logStreamName=FOREIGN),
            )
        ],
        "KeepFailures": [
            Use(
                "the role sends to another queue",
                lambda: client("sqs").send_message(QueueUrl=foreign_queue, MessageBody="{}"),
            )
        ],
        "Poll": [
            Use("the role reads another queue", lambda: client("sqs").receive_message(QueueUrl=foreign_queue)),
        ],
        "Read": [Use("the role reads another bucket", lambda: client("s3").get_object(**read))],
        "Write": write,
        "Presign": write,
        "Put": [
            Use("the role puts into another table", lambda: client("dynamodb").put_item(TableName=FOREIGN, Item=item))
        ],
        "Get": [
            Use("the role gets from another table", lambda: client("dynamodb").get_item(TableName=FOREIGN, Key=item))
        ],
        "Delete": [
            Use(
                "the role deletes from another table",
                lambda: client("dynamodb").delete_item(TableName=FOREIGN, Key=item),
            )
        ],
        "Query": [
            Use(
                "the role queries another table",
                lambda: client("dynamodb").query(
                    TableName=FOREIGN,
                    KeyConditionExpression="objectKey = :key",
                    ExpressionAttributeValues={":key": {"S": FOREIGN}},
                ),
            )
        ],
        "Publish": [
            Use(
                "the role publishes to another topic",
                lambda: client("sns").publish(TopicArn=arn("sns", FOREIGN), Message=MESSAGE),
            )
        ],
        "EncryptMessages": [use_key],
        "UseTableKey": [Use("the role looks at another key", lambda: client("kms").describe_key(KeyId=key))],
    }
    return by_sid.get(sid, [])


def _of_bucket(system: DeployedSystem, bucket: str, sid: str) -> list[Use]:
    there = {"Bucket": bucket, "Key": FOREIGN}
    if sid == "DenyInsecureTransport":
        s3 = system.client("s3", tls=False)
        return [
            Use("its objects are listed without TLS", lambda: s3.list_objects_v2(Bucket=bucket)),
            Use("an object is written without TLS", lambda: s3.abort_multipart_upload(**there, UploadId=FOREIGN)),
        ]
    s3 = system.client("s3")
    return [
        Use("the deployer reads an object", lambda: s3.get_object(**there)),
        Use("the deployer writes an object's tags", lambda: s3.put_object_tagging(**there, Tagging={"TagSet": []})),
        Use("the deployer restores an object", lambda: s3.restore_object(**there, RestoreRequest={"Days": 1})),
    ]


def _of_topic(system: DeployedSystem, topic: str) -> list[Use]:
    sns = system.client("sns", tls=False)
    return [Use("people publish without TLS", lambda: sns.publish(TopicArn=topic, Message=MESSAGE))]


def _of_queue(system: DeployedSystem, url: str, statement: SynthesizedStatement) -> list[Use]:
    if statement.sid == "AllowS3":
        queue = statement.resolved(system.place.resolve).resources[0]
        asked = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
        return [Use("another bucket sends to it", lambda: notify(system.client("s3"), system.foreign_bucket, asked))]
    sqs = system.client("sqs", tls=False)
    return [Use("its messages are read without TLS", lambda: sqs.receive_message(QueueUrl=url, VisibilityTimeout=0))]


def _of_key(system: DeployedSystem, key: str, part: str) -> list[Use]:
    mine, roles = system.client("kms"), system.client("kms", "role")
    if part == "principal":
        return [Use("the function's role looks at it", lambda: roles.get_key_rotation_status(KeyId=key))]
    return [Use("the deployer encrypts with it", lambda: mine.encrypt(KeyId=key, Plaintext=b"x"))]
