"""What the systems need at 10, 1,000 and 100,000 events a second.

`python -m checks.bench.scaling` writes docs/scaling.md.

Measured: our own time for each event (docs/benchmark.json) and the AWS calls of each event. Assumed: how long AWS takes
to answer (`ANSWER_MS`; read the function's Duration after the first load and put it here). Published: quotas and
prices, with their date.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.systems import SYSTEMS
from checks.systems.load import EventLoad

from .places import DOCS

RATES = (10, 1_000, 100_000)

# Milliseconds until AWS answers inside a region; assumed, on the long side.
ANSWER_MS = {
    "GetItem": 5,
    "PutItem": 8,
    "TransactWriteItems": 20,
    "GetObject": 30,
    "HeadObject": 20,
    "PutObject": 40,
    "Publish": 20,
}

# A laptop's core against Lambda's share of one at 256 MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
FULL_CORE_MB = 1769

# Defaults for an account and region unless it says otherwise, as published in November 2025.
CONCURRENCY = 1_000  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
NEW_ENVIRONMENTS = (
    1_000  # for each function in 10 seconds: https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
)
REQUESTS_AN_ENVIRONMENT = 10  # a second: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
TABLE_WRITES = (
    40_000  # units a second: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
)
NEW_TABLE_WRITES = 4_000  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
PARTITION_WRITES = (
    1_000  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
)
# Part of a shard's writes that is planned for: rows are spread by a hash, and so not quite evenly.
SHARD_LOAD = 0.8
API_REQUESTS = 10_000  # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
PUBLISHES = 30_000  # us-east-1, 300 in the smallest regions: https://docs.aws.amazon.com/general/latest/gr/sns.html
PREFIX_READS = 5_500  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
PREFIX_WRITES = 3_500
# KMS does not break: SNS and S3 use a data key for many messages and objects (for SNS five minutes:
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html), DynamoDB one for a table and caller (five minutes
# as well), far below the 10,000 requests a second and more that each region allows
# (https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html).

# US dollars for a million, us-east-1, list prices as of July 2025; free tiers and discounts left out.
PRICES_DATE = "July 2025"
PRICES = {
    "GetItem": 0.125,  # a consistent read of up to 4 KB
    "GetObject": 0.40,
    "HeadObject": 0.40,
    "PutObject": 5.00,
    "Publish": 0.50,
}
WRITE_PRICE = 0.625  # a million write request units, on demand
REQUEST_PRICE, GB_SECOND_PRICE = 0.20, 16.6667  # Lambda, a million
API_PRICE = 3.50
LOG_PRICE, LOG_BYTES = 0.50, 900  # a GB ingested; the function's lines of an event and Lambda's own three


LOADS = tuple(system.load for system in SYSTEMS.values())


@dataclass(frozen=True)
class Need:
    """A system's requirements at a rate of events a second."""

    rate: int
    duration_ms: float
    concurrency: int
    writes: float
    dollars_a_million: float
    breaks: tuple[str, ...]


def own_milliseconds(benchmark: Path = DOCS / "benchmark.json") -> dict[str, float]:
    """Own time by function for one invocation, as measured on a laptop's core."""
    rows = json.loads(benchmark.read_text())["parts"]["busy"]["rows"]
    prefix = "own time an event, "
    own = {
        row["what"].removeprefix(prefix): row["ours"]["median"] / 1000 for row in rows if row["what"].startswith(prefix)
    }
    # Its events are readings, many in an object: measured with 10,000, including the local AWS's answers.
    (reading,) = (row["ours"]["median"] for row in rows if row["what"].startswith("a reading of "))
    (batch,) = (system.batch for system in LOADS if system.function == "sensor_pipeline")
    return {**own, "sensor_pipeline": reading * batch}


def need(system: EventLoad, rate: int, own_ms: float) -> Need:
    """Own time shrinks with the share of a core that the memory brings; the time of AWS's answers does not."""
    own = own_ms * max(1.0, FULL_CORE_MB / system.memory_mb)
    answers = sum(ANSWER_MS[call] * number for call, number in system.calls.items()) * system.batch
    duration = own + answers
    invocations = rate / system.batch
    # Little's law; and an execution environment takes at most ten requests a second.
    concurrency = math.ceil(max(invocations * duration / 1000, invocations / REQUESTS_AN_ENVIRONMENT))
    writes = system.writes * rate
    return Need(
        rate, duration, concurrency, writes, dollars(system, duration), tuple(breaks(system, rate, concurrency))
    )


