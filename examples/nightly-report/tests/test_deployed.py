"""The stack, deployed with Terraform on a local AWS that enforces IAM; the fixtures are from Sluice's pytest plugin."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import DeployedProject, crash_once, eventually, run_schedule

SECRET = "a long random text"


@dataclass
class Reporting:
    """The deployed report, and the table of sales, which another team owns."""

    local: LocalAws
    outputs: dict[str, Any]

    def sell(self, day: date, sale_id: str, **changed: Any) -> None:
        sale = {
            "saleId": {"S": sale_id},
            "day": {"S": day.isoformat()},
            "customerId": {"S": "alice"},
            "article": {"S": "A-1"},
            "quantity": {"N": "2"},
            "amount": {"N": "19.9"},
            **changed,
        }
        self.local.client("dynamodb").put_item(TableName="sales", Item=sale)

    def run(self, day: date) -> None:
        """Run the schedule as in the night after that day."""
        night = datetime.combine(day + timedelta(days=1), time(2), UTC)
        run_schedule(self.local, self.outputs["ScheduleName"], at=night)

    def versions(self, key: str) -> list[str]:
        found = self.local.client("s3").list_object_versions(Bucket=self.outputs["BucketName"], Prefix=key)
        return [one["VersionId"] for one in found.get("Versions", [])]

    def lines(self, folder: str, day: date) -> list[list[str]]:
        """The lines of a file without its header; none while there is no file."""
        key = f"{folder}/{day}.csv"
        if not self.versions(key):
            return []
        stored = self.local.client("s3").get_object(Bucket=self.outputs["BucketName"], Key=key)
        return list(csv.reader(io.StringIO(stored["Body"].read().decode(), newline="")))[1:]

    def invocations(self) -> int:
        """How many runs of the function have ended."""
        events = self.local.client("logs").filter_log_events(logGroupName="/aws/lambda/nightly-report-writer")["events"]
        return sum(one["message"].startswith("REPORT") for one in events)


@pytest.fixture(scope="module")
def reporting(local_aws: LocalAws, deployed_project: DeployedProject) -> Iterator[Reporting]:
    dynamodb = local_aws.client("dynamodb")
    dynamodb.create_table(
        TableName="sales",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "saleId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("saleId", "day")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    outputs = deployed_project.outputs("nightly-report")
    yield Reporting(local_aws, outputs)
    dynamodb.delete_table(TableName="sales")


@pytest.fixture(scope="module")
def with_secret(reporting: Reporting) -> Reporting:
    """The system after a value was put into the secret."""
    secrets = reporting.local.client("secretsmanager")
    secrets.put_secret_value(SecretId=reporting.outputs["SecretName"], SecretString=SECRET)
    return reporting


def test_without_a_secret_no_report_is_written_and_the_run_is_kept(reporting: Reporting) -> None:
    day = date(2026, 1, 1)
    reporting.sell(day, "1")
    reporting.run(day)
    sqs, url = reporting.local.client("sqs"), reporting.outputs["FailureQueueUrl"]
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    kept = json.loads(message["Body"])
    assert kept["requestPayload"] == {"time": "2026-01-02T02:00:00Z"}
    assert "ResourceNotFoundException" in kept["responsePayload"]["errorMessage"]
    assert reporting.versions("reports/") == []


def test_the_sales_of_the_day_before_become_a_report_without_names(with_secret: Reporting) -> None:
    day = date(2026, 2, 28)
    with_secret.sell(day, "11")
    with_secret.sell(day, "12", amount={"N": "5"})
    with_secret.sell(day + timedelta(days=1), "13")
    with_secret.run(day)
    first, second = eventually(lambda: with_secret.lines("reports", day))
    assert [first[0], *first[2:]] == ["11", "A-1", "2", "19.90"]
    assert [second[0], *second[2:]] == ["12", "A-1", "2", "5.00"]
    assert first[1] == second[1] != "alice"
    assert with_secret.versions(f"rejected/{day}") == []


def test_a_run_that_comes_twice_writes_one_report(with_secret: Reporting) -> None:
    day = date(2026, 3, 15)
    with_secret.sell(day, "21")
    before = with_secret.invocations()
    with_secret.run(day)
    with_secret.run(day)
    eventually(lambda: with_secret.invocations() == before + 2)
    assert len(with_secret.lines("reports", day)) == 1
    assert len(with_secret.versions(f"reports/{day}.csv")) == 1


def test_a_sale_that_cannot_be_read_is_listed_and_the_others_are_reported(with_secret: Reporting) -> None:
    day = date(2026, 4, 1)
    with_secret.sell(day, "31", quantity={"S": "two"})
    with_secret.sell(day, "32")
    with_secret.run(day)
    assert [line[0] for line in eventually(lambda: with_secret.lines("reports", day))] == ["32"]
    assert with_secret.lines("rejected", day) == [["31", "quantity is no number"]]


def test_a_crash_between_the_two_files_leaves_one_of_each(with_secret: Reporting) -> None:
    day = date(2026, 5, 1)
    with_secret.sell(day, "41", article={"NULL": True})
    with_secret.sell(day, "42")
    rejected = f"arn:aws:s3:::{with_secret.outputs['BucketName']}/rejected/{day}.csv"
    crash = crash_once(with_secret.local, "nightly-report-writer", after="s3:PutObject", on=rejected)
    with_secret.run(day)
    assert [line[0] for line in eventually(lambda: with_secret.lines("reports", day))] == ["42"]
    assert crash.happened
    assert with_secret.lines("rejected", day) == [["41", "article is missing"]]
    assert [len(with_secret.versions(f"{folder}/{day}.csv")) for folder in ("reports", "rejected")] == [1, 1]
