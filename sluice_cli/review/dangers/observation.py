"""What rings, and what is no longer seen."""

from collections.abc import Iterator

from ..hidden import revealed
from ..model import Finding
from ..values import same
from .case import Touched, number, texts

HIGHER = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
LOWER = ("LessThanThreshold", "LessThanOrEqualToThreshold")
# How an alarm takes missing data, from the strictest.
MISSING = ("breaching", "missing", "ignore", "notBreaching")


def alarm_actions(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    nobody = "Nobody hears when it happens again."
    for one in touched.differences:
        before, after = texts(revealed(one.before)), texts(revealed(one.after))
        if not case.stays or not before:
            continue
        if one.unknown:
            if not all(case.context.refers_to_the_same(case.change, one.name, arn) for arn in before):
                yield from touched.findings("whom the alarm tells is known only after apply")
        elif not after:
            yield from touched.findings("the alarm tells nobody", nobody)
        elif before - after:
            yield from touched.findings("the alarm tells somebody else", "Whoever was told so far is not.")


def alarm_threshold(touched: Touched) -> Iterator[Finding]:
    """Threshold, comparison and missing data: whether what rang so far still rings."""
    case = touched.case
    if not case.stays:
        return
    threshold, comparison = touched.difference("threshold"), touched.difference("comparison_operator")
    operator = case.after.get("comparison_operator")
    if threshold:
        old, new = number(threshold.before), number(threshold.after)
        looser = old is None or new is None or (new < old if operator in LOWER else new > old)
        if old is not None and looser:
            shown = f"{threshold.shown_before} → {threshold.shown_after}"
            yield from touched.findings(f"the alarm rings later ({shown})", "What rang before passes unheard now.")
    if comparison and comparison.before and not _is_stricter(comparison.before, comparison.after):
        shown = f"{comparison.shown_before} → {comparison.shown_after}"
        yield from touched.findings(f"the alarm compares otherwise ({shown})")
    missing = touched.difference("treat_missing_data")
    if missing and not missing.unknown and not same(missing.before, missing.after):
        before, after = (revealed(value) or "missing" for value in (missing.before, missing.after))
        if before not in MISSING or after not in MISSING or MISSING.index(after) > MISSING.index(before):
            shown = f"{missing.shown_before} → {missing.shown_after}"
            yield from touched.findings(f"missing data no longer ring ({shown})")


def _is_stricter(before: object, after: object) -> bool:
    pairs = (HIGHER, LOWER)
    return any(before == strict and after == loose for strict, loose in pairs)
