from dataclasses import dataclass

from sluice_cli.local_aws.server import LocalAws


@dataclass(frozen=True)
class Result:
    """The outcome of one system's tour: its row in the demo's closing table, and commands to try next."""

    system: str
    sent: int
    rows: int
    notifications: int | None
    failures: int
    try_next: str


def failures_kept(local: LocalAws, outputs: dict[str, str]) -> int:
    """The number of events in the system's failure queue, and among the dead letters of its buffer."""
    sqs = local.client("sqs", region_name=outputs["FunctionArn"].split(":")[3])
    name = "ApproximateNumberOfMessages"
    return sum(
        int(sqs.get_queue_attributes(QueueUrl=outputs[queue], AttributeNames=[name])["Attributes"][name])
        for queue in ("FailureQueueUrl", "DeadLetterQueueUrl")
        if queue in outputs
    )