def breaks(system: EventLoad, rate: int, concurrency: int) -> Iterator[str]:
    """Quotas and settings that do not suffice at a rate, and what to change."""
    writes = system.writes * rate
    if system.api and rate > API_REQUESTS:
        yield f"API Gateway's {API_REQUESTS:,} requests a second of an account: raise it, or several accounts"
    if system.api and rate > 1_000:
        yield "the stage's throttle of 1,000 a second (`rate_limit` of `RestApi`, `UPLOAD_BURST_LIMIT`)"
    if concurrency > CONCURRENCY:
        yield (
            f"Lambda's {CONCURRENCY:,} concurrent environments: raise the quota; for events of S3 a queue in front "
            "(`..._DELIVERY=buffered`) and a batch of 10 for each invocation"
        )
    if concurrency > NEW_ENVIRONMENTS:
        seconds = math.ceil(concurrency / NEW_ENVIRONMENTS) * 10
        yield f"a burst: {seconds} s until all environments are there; events wait (S3), requests get 5xx (API)"
    if system.provisioned and writes / 3 > system.provisioned:
        yield "the table's provisioned units: `METADATA_WRITE_CAPACITY`, or `METADATA_AUTOSCALE_TO`"
    if not system.provisioned and NEW_TABLE_WRITES < writes <= TABLE_WRITES:
        yield f"a new table's {NEW_TABLE_WRITES:,} write units: raise its warm throughput before the load comes"
    if writes > TABLE_WRITES:
        yield f"a table's {TABLE_WRITES:,} write units: raise the quota"
    if system.shards_setting and (number := shards(system, rate)) > 1:
        yield (
            f"{PARTITION_WRITES:,} write units of a partition key: {number:,} shards of each day and each content type "
            f"(`{system.shards_setting}`)"
        )
    for call, quota, what in (
        (
            "Publish",
            PUBLISHES,
            "SNS's publishes (us-east-1): raise the quota, or `TRACKER_NOTIFICATIONS=digests` with batches of "
            f"{math.ceil(rate / PUBLISHES)} events at least",
        ),
        ("GetObject", PREFIX_READS, "S3's reads below one prefix: spread keys over prefixes"),
        ("HeadObject", PREFIX_READS, "S3's reads below one prefix: spread keys over prefixes"),
        ("PutObject", PREFIX_WRITES, "S3's writes below one prefix: keys are hashes, S3 splits by itself, slowly"),
    ):
        if system.calls.get(call, 0) * rate > quota:
            yield f"{quota:,} a second of {what}"


def shards(system: EventLoad, rate: int) -> int:
    """The shards over which the busiest partition key has to be spread."""
    return max(1, math.ceil(system.hottest * rate / (PARTITION_WRITES * SHARD_LOAD)))


def dollars(system: EventLoad, duration_ms: float) -> float:
    """Dollars for a million events."""
    invocations = 1 / system.batch
    calls = sum(PRICES.get(call, 0) * number for call, number in system.calls.items())
    function = (
        REQUEST_PRICE * invocations + GB_SECOND_PRICE * invocations * duration_ms / 1000 * system.memory_mb / 1024
    )
    logs = LOG_BYTES * invocations * 1e6 / 1e9 * LOG_PRICE
    return calls + system.writes * WRITE_PRICE + function + logs + (API_PRICE if system.api else 0)


def page() -> str:
    measured = own_milliseconds()
    lines = []
    for system in LOADS:
        lines += [
            f"\n### {system.name}\n",
            "| events a second | function runs | environments | write units a second | $ a million | an hour |",
            "|---:|---:|---:|---:|---:|---:|",
        ]
        needs = [need(system, rate, measured[system.function]) for rate in RATES]
        lines += [
            f"| {one.rate:,} | {one.duration_ms:.0f} ms | {one.concurrency:,} | {one.writes:,.0f} | "
            f"{one.dollars_a_million:.2f} | ${one.dollars_a_million * one.rate * 3600 / 1e6:,.2f} |"
            for one in needs
        ]
        lines.append("")
        for one in needs:
            lines += [f"- At {one.rate:,}: {what}." for what in one.breaks] or [f"- At {one.rate:,}: nothing breaks."]
    answers = ", ".join(f"{call} {ms}" for call, ms in ANSWER_MS.items())
    text = (Path(__file__).parent / "scaling.template.md").read_text()
    for name, value in {"tables": "\n".join(lines).strip(), "answers": answers, "prices": PRICES_DATE}.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def write() -> None:
    (DOCS / "scaling.md").write_text(page())


if __name__ == "__main__":
    write()
