"""What rings, and what is no longer seen."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..hidden import revealed
from ..model import Danger, Finding
from ..values import same
from .case import Touched, blocks, number, table, texts

HIGHER = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
LOWER = ("LessThanThreshold", "LessThanOrEqualToThreshold")
# How an alarm takes missing data, from the strictest.
MISSING = ("breaching", "missing", "ignore", "notBreaching")


def alarm_actions(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    nobody = "Nobody is notified if it happens again."
    for one in touched.differences:
        before, after = texts(revealed(one.before)), texts(revealed(one.after))
        if not case.stays or not before:
            continue
        if one.unknown:
            if not all(case.context.refers_to_the_same(case.change, one.name, arn) for arn in before):
                yield from touched.findings("the alarm's targets are known only after apply")
        elif not after:
            yield from touched.findings("the alarm notifies no target", nobody)
        elif before - after:
            yield from touched.findings("the alarm notifies another target", "The former target is no longer notified.")


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


def alarm_periods(touched: Touched) -> Iterator[Finding]:
    """In how many periods, out of how many, the threshold has to be passed."""
    case = touched.case
    if not case.stays:
        return
    (old, of_old), (new, of_new) = (_periods(values) for values in (case.before, case.after))
    # Of all ways that breaches may lie in the old window, the worst for the new one.
    certain = old if of_new >= of_old else max(old + of_new - of_old, math.ceil(old / math.ceil(of_old / of_new)))
    if new > certain:
        yield from touched.findings(
            f"the alarm rings after {new:g} of {of_new:g} periods instead of {old:g} of {of_old:g}"
        )


def _periods(values: Mapping[str, Any]) -> tuple[float, float]:
    of = number(values.get("evaluation_periods"), "1") or 1
    return number(values.get("datapoints_to_alarm")) or of, of


def dashboard(touched: Touched) -> Iterator[Finding]:
    """The metrics and queries that a dashboard shows."""
    case, one = touched.case, touched.difference("dashboard_body")
    if not case.stays:
        return
    if case.is_unknown("dashboard_body"):
        if one and case.context.is_written(case.change, "dashboard_body"):
            yield case.finding(Danger.UNCLEAR, "what it shows is known only after apply")
        return
    lost = _shown_by(case.before.get("dashboard_body")) - _shown_by(case.after.get("dashboard_body"))
    if lost:
        s = "s" * (len(lost) != 1)
        yield from touched.findings(f"{len(lost)} metric{s}, alarm{s} or quer{'ies' if s else 'y'} no longer shown")


def _shown_by(body: object) -> set[str]:
    """Metrics, alarms and queries of a dashboard's widgets.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    try:
        document = json.loads(body) if isinstance(body, str) and body else {}
    except (ValueError, RecursionError):
        return {str(body)}
    found = set()
    for widget in blocks(table(document).get("widgets")):
        properties = table(widget.get("properties"))
        for metric in properties.get("metrics") or []:
            # The last element may hold how it is drawn.
            named = [part for part in metric if not isinstance(part, Mapping)] if isinstance(metric, list) else [metric]
            expressions = [part.get("expression") for part in metric if isinstance(part, Mapping)]
            found.add(json.dumps([named, [one for one in expressions if one]]))
        found |= {f"alarm {one}" for one in texts(properties.get("alarms"))}
        found |= {f"query {one}" for one in texts(properties.get("query"))}
    return found


def _is_stricter(before: object, after: object) -> bool:
    pairs = (HIGHER, LOWER)
    return any(before == strict and after == loose for strict, loose in pairs)
