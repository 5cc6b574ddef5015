"""The simulation in steps against one of single events, at rates at which both can run."""

from typing import Any

import pytest

from sluice_cli.load_model.arrivals import RETRY_STORM, STEADY
from sluice_cli.load_model.model import CapacitySettings, LoadModel
from sluice_cli.load_model.simulation import SimulatedLoad

from .models import behind_api, behind_queue, direct, run, worker
from .single_events import Outcome, Rules, SingleEvents

SEED = 7
WRITES: dict[str, Any] = {"calls": {"table": {"write": 1.0}}}


def both(
    model: LoadModel, rules: Rules, rate: float, seconds: float, pattern: str = STEADY
) -> tuple[SimulatedLoad, Outcome]:
    return run(model, rate, seconds, pattern), SingleEvents(rules, rate, seconds, SEED).run()


def latencies(result: SimulatedLoad) -> list[float]:
    figures = result.functions["worker"].latency
    return [figures.percentile(share) or 0.0 for share in (0.5, 0.9, 0.99)]


def of(outcome: Outcome) -> list[float]:
    return [outcome.percentile(share) for share in (0.5, 0.9, 0.99)]


@pytest.mark.parametrize(("rate", "duration_ms"), [(5, 80), (50, 80), (50, 400), (200, 20)])
def test_below_all_limits(rate: float, duration_ms: float) -> None:
    result, single = both(direct(worker(duration_ms, init_ms=300)), Rules(duration_ms / 1000), rate, 120)
    assert result.finished == pytest.approx(single.arrived, rel=0.1)
    assert latencies(result)[:2] == pytest.approx(of(single)[:2], rel=0.03)
    assert result.functions["worker"].environments == pytest.approx(single.cold_starts, rel=0.35, abs=3)


@pytest.mark.parametrize("rate", [40, 60, 100])
def test_reserved_concurrency_with_a_backlog_of_throttled_events(rate: float) -> None:
    # Ten environments of 200 ms take 50 a second.
    result, single = both(direct(worker(200, reserved=10)), Rules(0.2, concurrency=10), rate, 120)
    assert result.finished == pytest.approx(len(single.latencies), rel=0.03)
    # In a step, an attempt may take an environment that gets free at its end: fewer are throttled.
    assert 0.35 * single.throttles < result.functions["worker"].throttles < 1.1 * single.throttles
    if rate > 50:
        assert latencies(result)[1:] == pytest.approx(of(single)[1:], rel=0.25)
        assert result.seconds == pytest.approx(single.last, rel=0.3)


def test_throttled_events_that_get_too_old() -> None:
    function = worker(200, reserved=10, longest_age=60, keeps_failures=True)
    result, single = both(direct(function), Rules(0.2, concurrency=10, longest_age=60), 150, 120)
    assert result.finished == pytest.approx(len(single.latencies), rel=0.1)
    assert result.kept == pytest.approx(single.kept, rel=0.1)


def test_the_token_bucket_of_an_api() -> None:
    result, single = both(behind_api(worker(50), rate=20, burst=40), Rules(0.05, api=(20, 40)), 50, 60)
    assert result.refused == pytest.approx(single.refused, rel=0.05)
    assert result.finished == pytest.approx(len(single.latencies), rel=0.05)


@pytest.mark.parametrize(("rate", "pollers"), [(20, 5), (120, 20)])
def test_batches_of_a_queue(rate: float, pollers: int) -> None:
    # A batch of ten takes 2 s: five pollers take 25 messages a second.
    model = behind_queue(worker(200), batch_size=10, max_concurrency=pollers)
    result, single = both(model, Rules(0.2, batch=10, pollers=pollers), rate, 120)
    queue = result.queues["queue"]
    assert result.finished == pytest.approx(single.arrived, rel=0.05)
    assert queue.received / queue.batches == pytest.approx(single.arrived / single.runs, rel=0.2)
    # Steps are of 50 ms, and a wait may be one longer.
    assert latencies(result) == pytest.approx(of(single), rel=0.3, abs=0.12)


def test_provisioned_units_with_their_burst() -> None:
    model = direct(worker(50, keeps_failures=True, **WRITES), CapacitySettings(writes=5, reads=1))
    result, single = both(model, Rules(0.05, units=5), 15, 400)
    assert result.finished == pytest.approx(len(single.latencies), rel=0.05)
    # Arrivals are random: 77 events are a standard deviation of each.
    assert result.kept == pytest.approx(single.kept, abs=250)
    assert result.functions["worker"].runs == pytest.approx(single.runs, rel=0.1)


def test_an_outage_and_what_it_leaves() -> None:
    result, single = both(direct(worker(50)), Rules(0.05, outage=(60, 120)), 50, 180, RETRY_STORM)
    assert result.functions["worker"].runs == pytest.approx(single.runs, rel=0.1)
    assert latencies(result) == pytest.approx(of(single), rel=0.05)
