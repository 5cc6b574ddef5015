"""The stack: its resources, their permissions and connections, and its outputs."""

from pathlib import Path

from sluice import (  # first: it makes synth fast
    Bucket,
    Key,
    PythonFunction,
    Schedule,
    Secret,
    StateBackend,
    Table,
    Topic,
)

# isort: split
from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

FUNCTIONS = Path(__file__).parent.parent / "functions"
TAGS = {"Project": "nightly-report", "ManagedBy": "cdktf"}
DAY_INDEX = "by-day"


class NightlyReportStack(TerraformStack):
    """Every night the sales of the day before, in another team's table, become a CSV file without customers' names.

    schedule --> function --> bucket
                    |
                    +--> table of sales, secret with the key of the pseudonyms
    """

    def __init__(
        self, scope: Construct, id_: str, *, region: str, sales_table: str, state_bucket: str | None = None
    ) -> None:
        super().__init__(scope, id_)
        if state_bucket:
            StateBackend(self, bucket=state_bucket, state_key=f"{id_}/terraform.tfstate", region=region)
        AwsProvider(self, "Aws", region=region, default_tags=[{"tags": TAGS}])
        account_id = DataAwsCallerIdentity(self, "Account").account_id

        key = Key(self, "Key", alias="alias/nightly-report", description="Alarms of the nightly report")
        alarms = Topic(self, "Alarms", name="nightly-report-alarms", key=key)
        sales = Table.from_name(self, "Sales", sales_table, indexes=[DAY_INDEX])
        secret = Secret(self, "PseudonymKey", name="nightly-report/pseudonym-key", description="Any long random text")
        reports = Bucket(self, "Reports", name=f"nightly-report-{account_id}", emptied_on_destroy=True)

        report = PythonFunction(
            self,
            "Report",
            name="nightly-report-writer",
            packages=[FUNCTIONS / "report"],
            installed=["sluice-functions"],
            environment={
                "BUCKET_NAME": reports.name,
                "DAY_INDEX": DAY_INDEX,
                "SALES_TABLE_NAME": sales.name,
                "SECRET_ARN": secret.arn,
            },
            timeout_seconds=300,
            memory_mb=512,
            alarm_topic=alarms,
        )
        sales.grant_query(report, index=DAY_INDEX)
        secret.grant_read(report)
        reports.grant_write(report)

        nightly = Schedule(self, "Nightly", name="nightly-report", cron="0 2 * * ? *", alarm_topic=alarms)
        nightly.on_time(report, input={"time": "<aws.scheduler.scheduled-time>"})

        for name, value in {
            "BucketName": reports.name,
            "SecretName": secret.name,
            "ScheduleName": nightly.name,
            "FailureQueueUrl": report.failures.url,
            "AlarmTopicArn": alarms.arn,
        }.items():
            TerraformOutput(self, name, value=value)
