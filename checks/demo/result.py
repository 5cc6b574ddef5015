from dataclasses import dataclass

from sluice_cli.local_aws.server import LocalAws


@dataclass(frozen=True)
class Result:
    """What a tour sent and found: a line of the demo's closing table, and commands to paste next."""

    system: str
    sent: int
    rows: int
    notifications: int | None
    failures: int
    try_next: str


def failures_kept(local: LocalAws, outputs: dict[str, str]) -> int:
    """How many events the system's failure queue holds."""
    region = outputs["FunctionArn"].split(":")[3]
    attributes = local.client("sqs", region_name=region).get_queue_attributes(
        QueueUrl=outputs["FailureQueueUrl"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])
