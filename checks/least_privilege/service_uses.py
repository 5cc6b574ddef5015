"""What AWS services do for a system, with the rights that the system gives them: calls of a few seconds or less."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from botocore.exceptions import ClientError

from .changes import StatementMutation
from .live import DeployedSystem
from .outcomes import Failed, Use, eventually
from .statements import PERMISSION, SynthesizedStatement

# S3 sends it when a notification is made; each function answers it and does nothing.
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent"}
BY_ID = [{"AttributeName": "id", "AttributeType": "S"}]


class ServiceUses:
    """The uses that are the same for each system, by the statement that must allow them."""

    def __init__(self, system: DeployedSystem, request: Mapping[str, Any]) -> None:
        self.system = system
        self._request = request

    def of(self, change: StatementMutation) -> Sequence[Use]:
        statement = change.statement
        if statement.kind == PERMISSION:
            return [self.invocation(statement)]
        resolve = self.system.place.resolve
        source = statement.resolved(resolve).conditions[0].values[0] if statement.conditions else ""
        by_sid: dict[str, Callable[[], list[Use]]] = {
            "LambdaService": lambda: [Use("Lambda, to run the function as the role", self.invoke)],
            "WriteOwnLogs": lambda: [Use("Lambda, to write the function's log as the role", self.leave_a_log)],
            "WriteTraces": lambda: [Use("Lambda and the function, to send traces", self.leave_a_trace)],
            "KeepFailures": lambda: [Use("Lambda, to keep a failed event as the role", self.keep_a_failure)],
            "AllowCloudwatch": lambda: [
                Use("CloudWatch, to publish alarms to the encrypted topic", lambda: self.ring(statement))
            ],
            "Poll": lambda: [
                Use(
                    "Lambda, to poll the queue as the role", lambda: self.poll(statement.resolved(resolve).resources[0])
                )
            ],
            "AllowS3": lambda: [Use("S3, to send to the queue", lambda: self._notify_again(_bucket_of(source)))],
            "UseThroughService": lambda: [
                Use("DynamoDB, to encrypt and read the table", lambda: self.encrypt_a_table(statement))
            ],
        }
        return by_sid.get(statement.sid, list)()

    def invoke(self) -> str:
        """Invoke the function; gives the id of the request. Raises `Failed` with the function's error."""
        answer = self.system.client("lambda").invoke(
            FunctionName=self.system.function_name, Payload=json.dumps(TEST_EVENT)
        )
        if "FunctionError" in answer:
            said = json.loads(answer["Payload"].read())
            raise Failed(f"{said.get('errorType')}: {said.get('errorMessage')}")
        return str(answer["ResponseMetadata"]["RequestId"])

    def leave_a_log(self) -> None:
        request, logs = self.invoke(), self.system.client("logs")
        config = self.system.client("lambda").get_function_configuration(FunctionName=self.system.function_name)
        group = config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{self.system.function_name}"
        found = logs.filter_log_events(logGroupName=group, filterPattern=f'"{request}"')["events"]
        if not found:
            raise Failed(f"not authorized: the invocation {request} left nothing in {group}")

    def leave_a_trace(self) -> None:
        xray, begun = self.system.client("xray"), time.time()
        self.invoke()
        found = xray.get_trace_summaries(StartTime=begun - 1, EndTime=time.time() + 1)["TraceSummaries"]
        named = [one for one in found for service in one["ServiceIds"] if service["Name"] == self.system.function_name]
        if not any(one["StartTime"].timestamp() >= begun - 0.001 for one in named):
            raise Failed("not authorized: the invocation left no trace")

    def keep_a_failure(self) -> None:
        marker, url = uuid4().hex, self.system.outputs["FailureQueueUrl"]
        sqs, before = self.system.client("sqs"), self._undelivered()
        payload = json.dumps({"Records": [{"probe": marker}]})
        self.system.client("lambda").invoke(
            FunctionName=self.system.function_name, InvocationType="Event", Payload=payload
        )

        def kept() -> bool:
            asked = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 1}
            mine = [
                one for one in sqs.receive_message(QueueUrl=url, **asked).get("Messages", []) if marker in one["Body"]
            ]
            for one in mine:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            return bool(mine)

        def decided() -> bool:
            if self._undelivered() > before:
                raise Failed("not authorized: the failed event was not kept")
            return kept()

        eventually(decided, "the failed event in its queue")

    def _undelivered(self) -> float:
        now = time.time()
        found = self.system.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="DestinationDeliveryFailures",
            Dimensions=[{"Name": "FunctionName", "Value": self.system.function_name}],
            StartTime=now - 86_400,
            EndTime=now + 60,
            Period=86_400,
            Statistics=["Sum"],
        )
        return sum(float(one["Sum"]) for one in found["Datapoints"])

    def ring(self, statement: SynthesizedStatement) -> None:
        """An alarm of the proof's own, on the system's topic, or on one under a key with the system's key policy."""
        cloudwatch, sns, sqs = (self.system.client(name) for name in ("cloudwatch", "sns", "sqs"))
        name = f"test-rings-{uuid4().hex[:12]}"
        with ExitStack() as cleanup:
            if statement.kind == "aws_kms_key":
                attributes = {"KmsMasterKeyId": self.system.key(statement)}
                topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
                cleanup.callback(sns.delete_topic, TopicArn=topic)
            else:
                topic = self.system.place.attributes[statement.address]["arn"]
            url = sqs.create_queue(QueueName=name)["QueueUrl"]
            cleanup.callback(sqs.delete_queue, QueueUrl=url)
            queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
            subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
            cleanup.callback(sns.unsubscribe, SubscriptionArn=subscribed)
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="Tests",
                MetricName=name,
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=0,
                ComparisonOperator="GreaterThanThreshold",
                AlarmActions=[topic],
            )
            cleanup.callback(cloudwatch.delete_alarms, AlarmNames=[name])
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="to be heard")
            heard = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not any(name in one["Body"] for one in heard):
                raise Failed("not authorized: nobody heard of the alarm")

    def poll(self, queue: str) -> None:
        """Let Lambda check the role's rights, as it does for a new mapping. (AWS then answers that there is one.)"""
        client, name = self.system.client("lambda"), self.system.function_name
        try:
            made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=name, Enabled=False)
        except client.exceptions.ResourceConflictException:
            return
        except client.exceptions.InvalidParameterValueException as error:
            raise Failed(f"not authorized: {error}") from error
        client.delete_event_source_mapping(UUID=made["UUID"])

    def encrypt_a_table(self, statement: SynthesizedStatement) -> None:
        dynamodb, name = self.system.client("dynamodb"), f"test-encrypted-{uuid4().hex[:12]}"
        key = self.system.key(statement)
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=BY_ID,
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        )
        try:
            dynamodb.get_item(TableName=name, Key={"id": {"S": "1"}})
        finally:
            dynamodb.delete_table(TableName=name)

    def invocation(self, statement: SynthesizedStatement) -> Use:
        """What only the permission lets through: S3's own check when a notification is made, or a request."""
        source = statement.resolved(self.system.place.resolve).conditions[0].values[0]
        if ":s3:::" in source:
            return Use("S3, to invoke the function", lambda: self._may_invoke(_bucket_of(source)))
        api, stage, verb, path = source.split(":")[5].split("/", 3)
        return Use("API Gateway, to invoke the function", lambda: self._call(f"{api}/{stage}", verb, path))

    def _call(self, stage: str, verb: str, path: str) -> None:
        if verb == "GET":
            self.system.call_api(stage, verb, f"{path}?{urlencode(self._request)}")
        else:
            self.system.call_api(stage, verb, path, json.dumps(self._request).encode())

    def _notify_again(self, bucket: str) -> None:
        notify(self.system.client("s3"), bucket, self._notification(bucket))

    def _may_invoke(self, bucket: str) -> None:
        """S3 checks the permission when a notification names the function, which with a buffer none does."""
        s3, made = self.system.client("s3"), self._notification(bucket)
        queues = made.pop("QueueConfigurations", [])
        functions = [{"LambdaFunctionArn": self.system.function_arn, "Events": one["Events"]} for one in queues]
        try:
            notify(s3, bucket, {**made, "LambdaFunctionConfigurations": functions} if queues else made)
        finally:
            if queues:
                notify(s3, bucket, {**made, "QueueConfigurations": queues})

    def _notification(self, bucket: str) -> dict[str, Any]:
        made = self.system.client("s3").get_bucket_notification_configuration(Bucket=bucket)
        del made["ResponseMetadata"]
        return dict(made)


def _bucket_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def notify(s3: Any, bucket: str, configuration: dict[str, Any]) -> None:
    """Put a bucket's notifications. Raises `Failed` where a function does not admit the bucket."""
    try:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    except ClientError as error:
        if "Unable to validate" not in str(error):
            raise
        raise Failed(f"not authorized: {error}") from error
