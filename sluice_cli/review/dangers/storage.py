"""Encryption, locks and expiry of what is stored."""

from collections.abc import Iterator

from ..model import Danger, Finding
from ..values import same
from ..words import difference_words
from .case import Touched, blocks, number

# From the strongest: https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
ALGORITHMS = ("aws:kms:dsse", "aws:kms", "AES256")

# Units that cost some hundred dollars a month: https://aws.amazon.com/dynamodb/pricing/provisioned/
MANY_UNITS = 1000


def bucket_encryption(touched: Touched) -> Iterator[Finding]:
    for one in touched.differences:
        if one.before in ALGORITHMS[:2] and one.after not in ALGORITHMS[:2]:
            yield from touched.findings(
                f"no longer encrypted with a KMS key ({one.shown_after})",
                "Who may read the bucket may read the objects: no key policy stands in between.",
            )
        elif one.before and one.before != one.after and not _is_stronger(one.before, one.after):
            yield from touched.findings(f"encrypted with {one.shown_after} instead of {one.shown_before}")


def _is_stronger(before: object, after: object) -> bool:
    return before in ALGORITHMS and after in ALGORITHMS and ALGORITHMS.index(after) < ALGORITHMS.index(before)


def queue_encryption(touched: Touched) -> Iterator[Finding]:
    """SQS's own encryption, which a KMS key takes the place of."""
    case = touched.case
    keyed = case.after.get("kms_master_key_id") or case.is_unknown("kms_master_key_id")
    still = case.after.get("sqs_managed_sse_enabled") or case.is_unknown("sqs_managed_sse_enabled")
    if case.stays and case.before.get("sqs_managed_sse_enabled") and not keyed and not still:
        yield from touched.findings("encryption turned off", "What it stores is no longer protected.")


def object_lock(touched: Touched) -> Iterator[Finding]:
    """How long new objects cannot be deleted, and by whom."""
    case = touched.case
    if not case.stays:
        return

    def retention(values: object) -> tuple[str, float]:
        for one in blocks(values):
            for rule in [one, *blocks(one.get("rule"))]:
                for kept in blocks(rule.get("default_retention")):
                    days = (number(kept.get("days"), "0") or 0) + 365 * (number(kept.get("years"), "0") or 0)
                    return str(kept.get("mode") or ""), days
        return "", 0

    name = "rule" if case.type == "aws_s3_bucket_object_lock_configuration" else "object_lock_configuration"
    (mode, days), (new_mode, new_days) = (retention(values.get(name)) for values in (case.before, case.after))
    if new_days < days:
        yield from touched.findings(f"objects are locked for {new_days:g} days instead of {days:g}")
    if mode == "COMPLIANCE" != new_mode:
        yield from touched.findings("the lock can be lifted with a permission", "Nobody could lift it before.")


def items_expire(touched: Touched) -> Iterator[Finding]:
    """A table's time to live."""
    case = touched.case
    if case.is_new:
        return
    before, after = (next(iter(blocks(values.get("ttl"))), {}) for values in (case.before, case.after))
    if after.get("enabled") and not before.get("enabled"):
        yield from touched.findings("items expire by themselves", "DynamoDB deletes items that are due.")
    elif after.get("enabled") and not same(before.get("attribute_name"), after.get("attribute_name")):
        yield from touched.findings("items expire by another attribute", "DynamoDB deletes items that are due by it.")


def table_throughput(touched: Touched) -> Iterator[Finding]:
    """The most that an on-demand table takes: a limit to what is paid for, and to what is served."""
    for one in touched.differences:
        before, after = number(one.before, "-1"), number(one.after, "-1")
        if before is None or after is None or before == after or not touched.case.stays:
            continue
        if after < 0:
            yield from touched.findings("the limit of its throughput is removed", danger=Danger.THROTTLE)
        elif before < 0 or after < before:
            what = f"throughput {one.shown_before} → {one.shown_after}"
            yield from touched.findings(what, "More than that is refused.", danger=Danger.EVENTS_WAIT)


def capacity(touched: Touched) -> Iterator[Finding]:
    """Units that are paid for, or up to which autoscaling goes: many cost, and less than half of them are too few."""
    for one in touched.differences:
        before, after = number(one.before, "0") or 0, number(one.after)
        if after is None or one.unknown:
            continue
        what = f"{difference_words(one)} {one.shown_before} → {one.shown_after}"
        if after > MANY_UNITS and after > before:
            yield from touched.findings(what)
        elif touched.case.stays and 0 < after < before / 2:
            yield from touched.findings(what, "More than that is throttled.", danger=Danger.EVENTS_WAIT)


def billing(touched: Touched) -> Iterator[Finding]:
    """From as much as is asked for to a fixed number of units."""
    case = touched.case
    if case.stays and case.before.get("billing_mode") == "PAY_PER_REQUEST" != case.after.get("billing_mode"):
        yield from touched.findings(
            "capacity is fixed instead of on demand", "More than that is throttled.", danger=Danger.EVENTS_WAIT
        )


def cache_size(touched: Touched) -> Iterator[Finding]:
    """An API's cache, in GB: https://aws.amazon.com/api-gateway/pricing/"""
    case = touched.case
    before, after = (number(values.get("cache_cluster_size"), "0") or 0 for values in (case.before, case.after))
    if case.after.get("cache_cluster_enabled") and after > max(before, 6):
        yield from touched.findings(f"a cache of {after:g} GB, paid for by the hour")
