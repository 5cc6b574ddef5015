"""What a function runs with: time, concurrency, runtime, layers."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from sluice_cli.text import clean

from ..hidden import revealed
from ..model import Danger, Finding
from ..words import difference_words
from .case import Touched, number, texts

# When AWS withdraws a runtime: no more security patches, later no more updates.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
WITHDRAWN = {
    **dict.fromkeys(("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x"), "2021-07-30"),
    **dict.fromkeys(("nodejs12.x", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1"), "2023-04-03"),
    **dict.fromkeys(("python2.7", "python3.6", "ruby2.5", "ruby2.7", "dotnet5.0", "dotnet7"), "2024-05-14"),
    **dict.fromkeys(("nodejs14.x", "python3.7", "java8", "go1.x", "provided"), "2024-01-08"),
    "nodejs16.x": "2024-06-12",
    "python3.8": "2024-10-14",
    "dotnet6": "2024-12-20",
    "nodejs18.x": "2025-09-01",
    "python3.9": "2025-12-15",
    "ruby3.2": "2026-03-31",
    "nodejs20.x": "2026-04-30",
    "provided.al2": "2026-06-30",
    "python3.10": "2026-10-31",
    "dotnet8": "2026-11-10",
    "ruby3.3": "2027-03-31",
    "nodejs22.x": "2027-04-30",
    "java8.al2": "2027-06-30",
    "java11": "2027-06-30",
    "java17": "2027-06-30",
    "python3.11": "2027-06-30",
    "python3.12": "2028-10-31",
    "nodejs24.x": "2028-04-30",
    "dotnet10": "2028-11-14",
    "ruby3.4": "2028-03-31",
    "python3.13": "2029-06-30",
    "java21": "2029-06-30",
    "python3.14": "2029-06-30",
    "provided.al2023": "2029-06-30",
    "java25": "2029-06-30",
}
# Some hundred dollars a month: https://aws.amazon.com/lambda/pricing/
MANY_ENVIRONMENTS = 20
LAYER = re.compile(r"^arn:aws[\w-]*:lambda:[\w-]*:(\d{12}):layer:")


def timeout(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    before, after = (number(values.get("timeout"), "3") for values in (case.before, case.after))
    if before is None or after is None or not case.stays:
        return
    if after < before:
        yield from touched.findings(
            f"timeout (s) {before:g} → {after:g}", "A call or an event that takes longer fails."
        )
    for queue, function, _ in case.context.consumers:
        if function.address == case.change.address:
            hidden = number(revealed(queue.after or queue.before or {}).get("visibility_timeout_seconds"), "30") or 0
            if after > hidden and after > before:
                yield from touched.findings(
                    f"timeout of {after:g} s is above its queue's visibility timeout of {hidden:g} s",
                    "A message is delivered again while it is still being processed.",
                    danger=Danger.EVENTS_TWICE,
                )


def memory(touched: Touched) -> Iterator[Finding]:
    """Memory, and storage in /tmp: four times as much costs as much more, less than half may be too little."""
    for one in touched.differences:
        default = "512" if one.name.startswith("ephemeral_storage") else "128"
        before, after = number(one.before, default), number(one.after, default)
        if not touched.case.stays or one.unknown or before is None or after is None:
            continue
        what = f"{difference_words(one)} {one.shown_before} → {one.shown_after}"
        if after >= 4 * before:
            yield from touched.findings(what, "Each invocation costs in proportion to it.")
        elif after < before / 2:
            means = "What needs more than that fails, or takes longer."
            yield from touched.findings(what, means, danger=Danger.EVENTS_STOP)


def concurrency(touched: Touched) -> Iterator[Finding]:
    """Reserved concurrency: a limit, a guarantee, and at 0 the end."""
    case = touched.case
    before, after = (number(values.get("reserved_concurrent_executions"), "-1") for values in (case.before, case.after))
    if after is None or before is None:
        return
    if after == 0 and (before != 0 or case.is_new):
        yield from touched.findings(
            "no concurrency at all", "The function no longer runs: its events wait or are lost."
        )
    elif case.stays and before >= 0 > after:
        yield from touched.findings(
            "reserved concurrency removed",
            "A flood of requests is no longer throttled, and costs money.",
            danger=Danger.THROTTLE,
        )
    elif case.stays and 0 <= after < (before if before >= 0 else math.inf):
        yield from touched.findings(
            f"reserved concurrency {'none' if before < 0 else f'{before:g}'} → {after:g}",
            "More calls at once are throttled.",
            danger=Danger.EVENTS_WAIT,
        )


def provisioned_concurrency(touched: Touched) -> Iterator[Finding]:
    """Environments that are kept warm: many cost, and fewer start cold."""
    for one in touched.differences:
        before, after = number(one.before, "0"), number(one.after)
        if before is None or after is None or one.unknown:
            continue
        what = f"provisioned concurrency {before:g} → {after:g}"
        if after > max(before, MANY_ENVIRONMENTS):
            yield from touched.findings(what)
        elif touched.case.stays and after < before:
            yield from touched.findings(what, "More calls wait for a cold start.", danger=Danger.EVENTS_WAIT)


def source_concurrency(touched: Touched) -> Iterator[Finding]:
    """How many invocations at once a queue starts."""
    for one in touched.differences:
        before, after = number(one.before), number(one.after)
        if not touched.case.stays or one.unknown:
            continue
        if before is not None and after is None:
            yield from touched.findings("the limit of concurrency is removed", danger=Danger.THROTTLE)
        elif after is not None and after < (before or math.inf):
            what = f"concurrency {one.shown_before} → {one.shown_after}"
            yield from touched.findings(what, danger=Danger.EVENTS_WAIT)


def runtime(touched: Touched) -> Iterator[Finding]:
    for one in touched.differences:
        after = revealed(one.after)
        if one.unknown or not after:
            continue
        if after not in WITHDRAWN:
            yield touched.case.finding(
                Danger.UNCLEAR, f"runtime {one.shown_after}", "This review does not know the runtime."
            )
        elif date.fromisoformat(WITHDRAWN[after]) <= datetime.now(UTC).date():
            yield from touched.findings(
                f"runtime {one.shown_after} is withdrawn",
                "AWS has withdrawn it: no security patches, and in the end no updates of the function.",
            )


def layers(touched: Touched) -> Iterator[Finding]:
    """Layers of another account: code of theirs runs with the function's rights."""
    for one in touched.differences:
        for arn in sorted(texts(revealed(one.after)) - texts(revealed(one.before))):
            found = LAYER.match(arn)
            if found is None or found[1] != touched.case.context.account:
                whose = f"account {found[1]}" if found else "an account that its ARN does not tell"
                shown = "a layer that Terraform hides" if one.sensitive else f"layer {clean(arn)} of {whose}"
                yield from touched.findings(
                    shown, "Code of another or an unknown account runs with the function's permissions."
                )


def rollout(touched: Touched) -> Iterator[Finding]:
    """A deployment that goes to all at once shows its faults to all."""
    for one in touched.differences:
        if (
            touched.case.stays
            and "AllAtOnce" in str(revealed(one.after))
            and "AllAtOnce" not in str(revealed(one.before))
        ):
            yield from touched.findings(
                "new versions go to all callers at once", "A fault is seen by all before it is undone."
            )
