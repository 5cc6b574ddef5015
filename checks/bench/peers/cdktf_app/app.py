"""The five systems as an ordinary CDKTF app: `python app.py COPIES CODE`, for the comparison only.

Resource classes as HashiCorp's guides use them: plain imports of the binding, `AssetType.ARCHIVE` for the code.
"""

import json
import sys
from pathlib import Path
from typing import Any

from cdktf import App, AssetType, TerraformAsset, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_method_settings import ApiGatewayMethodSettings
from cdktf_cdktf_provider_aws.api_gateway_resource import ApiGatewayResource
from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi
from cdktf_cdktf_provider_aws.api_gateway_stage import ApiGatewayStage
from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import DataAwsIamPolicyDocument
from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable, DynamodbTableAttribute
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import LambdaFunctionEventInvokeConfig
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification, S3BucketNotificationLambdaFunction
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import S3BucketOwnershipControls
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct


class SystemStack(TerraformStack):
    def __init__(
        self, scope: Construct, id_: str, *, code: Path, package: str, keys: tuple[str, str], topic: bool = False
    ) -> None:
        super().__init__(scope, id_)
        AwsProvider(self, "Aws", region="us-east-1", default_tags=[{"tags": {"System": id_}}])
        account = DataAwsCallerIdentity(self, "Account")
        self.key = KmsKey(self, "Key", enable_key_rotation=True)
        KmsAlias(self, "Alias", name=f"alias/{id_}", target_key_id=self.key.key_id)
        self.alarm_topic = SnsTopic(self, "AlarmTopic", name=f"{id_}-alarms", kms_master_key_id=self.key.arn)
        bucket = S3Bucket(self, "Bucket", bucket=f"{id_}-{account.account_id}")
        S3BucketPublicAccessBlock(
            self,
            "PublicAccessBlock",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(
            self, "Ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}
        )
        S3BucketVersioningA(self, "Versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
        S3BucketPolicy(
            self,
            "BucketPolicy",
            bucket=bucket.bucket,
            policy=self.document(
                "BucketDocument",
                "Deny",
                ["s3:*"],
                [bucket.arn, f"{bucket.arn}/*"],
                [{"type": "*", "identifiers": ["*"]}],
            ),
        )
        table = DynamodbTable(
            self,
            "Table",
            name=id_,
            billing_mode="PAY_PER_REQUEST",
            hash_key=keys[0],
            range_key=keys[1],
            attribute=[DynamodbTableAttribute(name=key, type="S") for key in keys],
            point_in_time_recovery={"enabled": True},
        )
        failures = SqsQueue(self, "Failures", name=f"{id_}-failures", sqs_managed_sse_enabled=True)
        log_group = CloudwatchLogGroup(self, "LogGroup", name=f"/aws/lambda/{id_}", retention_in_days=365)
        role = IamRole(
            self,
            "Role",
            name=id_,
            assume_role_policy=self.document(
                "AssumeRole",
                "Allow",
                ["sts:AssumeRole"],
                None,
                [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
            ),
        )
        variables = {"TABLE_NAME": table.name, "BUCKET_NAME": bucket.bucket}
        allowed = {
            "Logs": (["logs:CreateLogStream", "logs:PutLogEvents"], f"{log_group.arn}:*"),
            "Traces": (["xray:PutTraceSegments"], "*"),
            "Failures": (["sqs:SendMessage"], failures.arn),
            "Bucket": (["s3:GetObject"], f"{bucket.arn}/*"),
            "Table": (["dynamodb:PutItem", "dynamodb:Query"], table.arn),
        }
        if topic:
            notified = SnsTopic(self, "Topic", name=f"{id_}-topic", kms_master_key_id=self.key.arn)
            variables["TOPIC_ARN"] = notified.arn
            allowed["Topic"] = (["sns:Publish"], notified.arn)
        for name, (allowed_actions, resource) in allowed.items():
            policy = self.document(f"{name}GrantDocument", "Allow", allowed_actions, [resource])
            IamRolePolicy(self, f"{name}RolePolicy", name=name, role=role.name, policy=policy)
        asset = TerraformAsset(self, "Code", path=str(code / package), type=AssetType.ARCHIVE)
        self.function = LambdaFunction(
            self,
            "Function",
            function_name=id_,
            role=role.arn,
            runtime="python3.13",
            handler=f"{package}.handler.handle",
            filename=asset.path,
            source_code_hash=asset.asset_hash,
            timeout=30,
            memory_size=256,
            tracing_config={"mode": "Active"},
            environment={"variables": variables},
        )
        LambdaFunctionEventInvokeConfig(
            self,
            "Retries",
            function_name=self.function.function_name,
            maximum_retry_attempts=2,
            destination_config={"on_failure": {"destination": failures.arn}},
        )
        permission = LambdaPermission(
            self,
            "Permission",
            function_name=self.function.function_name,
            action="lambda:InvokeFunction",
            principal="s3.amazonaws.com",
            source_arn=bucket.arn,
        )
        S3BucketNotification(
            self,
            "Notification",
            bucket=bucket.bucket,
            lambda_function=[
                S3BucketNotificationLambdaFunction(lambda_function_arn=self.function.arn, events=["s3:ObjectCreated:*"])
            ],
            depends_on=[permission],
        )
        for metric in ("Errors", "Throttles", "Duration", "DestinationDeliveryFailures"):
            self.alarm(metric, "AWS/Lambda", {"FunctionName": self.function.function_name})
        self.alarm("ApproximateNumberOfMessagesVisible", "AWS/SQS", {"QueueName": failures.name})
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            self.alarm(metric, "AWS/DynamoDB", {"TableName": table.name})
        for name, value in {
            "BucketName": bucket.bucket,
            "TableName": table.name,
            "FunctionName": self.function.function_name,
            "FunctionArn": self.function.arn,
            "FailureQueueUrl": failures.url,
            "AlarmTopicArn": self.alarm_topic.arn,
        }.items():
            TerraformOutput(self, name, value=value)

    def document(
        self,
        id_: str,
        effect: str,
        allowed: list[str],
        resources: list[str] | None,
        principals: list[dict[str, Any]] | None = None,
    ) -> str:
        statement = {"effect": effect, "actions": allowed, "resources": resources, "principals": principals}
        return DataAwsIamPolicyDocument(
            self, id_, statement=[{key: value for key, value in statement.items() if value is not None}]
        ).json

    def alarm(self, metric: str, namespace: str, dimensions: dict[str, str]) -> None:
        CloudwatchMetricAlarm(
            self,
            f"{metric}Alarm",
            alarm_name=f"{self.node.id}-{metric}",
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic="Sum",
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            period=60,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self.alarm_topic.arn],
            ok_actions=[self.alarm_topic.arn],
        )

    def api(self, path: str, *methods: str) -> None:
        api = ApiGatewayRestApi(self, "Api", name=self.node.id)
        resource = ApiGatewayResource(
            self, "Resource", rest_api_id=api.id, parent_id=api.root_resource_id, path_part=path
        )
        parts: list[Any] = []
        for name in methods:
            method = ApiGatewayMethod(
                self,
                f"{name}Method",
                rest_api_id=api.id,
                resource_id=resource.id,
                http_method=name,
                authorization="AWS_IAM",
            )
            integration = ApiGatewayIntegration(
                self,
                f"{name}Integration",
                rest_api_id=api.id,
                resource_id=resource.id,
                http_method=method.http_method,
                type="AWS_PROXY",
                integration_http_method="POST",
                uri=self.function.invoke_arn,
            )
            LambdaPermission(
                self,
                f"{name}Permission",
                function_name=self.function.function_name,
                action="lambda:InvokeFunction",
                principal="apigateway.amazonaws.com",
                source_arn=f"{api.execution_arn}/live/{name}/{path}",
            )
            parts += [method, integration]
        deployment = ApiGatewayDeployment(self, "Deployment", rest_api_id=api.id, depends_on=parts)
        access_log = CloudwatchLogGroup(self, "AccessLog", name=f"/aws/apigateway/{self.node.id}")
        stage = ApiGatewayStage(
            self,
            "Stage",
            rest_api_id=api.id,
            deployment_id=deployment.id,
            stage_name="live",
            xray_tracing_enabled=True,
            access_log_settings={"destination_arn": access_log.arn, "format": json.dumps({"id": "$context.requestId"})},
        )
        ApiGatewayMethodSettings(
            self,
            "MethodSettings",
            rest_api_id=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={"metrics_enabled": True, "logging_level": "ERROR"},
        )
        self.alarm("5XXError", "AWS/ApiGateway", {"ApiName": self.node.id})


def add_systems(app: App, code: Path, copy: str) -> None:
    tracker = SystemStack(
        app, f"object-tracker{copy}", code=code, package="object_tracker", keys=("objectKey", "uploadTime"), topic=True
    )
    tracker.api("objects", "GET", "POST")
    upload = SystemStack(app, f"upload-api{copy}", code=code, package="upload_api", keys=("productId", "productName"))
    upload.api("upload", "POST")
    CloudwatchDashboard(
        upload, "Dashboard", dashboard_name=f"upload-api{copy}", dashboard_body=json.dumps({"widgets": []})
    )
    SystemStack(app, f"file-metadata{copy}", code=code, package="file_metadata", keys=("objectKey", "uploadTime"))
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
    app = App()
    for number in range(copies):
        add_systems(app, code, f"-{number}" if number else "")
    app.synth()


main()
