"""What the four versions share: functions with log, traces and failure queue, alarms and the topic that they notify."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

MINUTE = Duration.minutes(1)


class OperatedStack(Stack):
    """A stack with alarms, and a topic that they notify where `notifies` asks for it."""

    def __init__(self, scope: Construct, id_: str, *, notifies: bool) -> None:
        super().__init__(scope, id_)
        self.alarms: sns.Topic | None = None
        if notifies:
            key = kms.Key(self, "Key", alias=id_, enable_key_rotation=True)
            key.grant_encrypt_decrypt(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
            self.alarms = sns.Topic(self, "AlarmTopic", master_key=key, enforce_ssl=True)

    def alarm(self, name: str, metric: cloudwatch.IMetric, threshold: float = 0) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            f"{name}Alarm",
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if self.alarms:
            alarm.add_alarm_action(actions.SnsAction(self.alarms))
            alarm.add_ok_action(actions.SnsAction(self.alarms))
        return alarm

    def queue(self, id_: str, **options: Any) -> sqs.Queue:
        return sqs.Queue(self, id_, encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, **options)

    def failure_queue(self, id_: str, **options: Any) -> sqs.Queue:
        queue = self.queue(id_, retention_period=Duration.days(14), **options)
        self.alarm(id_, queue.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"))
        return queue

    def table(self, id_: str, partition_key: str, sort_key: str | None = None, **options: Any) -> dynamodb.TableV2:
        def text(name: str) -> dynamodb.Attribute:
            return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)

        table = dynamodb.TableV2(
            self,
            id_,
            partition_key=text(partition_key),
            sort_key=text(sort_key) if sort_key else None,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=RemovalPolicy.DESTROY,
            **options,
        )
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            self.alarm(f"{id_}{metric}", table.metric(metric, period=MINUTE, statistic="Sum"))
        return table

    def function(
        self,
        id_: str,
        *,
        code: str,
        handler: str,
        environment: Mapping[str, str],
        timeout: Duration | None = None,
        memory_size: int = 256,
        architecture: lambda_.Architecture = lambda_.Architecture.X86_64,
    ) -> lambda_.Function:
        timeout = timeout or Duration.seconds(30)
        failures = self.failure_queue(f"{id_}Failures")
        function = lambda_.Function(
            self,
            id_,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=architecture,
            code=lambda_.Code.from_asset(code),
            handler=handler,
            environment=dict(environment),
            timeout=timeout,
            memory_size=memory_size,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=logs.LogGroup(self, f"{id_}Log", retention=logs.RetentionDays.ONE_YEAR),
            on_failure=destinations.SqsDestination(failures),
        )
        self.alarm(f"{id_}Errors", function.metric_errors(period=MINUTE))
        self.alarm(f"{id_}Throttles", function.metric_throttles(period=MINUTE))
        longest = 0.8 * timeout.to_milliseconds()
        self.alarm(f"{id_}Duration", function.metric_duration(period=MINUTE, statistic="Maximum"), longest)
        undelivered = function.metric("DestinationDeliveryFailures", period=MINUTE, statistic="Sum")
        self.alarm(f"{id_}Undelivered", undelivered)
        return function
