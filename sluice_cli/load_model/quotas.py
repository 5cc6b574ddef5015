"""AWS's documented limits, each with its page: the only place for these numbers.

The pages were read on `READ`, as stored copies. Where a quota can be raised for an account, `--quota NAME=VALUE` of
`sluice simulate-load` sets another value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from sluice_cli.errors import InputError

READ = "2026-11-27"
DEFAULT_REGION = "us-east-1"
MOST = 10**9

LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
API = "https://docs.aws.amazon.com/apigateway/latest/developerguide"


@dataclass(frozen=True)
class DocumentedLimit:
    """One documented number. `regions` are those with another value; `adjustable`: AWS raises it on request."""

    value: float
    what: str
    page: str
    adjustable: bool = False
    regions: Mapping[str, float] = field(default_factory=dict)


def _regions(value: float, *names: str) -> dict[str, float]:
    return dict.fromkeys(names, value)


QUOTAS: Mapping[str, DocumentedLimit] = {
    "lambda_concurrency": DocumentedLimit(
        1_000, "concurrent executions of an account", f"{LAMBDA}/gettingstarted-limits.html", adjustable=True
    ),
    "lambda_scaling": DocumentedLimit(
        1_000, "new environments of a function in 10 seconds, refilled continuously", f"{LAMBDA}/scaling-behavior.html"
    ),
    "lambda_scaling_seconds": DocumentedLimit(
        10, "seconds in which these are refilled", f"{LAMBDA}/scaling-behavior.html"
    ),
    "lambda_requests_an_environment": DocumentedLimit(
        10, "requests a second that one environment takes", f"{LAMBDA}/lambda-concurrency.html"
    ),
    "lambda_full_core": DocumentedLimit(
        1_769, "MB of memory that bring one vCPU", f"{LAMBDA}/configuration-memory.html"
    ),
    "async_first_retry": DocumentedLimit(
        60,
        "seconds before the second attempt of an asynchronous event",
        f"{LAMBDA}/invocation-async-error-handling.html",
    ),
    "async_second_retry": DocumentedLimit(
        120, "seconds before the third attempt", f"{LAMBDA}/invocation-async-error-handling.html"
    ),
    "async_attempts_more": DocumentedLimit(
        2, "attempts after the first that failed", f"{LAMBDA}/invocation-async-error-handling.html"
    ),
    "async_throttle_first": DocumentedLimit(
        1,
        "seconds before a throttled event is tried again, doubled each time",
        f"{LAMBDA}/invocation-async-error-handling.html",
    ),
    "async_throttle_longest": DocumentedLimit(
        300, "seconds at most between tries of a throttled event", f"{LAMBDA}/invocation-async-error-handling.html"
    ),
    "async_longest_age": DocumentedLimit(
        21_600,
        "seconds after which an asynchronous event is discarded",
        f"{LAMBDA}/invocation-async-error-handling.html",
    ),
    "mapping_first": DocumentedLimit(
        5, "batches at a time when a queue becomes active", f"{LAMBDA}/services-sqs-scaling.html"
    ),
    "mapping_growth": DocumentedLimit(300, "more batches at a time each minute", f"{LAMBDA}/services-sqs-scaling.html"),
    "mapping_most": DocumentedLimit(
        1_250, "batches at a time of a standard queue", f"{LAMBDA}/services-sqs-scaling.html"
    ),
    "mapping_provisioned_growth": DocumentedLimit(
        3, "times faster growth with provisioned pollers", f"{LAMBDA}/services-sqs-scaling.html"
    ),
    "mapping_poller": DocumentedLimit(
        10, "batches at a time of a provisioned poller", f"{LAMBDA}/services-sqs-parameters.html"
    ),
    "mapping_batch": DocumentedLimit(10, "messages of a batch, unless set", f"{LAMBDA}/services-sqs-parameters.html"),
    "mapping_undelayed_batch": DocumentedLimit(
        10, "messages of a batch without a batching window", f"{LAMBDA}/services-sqs-parameters.html"
    ),
    "queue_in_flight": DocumentedLimit(
        120_000, "messages in flight of a standard queue", f"{SQS}/quotas-queues.html", adjustable=True
    ),
    "queue_retention": DocumentedLimit(
        345_600, "seconds that a message is kept, unless set", f"{SQS}/quotas-messages.html"
    ),
    "queue_visibility": DocumentedLimit(
        30, "seconds of a queue's visibility timeout, unless set", f"{SQS}/sqs-visibility-timeout.html"
    ),
    "queue_request": DocumentedLimit(10, "messages of one request to SQS", f"{SQS}/quotas-messages.html"),
    "fifo_requests": DocumentedLimit(
        300,
        "requests a second of each kind (send, receive, delete) to a FIFO queue, or to a partition of it; ten messages "
        "in each: 3,000 messages",
        f"{SQS}/quotas-messages.html",
    ),
    "fifo_high_throughput": DocumentedLimit(
        2_400,
        "requests a second of each kind to a FIFO queue of high throughput",
        f"{SQS}/quotas-messages.html",
        regions={
            **_regions(70_000, "us-east-1", "us-west-2", "eu-west-1"),
            **_regions(19_000, "us-east-2", "eu-central-1"),
            **_regions(9_000, "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1"),
            **_regions(4_500, "eu-west-2", "sa-east-1"),
        },
    ),
    "fifo_batch": DocumentedLimit(10, "messages of a batch of a FIFO queue", f"{LAMBDA}/services-sqs-parameters.html"),
    "stream_batch": DocumentedLimit(
        100, "records of a batch of a stream, unless set", f"{LAMBDA}/services-ddb-params.html"
    ),
    "stream_parallel": DocumentedLimit(
        10, "batches at a time of a shard, at most", f"{LAMBDA}/services-ddb-params.html"
    ),
    "stream_retention": DocumentedLimit(
        86_400, "seconds that a stream keeps a record, unless set", f"{LAMBDA}/services-ddb-params.html"
    ),
    "stream_table_poll": DocumentedLimit(
        0.25, "seconds between two polls of a shard of a table's stream", f"{LAMBDA}/with-ddb.html"
    ),
    "stream_kinesis_poll": DocumentedLimit(
        1, "seconds between two polls of a shard of a Kinesis stream", f"{LAMBDA}/with-kinesis.html"
    ),
    "kinesis_records": DocumentedLimit(
        1_000,
        "records a second that a shard takes",
        "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html",
    ),
    "kinesis_on_demand_shards": DocumentedLimit(
        4,
        "shards of a new on-demand stream",
        "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html",
    ),
    "table_writes": DocumentedLimit(
        40_000, "write units a second of a table", f"{DYNAMODB}/ServiceQuotas.html", adjustable=True
    ),
    "table_reads": DocumentedLimit(
        40_000, "read units a second of a table", f"{DYNAMODB}/ServiceQuotas.html", adjustable=True
    ),
    "partition_writes": DocumentedLimit(
        1_000,
        "write units a second of a partition, and so of a partition key",
        f"{DYNAMODB}/burst-adaptive-capacity.html",
    ),
    "partition_reads": DocumentedLimit(
        3_000, "read units a second of a partition", f"{DYNAMODB}/burst-adaptive-capacity.html"
    ),
    "table_burst_seconds": DocumentedLimit(
        300, "seconds of unused provisioned units that are kept", f"{DYNAMODB}/burst-adaptive-capacity.html"
    ),
    "table_new_writes": DocumentedLimit(
        4_000, "write units a second of a new on-demand table", f"{DYNAMODB}/on-demand-capacity-mode.html"
    ),
    "table_new_reads": DocumentedLimit(
        12_000, "read units a second of a new on-demand table", f"{DYNAMODB}/on-demand-capacity-mode.html"
    ),
    "table_growth": DocumentedLimit(
        2, "times its previous peak that an on-demand table takes at once", f"{DYNAMODB}/on-demand-capacity-mode.html"
    ),
    "table_growth_seconds": DocumentedLimit(
        1_800, "seconds within which more than that may be throttled", f"{DYNAMODB}/on-demand-capacity-mode.html"
    ),
    "autoscaling_seconds": DocumentedLimit(
        120,
        "seconds above the target before a table's units grow",
        "https://repost.aws/knowledge-center/dynamodb-auto-scaling",
    ),
    "api_requests": DocumentedLimit(
        10_000,
        "requests a second to all APIs of an account",
        f"{API}/limits.html",
        adjustable=True,
        regions=_regions(
            2_500,
            *(
                "af-south-1",
                "eu-south-1",
                "eu-south-2",
                "eu-central-2",
                "ap-southeast-3",
                "ap-southeast-4",
                "ap-southeast-5",
            ),
            *("ap-southeast-7", "ap-south-2", "me-central-1", "il-central-1", "ca-west-1", "mx-central-1"),
        ),
    ),
    "api_burst": DocumentedLimit(
        5_000, "requests in the account's token bucket", f"{API}/limits.html", adjustable=True
    ),
    "api_timeout": DocumentedLimit(29, "seconds that an integration may take", f"{API}/limits.html", adjustable=True),
    "sns_publishes": DocumentedLimit(
        300,
        "messages a second that an account publishes",
        "https://docs.aws.amazon.com/general/latest/gr/sns.html",
        adjustable=True,
        regions={
            "us-east-1": 30_000,
            **_regions(9_000, "us-west-2", "eu-west-1"),
            **_regions(1_500, "us-east-2", "us-west-1", "ap-south-1", "ap-northeast-2", "ap-southeast-1"),
            **_regions(1_500, "ap-southeast-2", "ap-northeast-1", "eu-central-1"),
        },
    ),
    "sns_emails": DocumentedLimit(
        10,
        "messages a second by e-mail to a subscription",
        "https://repost.aws/knowledge-center/sns-email-subscription-disabled",
    ),
    "kms_requests": DocumentedLimit(
        10_000,
        "cryptographic requests a second with symmetric keys",
        "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html",
        adjustable=True,
        regions={
            **_regions(100_000, "us-east-1", "us-west-2", "eu-west-1"),
            **_regions(20_000, "us-east-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1"),
            **_regions(20_000, "eu-central-1", "eu-west-2"),
        },
    ),
    "prefix_writes": DocumentedLimit(
        3_500,
        "writes a second of a prefix of a bucket",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
    ),
    "prefix_reads": DocumentedLimit(
        5_500,
        "reads a second of a prefix of a bucket",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
    ),
}
ADJUSTABLE = sorted(name for name, one in QUOTAS.items() if one.adjustable)


@dataclass(frozen=True)
class AccountLimits:
    """The limits of an account in a region: AWS's, but for those that were raised."""

    region: str = DEFAULT_REGION
    raised: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str) -> float:
        quota = QUOTAS[name]
        return self.raised.get(name, quota.regions.get(self.region, quota.value))

    def raising(self, name: str, value: float) -> "AccountLimits":
        return AccountLimits(self.region, {**self.raised, name: value})


def raised(given: Sequence[str]) -> dict[str, float]:
    """The quotas of `NAME=VALUE` arguments. Raises `InputError`."""
    found: dict[str, float] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if name not in ADJUSTABLE:
            near = get_close_matches(name, ADJUSTABLE, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise InputError(f"--quota {one!r}: AWS raises no quota {name!r}{hint} It raises {', '.join(ADJUSTABLE)}")
        try:
            value = float(text.replace("_", "")) if equals else math.nan
        except ValueError:
            value = math.nan
        if not 1 <= value <= MOST:
            raise InputError(f"--quota {one!r}: give NAME=VALUE with a number from 1 to {MOST:,}")
        if name in found:
            raise InputError(f"--quota: {name} is given twice")
        found[name] = value
    return found
