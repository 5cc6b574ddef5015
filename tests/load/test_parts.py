"""Each part of the load simulation against the numbers that AWS documents (quotas.py has the pages)."""

import math

import pytest

from sluice_cli.load_model.arrivals import RETRY_STORM
from sluice_cli.load_model.model import CapacitySettings, QueueSettings
from sluice_cli.load_model.quotas import QUOTAS, READ

from .models import behind_api, behind_queue, direct, run, worker

WRITES = {"table": {"write": 1.0}}


def test_every_quota_names_its_page_and_the_table_its_date() -> None:
    assert READ == "2026-11-27"
    assert [name for name, one in QUOTAS.items() if not one.page.startswith("https://")] == []


def test_a_load_below_all_limits_takes_the_functions_time_and_loses_nothing() -> None:
    result = run(direct(worker(50)), 100, 60)
    figures = result.functions["worker"]
    assert (result.finished, result.bad, figures.throttles) == (result.arrived, 0, 0)
    assert figures.latency.percentile(0.5) == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize(("duration_ms", "concurrency"), [(500, 500), (100, 100), (20, 100)])
def test_concurrency_is_rate_times_duration_and_an_environment_takes_ten_requests_a_second(
    duration_ms: float, concurrency: float
) -> None:
    figures = run(direct(worker(duration_ms)), 1_000, 60).functions["worker"]
    # LoadPattern are random: four standard deviations.
    assert figures.peak_concurrency == pytest.approx(concurrency, abs=4 * math.sqrt(concurrency))


def test_environments_grow_by_a_thousand_every_ten_seconds() -> None:
    model = direct(worker(10_000), lambda_concurrency=10_000)
    timeline = run(model, 1_000, 10).timeline
    # 1,000 at once, and 100 a second from then on.
    assert timeline.at(0.5).concurrency == pytest.approx(500, rel=0.2)
    assert timeline.at(5).concurrency == pytest.approx(1_500, rel=0.1)


def test_reserved_concurrency_bounds_a_function_and_is_taken_from_the_others_of_the_account() -> None:
    figures = run(direct(worker(1_000, reserved=20)), 100, 60).functions["worker"]
    assert figures.peak_concurrency <= 20.001
    assert set(figures.limits) == {"the function's reserved concurrency"}
    # Every event gets through in the end: 20 a second.
    assert figures.finished == pytest.approx(6_000, rel=0.05)


def test_throttled_events_wait_up_to_their_longest_age_and_are_then_kept_or_lost() -> None:
    for keeps in (True, False):
        result = run(direct(worker(1_000, reserved=1, longest_age=60, keeps_failures=keeps)), 20, 60)
        assert result.finished == pytest.approx(120, rel=0.3)
        assert (result.kept, result.lost)[keeps] == 0
        assert result.finished + result.kept + result.lost == result.arrived


def test_a_failed_event_is_tried_again_after_one_and_after_two_more_minutes() -> None:
    result = run(direct(worker(50, init_ms=0)), 100, 180, RETRY_STORM)
    figures = result.functions["worker"]
    # An outage of a minute: what failed is tried again a minute later, and succeeds.
    assert figures.failed_attempts == pytest.approx(6_000, rel=0.05)
    assert figures.latency.percentile(1.0) == pytest.approx(60.1, rel=0.04)
    assert result.finished == result.arrived


def test_a_timeout_fails_all_three_attempts() -> None:
    result = run(direct(worker(5_000, timeout=3, keeps_failures=True)), 1, 20)
    assert (result.finished, result.kept) == (0, result.arrived)
    assert result.functions["worker"].runs == 3 * result.arrived
    assert result.seconds > 180


def test_a_stage_admits_its_rate_and_its_burst() -> None:
    result = run(behind_api(worker(50), rate=100, burst=200), 1_000, 60)
    figures = result.apis["api"]
    assert figures.requests - figures.refused == pytest.approx(200 + 60 * 100, rel=0.01)
    assert result.functions["worker"].runs == figures.requests - figures.refused


def test_an_account_admits_ten_thousand_requests_a_second_and_a_burst_of_five_thousand() -> None:
    figures = run(behind_api(worker(10)), 30_000, 10).apis["api"]
    assert figures.requests - figures.refused == pytest.approx(5_000 + 10 * 10_000, rel=0.01)


