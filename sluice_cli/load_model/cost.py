"""What a simulated load costs: what was used, at the list prices of the review."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluice_cli.review.cost.model import MILLION
from sluice_cli.review.cost.prices import Prices, read_prices
from sluice_cli.review.cost.usage import DELIVERIES, LOG_GB, TRACED

from .simulation import SimulatedLoad

NOT_PRICED = "storage, transfer, KMS requests, Kinesis streams, free tiers and discounts"


@dataclass(frozen=True)
class LoadCost:
    """US dollars by part, of the whole simulated time; `events` arrived in `hours`."""

    parts: Mapping[str, float]
    hours: float
    events: float

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    @property
    def an_hour(self) -> float:
        return self.total / self.hours

    @property
    def a_million(self) -> float:
        return self.total / self.events * MILLION if self.events else 0.0


def cost_of_load(result: SimulatedLoad, prices: Prices | None = None) -> LoadCost:
    """The cost of a simulated run. Raises `PriceListError`."""
    parts: dict[str, float] = {}
    for label, price, number in _used(result):
        parts[label] = parts.get(label, 0.0) + number * (prices or read_prices()).of(price)
    return LoadCost(
        {label: amount for label, amount in parts.items() if amount},
        result.arrivals.seconds / 3600,
        result.arrived * result.events,
    )


def _used(result: SimulatedLoad) -> Iterator[tuple[str, str, float]]:
    """Parts, the names of their prices, and how much was used."""
    model = result.model
    if result.entry.kind == "bucket":
        yield result.entry.label, "s3_writes", result.arrived
    for address, api in result.apis.items():
        if model.apis[address].price:
            yield model.apis[address].label, model.apis[address].price, api.requests - sum(api.limits.values())
    for address, queue in result.queues.items():
        settings = model.queues[address]
        yield settings.label, "sqs_fifo_requests" if settings.is_fifo else "sqs_requests", queue.requests
    for address, figures in result.functions.items():
        function = model.functions[address]
        seconds = figures.seconds * function.memory_mb / 1024
        yield function.label, "lambda_requests", figures.runs
        yield function.label, "lambda_gb_seconds_arm" if function.is_arm else "lambda_gb_seconds", seconds
        yield function.label, "log_gigabytes", figures.runs * LOG_GB
        if function.is_traced:
            yield function.label, "traces", figures.runs * TRACED
        for target, kinds in function.work.calls.items():
            part = model.parts.get(target)
            for kind, each in kinds.items():
                once = target in function.work.once_a_run
                number = each * (figures.runs if once else function.work.events * figures.messages)
                if part and part.kind == "bucket":
                    yield part.label, f"s3_{kind}s", number
                elif part and part.kind == "topic":
                    yield part.label, "sns_publishes", number
                    for protocol in part.deliveries:
                        if protocol in DELIVERIES:
                            yield part.label, DELIVERIES[protocol], number
                elif part and part.kind == "bus":
                    yield part.label, "event_bus_events", number
                elif target in model.queues and target not in result.queues:
                    yield model.queues[target].label, "sqs_requests", number
    yield from _tables(result)


def _tables(result: SimulatedLoad) -> Iterator[tuple[str, str, float]]:
    hours = result.arrivals.seconds / 3600
    for address, load in result.tables.items():
        table = result.model.tables[address]
        for name, settings in table.capacities.items():
            if table.is_provisioned:
                yield table.label, "dynamodb_write_capacity", max(settings.writes or 0, load.writes[name].rate) * hours
                yield table.label, "dynamodb_read_capacity", (settings.reads or 0) * hours
            else:
                yield table.label, "dynamodb_writes", load.writes[name].used
                yield table.label, "dynamodb_reads", load.reads[name].used
