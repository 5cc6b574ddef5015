"""The five systems as an ordinary AWS CDK app: `python app.py COPIES CODE`, for the comparison only.

L2 constructs as AWS's guides use them. What CDK leaves out by default (failure queues, alarms, an encrypted topic with
its own key) is written out, so that both sides make about the same resources.
"""

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import (
    Duration,
    RemovalPolicy,
    Stack,
)
from aws_cdk import (
    aws_apigateway as apigateway,
)
from aws_cdk import (
    aws_cloudwatch as cloudwatch,
)
from aws_cdk import (
    aws_cloudwatch_actions as actions,
)
from aws_cdk import (
    aws_dynamodb as dynamodb,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_kms as kms,
)
from aws_cdk import (
    aws_lambda as lambda_,
)
from aws_cdk import (
    aws_lambda_destinations as destinations,
)
from aws_cdk import (
    aws_logs as logs,
)
from aws_cdk import (
    aws_s3 as s3,
)
from aws_cdk import (
    aws_s3_notifications as notifications,
)
from aws_cdk import (
    aws_sns as sns,
)
from aws_cdk import (
    aws_sqs as sqs,
)
from constructs import Construct


class SystemStack(Stack):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: Path,
        package: str,
        keys: tuple[str, str],
        topic: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self.key = kms.Key(self, "Key", enable_key_rotation=True, alias=f"{id_}-messages")
        self.key.grant_encrypt_decrypt(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        self.alarm_topic = sns.Topic(self, "AlarmTopic", master_key=self.key, enforce_ssl=True)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
                s3.LifecycleRule(noncurrent_version_expiration=Duration.days(90)),
            ],
        )
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=keys[0], type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=keys[1], type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.failures = sqs.Queue(
            self,
            "Failures",
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        variables = {"TABLE_NAME": self.table.table_name, "BUCKET_NAME": self.bucket.bucket_name}
        if topic:
            self.topic = sns.Topic(self, "Topic", master_key=self.key, enforce_ssl=True)
            variables["TOPIC_ARN"] = self.topic.topic_arn
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler=f"{package}.handler.handle",
            code=lambda_.Code.from_asset(str(code / package)),
            timeout=Duration.seconds(30),
            memory_size=256,
            tracing=lambda_.Tracing.ACTIVE,
            retry_attempts=2,
            max_event_age=Duration.hours(6),
            on_failure=destinations.SqsDestination(self.failures),
            log_group=logs.LogGroup(self, "LogGroup", retention=logs.RetentionDays.ONE_YEAR),
            environment=variables,
        )
        self.bucket.grant_read(self.function)
        self.table.grant_read_write_data(self.function)
        if topic:
            self.topic.grant_publish(self.function)
        self.bucket.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.LambdaDestination(self.function))
        seconds = Duration.seconds(60)
        for name, metric in {
            "Errors": self.function.metric_errors(period=seconds),
            "Throttles": self.function.metric_throttles(period=seconds),
            "Duration": self.function.metric_duration(period=seconds),
            "DeliveryFailures": self.function.metric("DestinationDeliveryFailures", period=seconds),
            "FailuresKept": self.failures.metric_approximate_number_of_messages_visible(period=seconds),
            "ReadThrottled": self.table.metric("ReadThrottleEvents", period=seconds),
            "WriteThrottled": self.table.metric("WriteThrottleEvents", period=seconds),
        }.items():
            self.alarm(name, metric)
        for name, value in {
            "BucketName": self.bucket.bucket_name,
            "TableName": self.table.table_name,
            "FunctionName": self.function.function_name,
            "FunctionArn": self.function.function_arn,
            "FailureQueueUrl": self.failures.queue_url,
            "AlarmTopicArn": self.alarm_topic.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)

    def alarm(self, name: str, metric: cloudwatch.Metric) -> None:
        alarm = cloudwatch.Alarm(
            self,
            f"{name}Alarm",
            metric=metric,
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.alarm_topic))
        alarm.add_ok_action(actions.SnsAction(self.alarm_topic))

    def api(self, path: str, *methods: str) -> None:
        api = apigateway.RestApi(
            self,
            "Api",
            deploy_options=apigateway.StageOptions(
                stage_name="live",
                tracing_enabled=True,
                metrics_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                throttling_rate_limit=1000,
                throttling_burst_limit=2000,
                access_log_destination=apigateway.LogGroupLogDestination(logs.LogGroup(self, "AccessLog")),
            ),
        )
        resource = api.root.add_resource(path)
        for method in methods:
            resource.add_method(
                method,
                apigateway.LambdaIntegration(self.function),
                authorization_type=apigateway.AuthorizationType.IAM,
            )
        self.alarm("ServerErrors", api.metric_server_error(period=Duration.seconds(60)))


def add_systems(app: cdk.App, code: Path, copy: str) -> None:
    tracker = SystemStack(
        app,
        f"object-tracker{copy}",
        code=code,
        package="object_tracker",
        keys=("objectKey", "uploadTime"),
        topic=True,
    )
    tracker.api("objects", "GET", "POST")
    upload = SystemStack(app, f"upload-api{copy}", code=code, package="upload_api", keys=("productId", "productName"))
    upload.api("upload", "POST")
    cloudwatch.Dashboard(
        upload,
        "Dashboard",
        widgets=[[cloudwatch.GraphWidget(title="Function", left=[upload.function.metric_invocations()])]],
    )
    metadata = SystemStack(
        app, f"file-metadata{copy}", code=code, package="file_metadata", keys=("objectKey", "uploadTime")
    )
    for index, key in (("by-content-type", "contentType"), ("by-day", "uploadDay")):
        metadata.table.add_global_secondary_index(
            index_name=index,
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="uploadTime", type=dynamodb.AttributeType.STRING),
        )
    SystemStack(app, f"invocation-log{copy}", code=code, package="invocation_log", keys=("requestId", "timestamp"))
    SystemStack(
        app,
        f"sensor-pipeline{copy}",
        code=code,
        package="sensor_pipeline",
        keys=("deviceId", "readingTime"),
        topic=True,
    )


def main() -> None:
    copies, code = int(sys.argv[1]), Path(sys.argv[2])
    app = cdk.App()
    for number in range(copies):
        add_systems(app, code, f"-{number}" if number else "")
    app.synth()


main()
