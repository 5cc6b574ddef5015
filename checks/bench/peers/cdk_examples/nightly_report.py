"""examples/nightly-report with the AWS CDK: `python nightly_report.py FUNCTIONS`."""

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from operations import OperatedStack

DAY_INDEX = "by-day"


class NightlyReport(OperatedStack):
    def __init__(self, scope: Construct, id_: str, *, functions: Path, sales_table: str) -> None:
        super().__init__(scope, id_, notifies=True)
        sales = dynamodb.TableV2.from_table_attributes(
            self, "Sales", table_name=sales_table, global_indexes=[DAY_INDEX]
        )
        secret = secretsmanager.Secret(self, "PseudonymKey", secret_name="nightly-report/pseudonym-key")  # noqa: S106
        reports = s3.Bucket(
            self,
            "Reports",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=Duration.days(90),
                )
            ],
            removal_policy=RemovalPolicy.DESTROY,
        )
        report = self.function(
            "Report",
            code=str(functions / "report"),
            handler="handler.handle",
            environment={
                "BUCKET_NAME": reports.bucket_name,
                "DAY_INDEX": DAY_INDEX,
                "SALES_TABLE_NAME": sales.table_name,
                "SECRET_ARN": secret.secret_arn,
            },
            timeout=Duration.seconds(300),
            memory_size=512,
        )
        sales.grant_read_data(report)
        secret.grant_read(report)
        reports.grant_put(report)

        nightly = scheduler.Schedule(
            self,
            "Nightly",
            schedule=scheduler.ScheduleExpression.cron(minute="0", hour="2", time_zone=cdk.TimeZone.ETC_UTC),
            target=targets.LambdaInvoke(
                report,
                input=scheduler.ScheduleTargetInput.from_object({"time": scheduler.ContextAttribute.scheduled_time}),
                dead_letter_queue=self.failure_queue("Undelivered"),
            ),
        )
        for name, value in {
            "BucketName": reports.bucket_name,
            "SecretName": secret.secret_name,
            "ScheduleName": nightly.schedule_name,
            "AlarmTopicArn": self.alarms.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)


if __name__ == "__main__":
    app = cdk.App()
    NightlyReport(app, "nightly-report", functions=Path(sys.argv[1]), sales_table="sales")
    app.synth()