def test_callers_of_a_failing_api_get_errors_and_in_a_retry_storm_try_again() -> None:
    result = run(behind_api(worker(50)), 100, 180, RETRY_STORM)
    api, function = result.apis["api"], result.functions["worker"]
    assert api.requests > result.arrived + 12_000
    # 7 s after the first attempt all are given up; the last ones succeed after the outage.
    assert function.errors_to_callers == pytest.approx(100 * (60 - 7), rel=0.1)


def test_provisioned_units_last_with_the_burst_of_five_minutes_and_throttle_then() -> None:
    table = CapacitySettings(writes=100, reads=100)
    result = run(direct(worker(50, calls=WRITES, keeps_failures=True), table), 200, 600)
    # 30,000 saved units carry 100 a second more for 300 s.
    timeline = result.timeline
    assert timeline.at(240).failed == 0
    assert timeline.at(400).failed > 0
    assert result.tables["table"].writes[""].used == pytest.approx(100 * result.seconds + 30_000, rel=0.1)


def test_a_new_on_demand_table_takes_four_thousand_writes_and_doubles_after_half_an_hour() -> None:
    model = direct(worker(20, calls={"table": {"write": 4.0}}), CapacitySettings(), lambda_concurrency=100_000)
    load = run(model, 2_000, 3_600, step=1).tables["table"].writes[""]
    assert load.peak == pytest.approx(8_000, rel=0.05)


def test_a_partition_key_takes_a_thousand_writes_a_second_however_large_the_table() -> None:
    function = worker(20, calls=WRITES, busiest={"table": {"": 1.0}}, attempts_more=0)
    table = CapacitySettings(writes=40_000, reads=1)
    result = run(direct(function, table, lambda_concurrency=100_000), 3_000, 30)
    moments = [result.timeline.at(second).finished / result.timeline.width for second in range(5, 30)]
    assert sum(moments) / len(moments) == pytest.approx(1_000, rel=0.05)
    assert any("busiest partition key" in one for one in result.functions["worker"].limits)


def test_polling_starts_with_five_batches_and_grows_by_three_hundred_a_minute() -> None:
    result = run(behind_queue(worker(1_000), batch_size=1), 1_000, 60)
    timeline = result.timeline
    assert timeline.at(0.5).concurrency == pytest.approx(5, abs=3)
    assert timeline.at(59).concurrency == pytest.approx(300, rel=0.1)


def test_polling_ends_with_1250_batches_or_the_maximum_concurrency() -> None:
    assert run(behind_queue(worker(1_000), batch_size=1), 1_500, 300, step=2).queues["queue"].peak_batches <= 1_251
    assert run(behind_queue(worker(1_000), max_concurrency=7), 20, 60).queues["queue"].peak_batches <= 7.01


def test_a_backlog_makes_full_batches_and_an_idle_queue_small_ones() -> None:
    busy = run(behind_queue(worker(1_000), batch_size=10), 200, 60).queues["queue"]
    idle = run(behind_queue(worker(50), batch_size=10), 2, 60).queues["queue"]
    assert busy.received / busy.batches > 8
    assert idle.received / idle.batches == pytest.approx(1, abs=0.1)


def test_a_batching_window_gathers_messages_for_its_time() -> None:
    figures = run(behind_queue(worker(50), batch_size=100, window=2), 20, 120).queues["queue"]
    assert figures.received / figures.batches == pytest.approx(40, rel=0.15)


def test_messages_of_a_failed_batch_come_again_after_the_visibility_timeout_until_they_are_dead() -> None:
    queue = QueueSettings("Queue", visibility=30, max_receives=3)
    result = run(behind_queue(worker(5_000, timeout=3), queue, batch_size=1), 1, 10)
    assert result.queues["queue"].dead == result.arrived
    assert result.functions["worker"].runs == 3 * result.arrived
    assert result.seconds == pytest.approx(10 + 2 * 30, abs=10)


def test_without_dead_letter_queue_and_reports_a_whole_batch_comes_again() -> None:
    queue = QueueSettings("Queue", visibility=30)
    result = run(behind_queue(worker(50), queue), 50, 180, RETRY_STORM)
    assert result.finished == result.arrived
    assert math.isclose(
        result.functions["worker"].messages, result.arrived + result.functions["worker"].failed_attempts
    )
