"""What a simulation found, as text and as JSON."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .arrivals import PATTERNS
from .cost import NOT_PRICED, LoadCost
from .highest import HighestRate
from .quotas import READ
from .simulation import SimulatedLoad

Advice = Sequence[Mapping[str, Any]]


def as_json(
    result: SimulatedLoad, cost: LoadCost, advice: Advice, highest: HighestRate | None = None
) -> dict[str, Any]:
    """Everything in numbers: counts in events, latencies in seconds, costs in US dollars."""
    model, each = result.model, result.events
    return {
        "stack": model.stack,
        "entry": result.entry.name,
        "other_entries": [one.name for one in model.entries if one.name != result.entry.name],
        "schedule": _schedule_of(result),
        "pattern": result.arrivals.pattern,
        "rate": result.arrivals.rate * each,
        "seconds": result.arrivals.seconds,
        "step_seconds": result.step,
        "simulated_seconds": round(result.seconds, 3),
        "region": model.quotas.region,
        "events": {
            "arrived": result.arrived * each,
            "finished": result.finished * each,
            "kept_in_failure_queues": result.kept * each,
            "lost": result.lost * each,
            "refused_to_callers": result.refused * each,
            "still_waiting": result.still_waiting * each,
        },
        "latency_seconds": _latency(result.latency),
        "functions": {
            model.label(address): {
                "runs": round(one.runs),
                "events_a_run": round(one.messages * each / one.runs, 3) if one.runs else 0,
                "peak_concurrency": round(one.peak_concurrency, 1),
                "environments": one.environments,
                "cold_starts": one.cold_starts,
                "throttles": one.throttles,
                "failed_attempts": one.failed_attempts,
                "kept": one.kept,
                "lost": one.lost,
                "errors_to_callers": one.errors_to_callers,
                "peak_waiting": one.peak_waiting,
                "latency_seconds": _latency(one.latency),
                "limited_by": dict(one.limits),
            }
            for address, one in result.functions.items()
        },
        "queues": {
            model.label(address): {
                "sent": one.sent,
                "batches": one.batches,
                "messages_a_batch": round(one.received / one.batches, 3) if one.batches else 0,
                "peak_waiting": one.peak_waiting,
                "oldest_seconds": round(one.oldest_seconds, 3),
                "peak_batches_at_a_time": round(one.peak_batches, 1),
                "throttles": one.throttles,
                "dead": one.dead,
                "expired": one.expired,
                "refused_to_senders": one.refused,
                "limited_by": dict(one.limits),
            }
            for address, one in result.queues.items()
        },
        "streams": {
            f"{model.streams[address].label} to {settings.label}": {
                "received": one.received,
                "batches": one.batches,
                "records_a_batch": round(one.received / one.batches, 3) if one.batches else 0,
                "peak_waiting": one.peak_waiting,
                "oldest_seconds": round(one.oldest_seconds, 3),
                "peak_batches_at_a_time": round(one.peak_batches, 1),
                "throttles": one.throttles,
                "kept": one.kept,
                "lost": one.lost,
                "refused_to_writers": result.refused_by_streams[address][0],
                "limited_by": {**one.limits, **result.refused_by_streams[address][1]},
            }
            for address, figures in result.streams.items()
            for settings, one in zip(model.streams[address].consumers, figures, strict=True)
        },
        "apis": {
            model.label(address): {
                "requests": one.requests,
                "throttled": sum(one.limits.values()),
                "refused": one.refused,
                "limited_by": dict(one.limits),
            }
            for address, one in result.apis.items()
        },
        "tables": {
            model.label(address): {
                name or "table": {
                    "peak_write_units": round(one.writes[name].peak, 1),
                    "write_units": round(one.writes[name].rate, 1),
                    "peak_read_units": round(one.reads[name].peak, 1),
                    "read_units": round(one.reads[name].rate, 1),
                }
                for name in one.writes
            }
            for address, one in result.tables.items()
        },
        "cost": {
            "an_hour": round(cost.an_hour, 4),
            "a_million_events": round(cost.a_million, 4),
            "parts": {label: round(amount, 6) for label, amount in cost.parts.items()},
            "not_in_it": NOT_PRICED,
        },
        "highest_steady_rate": None if highest is None else {"rate": round(highest.rate, 1), "limit": highest.limit},
        "advice": list(advice),
        "remarks": list(model.remarks),
        "quotas_read": READ,
    }


def _latency(latency: Any) -> dict[str, float | None]:
    return {
        name: None if (found := latency.percentile(share)) is None else round(found, 4)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


def lines(result: SimulatedLoad, cost: LoadCost, advice: Advice, highest: HighestRate | None = None) -> Iterator[str]:
    """The report as plain text."""
    model, each, arrivals = result.model, result.events, result.arrivals
    yield f"{model.stack}: {load_words(result)}, for {duration(arrivals.seconds)} ({model.quotas.region})"
    if _schedule_of(result):
        yield "  A schedule starts runs at its own times; --rate is not used"
    else:
        yield f"  {arrivals.pattern}: {PATTERNS[arrivals.pattern]}"
    others = [one.name for one in model.entries if one.name != result.entry.name]
    yield f"  Events come in at: {result.entry.label}" + (f" (--entry: {', '.join(others)})" if others else "")
    if each != 1:
        yield f"  {each:g} events in each message"
    yield ""
    latency = result.latency
    rows = [
        ("events", f"{result.arrived * each:,.0f}"),
        ("finished", f"{result.finished * each:,.0f} ({_share(result.finished, result.arrived)})"),
        ("in failure queues", f"{result.kept * each:,.0f}"),
        ("lost", f"{result.lost * each:,.0f}"),
        ("refused to callers", f"{result.refused * each:,.0f}"),
        ("still waiting", f"{result.still_waiting * each:,.0f}"),
        ("latency, p50 and p99", f"{time_words(latency.percentile(0.5))}, {time_words(latency.percentile(0.99))}"),
        ("all done after", duration(result.seconds)),
        ("cost", f"${cost.an_hour:,.2f} an hour, ${cost.a_million:,.2f} a million events"),
    ]
    optional = {"lost", "refused to callers", "still waiting"}
    yield from _table([row for row in rows if row[0] not in optional or row[1] != "0"])
    yield ""
    yield from _table(list(_parts(result)))
    yield ""
    yield from _table(
        [
            (f"cost of {label}", f"${amount / cost.hours:,.2f} an hour")
            for label, amount in sorted(cost.parts.items(), key=lambda one: -one[1])
        ]
    )
    if highest:
        limit = f", limited by {highest.limit}" if highest.limit else ""
        yield ""
        yield f"The highest steady rate without failures, as it is: {highest.rate:,.0f} events a second{limit}"
    if advice:
        yield ""
        yield "What helps, each beside the ones before it:"
        for one in advice:
            yield f"  - {one['change']}"
            yield f"    {one['effect']}"
    for remark in model.remarks:
        yield f"Note: {remark}"


def _parts(result: SimulatedLoad) -> Iterator[tuple[str, str]]:
    model = result.model
    for address, api in result.apis.items():
        yield model.label(address), f"{api.requests:,} requests, {sum(api.limits.values()):,} throttled (429)"
        yield from _limits(api.limits)
    for address, queue in result.queues.items():
        if address not in {mapping.queue for mapping in model.mappings.values()}:
            yield model.label(address), f"{queue.sent:,} messages, which no function of this stack receives"
            continue
        per = f", {queue.received / queue.batches:,.1f} messages each" if queue.batches else ""
        yield (
            model.label(address),
            f"{queue.sent:,} messages; at most {queue.peak_waiting:,} waiting, the oldest "
            f"{time_words(queue.oldest_seconds)}; {queue.batches:,} batches{per}, at most {queue.peak_batches:,.0f} "
            "at a time",
        )
        yield from _limits(queue.limits)
    yield from _streams(result)
    for address, one in result.functions.items():
        yield (
            model.label(address),
            f"{one.runs:,.0f} runs; at most {math.ceil(one.peak_concurrency):,} at a time; {one.cold_starts:,} cold "
            f"starts; {one.throttles:,} throttles; {one.failed_attempts:,} failed attempts; at most "
            f"{one.peak_waiting:,} waiting",
        )
        yield from _limits(one.limits)
    for address, table in result.tables.items():
        if any(one.used for one in (*table.writes.values(), *table.reads.values())):
            yield (
                model.label(address),
                "; ".join(
                    f"{f'index {name}: ' if name else ''}{one.peak:,.0f} of {one.rate:,.0f} write units a second"
                    for name, one in table.writes.items()
                ),
            )


def _streams(result: SimulatedLoad) -> Iterator[tuple[str, str]]:
    for address, figures in result.streams.items():
        stream = result.model.streams[address]
        for settings, one in zip(stream.consumers, figures, strict=True):
            per = f", {one.received / one.batches:,.1f} records each" if one.batches else ""
            yield (
                f"{stream.label} to {settings.label}",
                f"{one.received:,} records; at most {one.peak_waiting:,} waiting, the oldest "
                f"{time_words(one.oldest_seconds)}; {one.batches:,} batches{per}, at most {one.peak_batches:,.0f} at a "
                "time",
            )
            yield from _limits({**one.limits, **result.refused_by_streams[address][1]})


def _schedule_of(result: SimulatedLoad) -> str | None:
    """The expression of the schedule that starts the runs."""
    schedule = result.model.schedules.get(result.entry.address)
    return schedule.expression if schedule else None


def load_words(result: SimulatedLoad) -> str:
    """How much comes in."""
    schedule, arrivals = _schedule_of(result), result.arrivals
    if schedule:
        return f"{result.arrived:,} {'run' if result.arrived == 1 else 'runs'} of {schedule}"
    rate = arrivals.rate * result.events
    return (
        f"{rate:,.0f} events a second, {arrivals.pattern}"
        if rate >= 10
        else (f"{rate:.3g} events a second, {arrivals.pattern}")
    )


def _limits(limits: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for what, number in sorted(limits.items(), key=lambda one: -one[1]):
        yield "", f"limited by {what} ({number:,} times)"


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        yield f"  {name:<{width}}  {value}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.2%}" if whole else "none came"


def time_words(seconds: float | None) -> str:
    """A latency in words."""
    if seconds is None:
        return "none"
    if seconds < 1:
        return f"{seconds * 1000:,.0f} ms"
    return f"{seconds:,.3g} s" if seconds < 120 else duration(seconds)


def duration(seconds: float) -> str:
    """90 s, 10 min, 1 h 30 min."""
    if seconds < 120:
        return f"{seconds:g} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h" + (f" {rest} min" if rest else "")
