"""From a plan to what its change costs."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sluice_cli.text import clean

from ..configuration import Configuration
from ..plan import Plan
from ..words import ConstructNames
from .counts import FILE, NO_COUNTS, Counted, EventCounts
from .fixed import FIXED, Amount, fixed_costs
from .model import Cost, CostLine
from .prices import PRICES, RENEW, PriceListError, Prices, read_prices
from .sides import Side, sides
from .usage import APIS, ASSUMED, CALLS, Usage

# Priced, if at all, by what an event does to them.
BY_USE = {
    "aws_lambda_function",
    "aws_sns_topic_subscription",
    "aws_cloudwatch_log_group",  # what a function writes is in its own line
    *APIS,
    *CALLS,
}
MOST_UNPRICED = 20

Told = Mapping[str, Amount]
Collected = tuple[dict[str, Amount], dict[str, str]]
NOTHING = Amount(0, "nothing")


def cost_of(
    plan: Plan,
    configuration: Configuration,
    names: ConstructNames,
    *,
    stack: str = "",
    prices: Path = PRICES,
    counts: EventCounts = NO_COUNTS,
    today: date | None = None,
) -> Cost | None:
    """What the change of a plan costs; `None` where nothing changes that has a price or should have one.

    `counts` is what the project counted for the functions of this `stack`.
    """
    if all(one.verb in ("unchanged", "read") for one in plan.changes if one.mode != "data"):
        return None
    try:
        listed = read_prices(prices)
    except PriceListError as error:
        return Cost(trouble=str(error))
    before, after = sides(plan, configuration)
    fixed, untold_fixed = _told(fixed_costs(before, listed), fixed_costs(after, listed))
    counted, targets, remarks = _counted(stack, counts, names, {**before.types, **after.types})
    usage, untold_usage = _told(
        Usage(before, listed, counted, targets).costs(), Usage(after, listed, counted, targets).costs()
    )
    untold = {**untold_usage, **untold_fixed}
    unlisted = _unlisted(plan, listed)
    cost = Cost(
        fixed=tuple(_lines(*fixed, before, after, names)),
        usage=tuple(_lines(*usage, before, after, names)),
        fixed_total=(_total(fixed[0]), _total(fixed[1])),
        usage_total=(_total(usage[0]), _total(usage[1])),
        unpriced=tuple(_named({**untold, **unlisted})),
        assumed=(_listed(listed, plan), *remarks, *ASSUMED),
        warning=_warning(listed, today or datetime.now(UTC).date()),
    )
    changed = {one.address for one in plan.changes if one.verb not in ("unchanged", "read")}
    return cost if cost.fixed or cost.usage or unlisted or changed & untold.keys() else None


def _counted(
    stack: str, counts: EventCounts, names: ConstructNames, types: Mapping[str, str]
) -> tuple[dict[str, Counted], dict[str, list[str]], list[str]]:
    """The functions that were counted, by address; the resources of each construct; and what there is to say of it."""
    constructs = {address: "/".join(names.construct(address)) for address in types}
    functions = {address: path for address, path in constructs.items() if types[address] == "aws_lambda_function"}
    counted = {address: one for address, path in functions.items() if (one := counts.of(stack, path))}
    targets: dict[str, list[str]] = {}
    for address, path in constructs.items():
        targets.setdefault(path, []).append(address)
    remarks = [f"{counts.trouble}; its numbers are not used"] if counts.trouble else []
    if counted and counts.date:
        told = ", ".join(sorted({names.label(names.owner(address)) for address in counted}))
        remarks.append(clean(f"Counted: what an event takes of {told}; {counts.source}, {counts.date.isoformat()}."))
    for name in counts.unused(stack, set(functions.values())):
        remarks.append(clean(f"{FILE} counts {name}: this stack has no such function."))
    for one in counted.values():
        remarks += [
            clean(f"{FILE} counts calls of {path}: this stack has no such construct.")
            for path in one.calls
            if path not in targets
        ]
    return counted, targets, remarks


def _told(before: Collected, after: Collected) -> tuple[tuple[Told, Told], dict[str, str]]:
    """The amounts of both sides, and what is unknown, which is in neither: a difference to nothing would be wrong."""
    untold = {**before[1], **after[1]}
    return (
        {address: one for address, one in before[0].items() if address not in untold},
        {address: one for address, one in after[0].items() if address not in untold},
    ), untold


def _lines(before: Told, after: Told, was: Side, becomes: Side, names: ConstructNames) -> Iterator[CostLine]:
    lines = []
    for address in {**before, **after}:
        old, new = before.get(address, NOTHING), after.get(address, NOTHING)
        if abs(new.dollars - old.dollars) > 1e-9:
            type_ = (becomes if address in becomes.types else was).types[address]
            how = new.how if new.dollars or new is not NOTHING else f"no longer: {old.how}"
            lines.append(CostLine(clean(address), _what(address, type_, names), old.dollars, new.dollars, clean(how)))
    yield from sorted(lines, key=lambda one: (-abs(one.difference), one.address))


def _what(address: str, type_: str, names: ConstructNames) -> str:
    subject = names.label(names.owner(address))
    kind = names.kind(address, type_)
    if kind and kind.primary:
        return clean(subject)
    part = names.part(address, kind)
    return clean(" ".join([f"{subject},", kind.noun if kind else type_, *([part] if part and part != subject else [])]))


def _unlisted(plan: Plan, prices: Prices) -> dict[str, str]:
    """What changes and has no price, each with the reason."""
    return {
        change.address: f"{change.type} is not in the price list"
        for change in plan.changes
        if change.mode != "data"
        and change.verb not in ("unchanged", "read")
        and not (change.type in FIXED or change.type in BY_USE or prices.is_free(change.type))
    }


def _named(unpriced: Mapping[str, str]) -> Iterator[str]:
    for address, reason in list(unpriced.items())[:MOST_UNPRICED]:
        yield clean(f"{address} ({reason})")
    if len(unpriced) > MOST_UNPRICED:
        yield f"{len(unpriced) - MOST_UNPRICED} more resources"


def _listed(prices: Prices, plan: Plan) -> str:
    region = _region(plan)
    elsewhere = f", though this stack is in {region}" if region and region != prices.region else ""
    return f"List prices of {prices.region} of {prices.date.isoformat()}{elsewhere}, in US dollars."


def _warning(prices: Prices, today: date) -> str:
    if not prices.is_old(today):
        return ""
    return f"the prices are of {prices.date.isoformat()}, more than a year old; with a network, renew them: {RENEW}"


def _region(plan: Plan) -> str:
    """The region that the plan's ARNs are of; empty where it has none."""
    for change in plan.changes:
        for values in (change.before, change.after):
            arn: Any = (values or {}).get("arn")
            parts = arn.split(":") if isinstance(arn, str) else []
            if len(parts) > 5 and parts[3]:
                return clean(parts[3])
    providers = (plan.document.get("configuration") or {}).get("provider_config") or {}
    aws = providers.get("aws") if isinstance(providers, dict) else None
    region: Any = aws
    for name in ("expressions", "region", "constant_value"):
        region = region.get(name) if isinstance(region, dict) else None
    return clean(region) if isinstance(region, str) else ""


def _total(amounts: Told) -> float:
    return sum(one.dollars for one in amounts.values())
