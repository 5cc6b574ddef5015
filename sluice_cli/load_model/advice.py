"""Which settings help, and how much: the simulation again, with one setting after the other changed."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .advice_in_order import SettingChange, fifo_changes, messages_a_second, stream_changes
from .cost import cost_of_load
from .function_run import ACCOUNT, RESERVED, SCALING
from .model import FunctionSettings, LoadModel, MappingSettings, QueueSettings
from .report import duration, time_words
from .simulation import STEPS, LoadSimulation, SimulatedLoad

# Changes that are tried one after another.
MOST_CHANGES = 12
BUFFER, BUFFER_MAPPING = "buffer", "buffer-mapping"
BATCH = 10
MORE_MEMORY = 2


def advise(result: SimulatedLoad, *, seed: int = 1) -> list[dict[str, Any]]:
    """The changes that help, each on top of those before it, with what each changes."""
    found: list[dict[str, Any]] = []
    # All with the same, coarser step: only they are compared.
    now = _again(result, result.model, seed)
    latest, tried, together = now, set[str](), list[str]()
    # A change may help only together with the next ones: they are one row then.
    while len(tried) < MOST_CHANGES and _is_bad(latest):
        change = next((one for one in _changes(latest) if one.words not in tried), None)
        if change is None:
            break
        tried.add(change.words)
        together.append(change.words)
        latest = _again(result, change.model, seed)
        if _is_better(now, latest):
            found.append(_row("; and ".join(together), now, latest))
            now, together = latest, []
    for words, model in _memory(now):
        after = _again(result, model, seed)
        if cost_of_load(after).a_million < cost_of_load(now).a_million * 0.98 or _p50(after) < _p50(now) * 0.8:
            found.append(_row(words, now, after))
    return found


def _is_bad(result: SimulatedLoad) -> bool:
    return result.bad > 0 or any(result.limits.values())


def _is_better(before: SimulatedLoad, after: SimulatedLoad) -> bool:
    """Whether noticeably more finished, sooner, or for less."""
    shares = [one.finished / one.arrived if one.arrived else 0.0 for one in (before, after)]
    latencies = [one.latency.percentile(0.99) or math.inf for one in (before, after)]
    return (
        shares[1] > shares[0] + 0.005
        or (after.bad == 0 < before.bad)
        or (
            shares[1] > shares[0] - 0.005
            and (latencies[1] < latencies[0] * 0.8 or after.seconds < before.seconds * 0.9)
        )
    )


def _again(first: SimulatedLoad, model: LoadModel, seed: int) -> SimulatedLoad:
    """The load on a changed model."""
    step = max(first.step, next((one for one in STEPS if first.arrivals.seconds / one <= 2_000), STEPS[-1]))
    return LoadSimulation(model, first.entry, first.arrivals, step=step, seed=seed).run()


def _row(words: str, before: SimulatedLoad, after: SimulatedLoad) -> dict[str, Any]:
    costs = [cost_of_load(one).a_million for one in (before, after)]
    shares = [one.finished / one.arrived if one.arrived else 0.0 for one in (before, after)]
    latencies = [one.latency.percentile(0.99) for one in (before, after)]
    return {
        "change": words,
        "finished_share": {"before": round(shares[0], 5), "after": round(shares[1], 5)},
        "p99_seconds": {"before": _rounded(latencies[0]), "after": _rounded(latencies[1])},
        "a_million_events": {"before": round(costs[0], 4), "after": round(costs[1], 4)},
        "effect": f"finished {shares[0]:.2%} → {shares[1]:.2%}; p99 {time_words(latencies[0])} → "
        f"{time_words(latencies[1])}; ${costs[0]:,.2f} → ${costs[1]:,.2f} a million; "
        f"done after {duration(before.seconds)} → {duration(after.seconds)}",
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


def _p50(result: SimulatedLoad) -> float:
    return result.latency.percentile(0.5) or math.inf


def _changes(result: SimulatedLoad) -> Iterator[SettingChange]:
    """What could help, by what limited the run; what limits first comes first."""
    for find in (_api, _busiest_key, _tables, _services, fifo_changes, stream_changes, _queues, _functions):
        yield from find(result)


def _api(result: SimulatedLoad) -> Iterator[SettingChange]:
    rate = math.ceil(messages_a_second(result))
    for address, figures in result.apis.items():
        api, quotas = result.model.apis[address], result.model.quotas
        if figures.limits.get("the stage's throttle"):
            changed = replace(api, rate=float(rate), burst=float(max(rate, api.burst or 0)))
            yield SettingChange(
                f"{api.label}: throttle of the stage {api.rate:,.0f} → {rate:,} requests a second",
                replace(result.model, apis={**result.model.apis, address: changed}),
            )
        if figures.limits.get("API Gateway's requests of an account"):
            raised = quotas.raising("api_requests", rate).raising("api_burst", max(quotas.of("api_burst"), rate / 2))
            yield SettingChange(
                f"quota of API Gateway {quotas.of('api_requests'):,.0f} → {rate:,} a second (or more accounts)",
                replace(result.model, quotas=raised),
            )


def _limit(result: SimulatedLoad, words: str) -> Iterator[str]:
    """The functions that something limited."""
    for address, figures in result.functions.items():
        if any(words in what and number for what, number in figures.limits.items()):
            yield address


def _busiest_key(result: SimulatedLoad) -> Iterator[SettingChange]:
    partition = result.model.quotas.of("partition_writes")
    for address in _limit(result, "busiest partition key"):
        work = result.model.functions[address].work
        for table, shares in work.busiest.items():
            share = max(shares.values())
            units = messages_a_second(result) * work.events * share
            shards = math.ceil(units / partition)
            if shards < 2:
                continue
            spread = {name: one / shards for name, one in shares.items()}
            yield SettingChange(
                f"{result.model.tables[table].label}: the busiest key spread over {shards:,} keys (shards)",
                result.model.with_function(address, work=replace(work, busiest={**work.busiest, table: spread})),
            )


def _tables(result: SimulatedLoad) -> Iterator[SettingChange]:
    for address, figures in result.functions.items():
        work = result.model.functions[address].work
        for name, load in result.tables.items():
            for kind, capacities in (("write", load.writes), ("read", load.reads)):
                met = [what for what, number in figures.limits.items() if number and f"{kind} units" in what]
                if any(what.startswith(load.settings.label) for what in met):
                    each = max(each for one, each, _ in load.demands(name, work) if one in capacities.values())
                    yield from _more_units(result, name, kind, math.ceil(each * messages_a_second(result)))


def _more_units(result: SimulatedLoad, address: str, kind: str, units: int) -> Iterator[SettingChange]:
    """More write or read units for a table and its indexes, and the quota for them."""
    model, table, quota = result.model, result.model.tables[address], result.model.quotas.of(f"table_{kind}s")
    if units > quota:
        yield SettingChange(
            f"quota of a table's {kind} units {quota:,.0f} → {units:,} a second",
            replace(model, quotas=model.quotas.raising(f"table_{kind}s", units)),
        )
    setting = f"{kind}s" if table.is_provisioned else f"warm_{kind}s"
    changed = {
        index: replace(one, **{setting: max(getattr(one, setting) or 0, float(units))})
        for index, one in table.capacities.items()
    }
    words = f"{units:,} provisioned {kind} units, of each index too"
    if not table.is_provisioned:
        words = f"warm throughput of {units:,} {kind} units a second before the load comes"
    yield SettingChange(
        f"{table.label}: {words}",
        replace(model, tables={**model.tables, address: replace(table, capacities=changed)}),
    )


def _services(result: SimulatedLoad) -> Iterator[SettingChange]:
    for words, quota in (("SNS's messages", "sns_publishes"), ("KMS's requests", "kms_requests")):
        for address in _limit(result, words):
            work = result.model.functions[address].work
            number = sum(
                sum(kinds.values())
                for target, kinds in work.calls.items()
                if target in result.model.parts
                and (result.model.parts[target].kind == "topic" if quota == "sns_publishes" else True)
            )
            wanted = math.ceil(number * work.events * messages_a_second(result))
            yield SettingChange(
                f"quota {quota} {result.model.quotas.of(quota):,.0f} → {wanted:,} a second"
                + (", or digests of many events" if quota == "sns_publishes" else ""),
                replace(result.model, quotas=result.model.quotas.raising(quota, wanted)),
            )


def _queues(result: SimulatedLoad) -> Iterator[SettingChange]:
    model, core = result.model, result.model.quotas.of("lambda_full_core")
    for name, mapping in model.mappings.items():
        figures = result.queues.get(mapping.queue)
        if not figures or not figures.limits or model.queues[mapping.queue].is_fifo:
            continue
        function = model.functions[mapping.function]
        needed = messages_a_second(result) * function.seconds(mapping.batch_size, core) / mapping.batch_size
        if mapping.max_concurrency and needed > mapping.max_concurrency:
            most = max(2, min(math.ceil(needed), 1_000))
            if most > mapping.max_concurrency:
                yield SettingChange(
                    f"{mapping.label}: maximum concurrency {mapping.max_concurrency:,} → {most:,}",
                    model.with_mapping(name, max_concurrency=most),
                )
        if mapping.batch_size < 100:
            yield SettingChange(
                f"{mapping.label}: batches of {mapping.batch_size} → 100 messages, with a window of 1 s",
                model.with_mapping(name, batch_size=100, window=max(mapping.window, 1.0)),
            )
        if not mapping.pollers:
            pollers = max(2, math.ceil(needed / model.quotas.of("mapping_poller")))
            yield SettingChange(
                f"{mapping.label}: {pollers:,} provisioned pollers in place of a maximum concurrency",
                model.with_mapping(name, max_concurrency=None, pollers=(pollers, pollers)),
            )


def _functions(result: SimulatedLoad) -> Iterator[SettingChange]:
    model, core = result.model, result.model.quotas.of("lambda_full_core")
    for address in result.functions:
        limits, function = result.functions[address].limits, model.functions[address]
        if limits.get(RESERVED):
            needed = math.ceil(messages_a_second(result) * max(function.seconds(1, core), 0.1))
            yield SettingChange(
                f"{function.label}: reserved concurrency {function.reserved:,} → {needed:,}",
                model.with_function(address, reserved=needed),
            )
        if (limits.get(ACCOUNT) or limits.get(SCALING)) and not result.queues and result.entry.kind == "bucket":
            yield SettingChange(
                f"a queue between {result.entry.label} and {function.label}, batches of {BATCH}",
                _buffered(model, result, address, function),
            )
        if limits.get(ACCOUNT):
            per = max(function.seconds(1, core), 1 / model.quotas.of("lambda_requests_an_environment"))
            read = [one for one in model.mappings.values() if one.queue in result.queues]
            mapping = next((one for one in read if one.function == address), None)
            if mapping:
                per = max(function.seconds(mapping.batch_size, core), 0.1) / mapping.batch_size
            needed = math.ceil(messages_a_second(result) * per)
            quota = model.quotas.of("lambda_concurrency")
            if needed > quota:
                yield SettingChange(
                    f"quota of Lambda's concurrent executions {quota:,.0f} → {needed:,}",
                    replace(model, quotas=model.quotas.raising("lambda_concurrency", needed)),
                )


def _buffered(model: LoadModel, result: SimulatedLoad, function: str, settings: FunctionSettings) -> LoadModel:
    targets = tuple(BUFFER if one == function else one for one in model.routes[result.entry.address])
    queue = QueueSettings("Buffer queue", visibility=6 * settings.timeout, max_receives=5)
    mapping = MappingSettings("Buffer queue to " + settings.label, BUFFER, function, BATCH, 1.0, None, None, True)
    return replace(
        model,
        queues={**model.queues, BUFFER: queue},
        mappings={**model.mappings, BUFFER_MAPPING: mapping},
        routes={**model.routes, result.entry.address: targets},
    )


def _memory(result: SimulatedLoad) -> Iterator[tuple[str, LoadModel]]:
    """Twice or half the memory, where processor time was counted."""
    for address in result.functions:
        function = result.model.functions[address]
        if function.work.cpu_ms:
            for factor in (MORE_MEMORY, 1 / MORE_MEMORY):
                memory = function.memory_mb * factor
                if 128 <= memory <= 10_240:
                    yield (
                        f"{function.label}: {function.memory_mb:,.0f} → {memory:,.0f} MB of memory",
                        result.model.with_function(address, memory_mb=memory),
                    )
