"""Schedules run at the times that AWS documents for their expressions, and beside the events of others."""

from dataclasses import replace

import pytest

from sluice_cli.errors import InputError
from sluice_cli.load_model.arrivals import DAY
from sluice_cli.load_model.inputs import checked_arrivals
from sluice_cli.load_model.model import Entry, LoadModel, PlainPart, ScheduleSettings
from sluice_cli.load_model.schedule_times import START, times_of
from sluice_cli.load_model.simulation import LoadSimulation

from .models import direct, worker

HOUR = 3_600
WEEK = 7 * DAY
SCHEDULE = Entry("schedule", "Nightly", "Nightly schedule", "schedule")


@pytest.mark.parametrize(
    ("expression", "zone", "hours"),
    [
        ("rate(6 hours)", "UTC", [6, 12, 18, 24]),
        ("rate(1 day)", "UTC", [24]),
        ("cron(0 2 * * ? *)", "UTC", [2]),
        ("cron(30 8-10 * * ? *)", "UTC", [8.5, 9.5, 10.5]),
        ("cron(0/20 5 ? * MON-FRI *)", "UTC", [5, 5 + 1 / 3, 5 + 2 / 3]),
        ("cron(0 8 ? * SAT,SUN *)", "UTC", []),
        ("cron(0 8 ? * 2#1 *)", "UTC", [8]),
        ("cron(0 8 ? * 2#2 *)", "UTC", []),
        ("cron(0 8 ? * FRI-MON *)", "UTC", [8]),
        ("cron(0 8 1W * ? 2026)", "UTC", [8]),
        ("cron(0 8 L * ? *)", "UTC", []),
        ("cron(0 8 1 JUN,JUL ? *)", "UTC", [8]),
        ("cron(0 8 1 1 ? *)", "UTC", []),
        ("cron(0 2 * * ? *)", "Europe/Berlin", [0]),
        ("cron(0 2 * * ? *)", "Asia/Tokyo", [17]),
        ("cron(0 20 ? * SUN *)", "America/New_York", [0]),
        ("at(2026-12-01T08:00:00)", "UTC", []),
    ],
)
def test_the_times_of_a_day_that_is_a_monday_and_the_first_of_its_month(
    expression: str, zone: str, hours: list[float]
) -> None:
    assert (START.isoweekday(), START.day) == (1, 1)
    found = times_of(expression, zone, DAY + 1 if expression.startswith("rate") else DAY)
    assert found is not None
    assert [round(one / HOUR, 4) for one in found] == [round(one, 4) for one in hours]


@pytest.mark.parametrize("expression", ["cron(0 8 31W * ? *)", "cron(0 8 L-1 * ? *)", "cron(0 8 ? * 3L *)"])
def test_the_last_days_of_a_month(expression: str) -> None:
    # June 2026 ends with a Tuesday.
    days = {"cron(0 8 31W * ? *)": 30, "cron(0 8 L-1 * ? *)": 29, "cron(0 8 ? * 3L *)": 30}
    assert times_of(expression, "UTC", 30 * DAY) == ((days[expression] - 1) * DAY + 8 * HOUR,)


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("${var.when}", "UTC"),
        ("cron(0 8 * *)", "UTC"),
        ("cron(x 8 * * ? *)", "UTC"),
        ("cron(0/0 8 * * ? *)", "UTC"),
        ("rate(0 minutes)", "UTC"),
        ("cron(0 8 * * ? *)", "Nowhere/City"),
        ("", ""),
    ],
)
def test_an_expression_that_cannot_be_read(expression: str, zone: str) -> None:
    assert times_of(expression, zone, WEEK) is None


def scheduled(*times: float, duration_ms: float = 50, **settings: object) -> LoadModel:
    model = direct(worker(duration_ms, init_ms=0, **settings))
    return replace(
        model,
        schedules={"schedule": ScheduleSettings("Nightly schedule", "cron(...)", times)},
        parts={**model.parts, "schedule": PlainPart("Nightly schedule", "schedule")},
        routes={**model.routes, "schedule": ("worker",)},
        entries=(*model.entries, SCHEDULE),
    )


def test_a_schedule_starts_runs_at_its_own_times_whatever_the_rate() -> None:
    for rate in (None, "5000"):
        model = scheduled(2 * HOUR, 26 * HOUR)
        load = checked_arrivals("steady", rate, None, None).in_messages_of(model, SCHEDULE)
        result = LoadSimulation(model, SCHEDULE, load).run()
        assert (load.seconds, result.arrived, result.finished, result.bad) == (DAY, 1, 1, 0)
        assert result.latency.percentile(1.0) == pytest.approx(0.05, rel=0.03)


def test_runs_that_last_longer_than_their_interval_overlap() -> None:
    model = scheduled(*(60.0 * one for one in range(1, 61)), duration_ms=150_000, timeout=300)
    load = checked_arrivals("steady", None, "1", None).in_messages_of(model, SCHEDULE)
    result = LoadSimulation(model, SCHEDULE, load).run()
    assert result.functions["worker"].peak_concurrency == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize(
    ("times", "hours", "message"),
    [
        (
            (30 * HOUR,),
            "2",
            "stack: Nightly schedule, cron(...), starts no run within 7200 seconds of midnight (UTC); give",
        ),
        ((), None, "stack: Nightly schedule is disabled; there is nothing to simulate"),
    ],
)
def test_a_schedule_without_a_run_is_refused(times: tuple[float, ...], hours: str | None, message: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_arrivals("steady", None, hours, None).in_messages_of(scheduled(*times), SCHEDULE)
    assert str(caught.value).startswith(message)


def test_a_weekly_schedule_is_simulated_for_a_week() -> None:
    load = checked_arrivals("steady", None, None, None).in_messages_of(scheduled(30 * HOUR), SCHEDULE)
    assert load.seconds == WEEK


def test_other_events_need_a_rate_and_share_capacity_with_what_schedules_start() -> None:
    model = scheduled(30.0, duration_ms=20_000, reserved=1, longest_age=60)
    with pytest.raises(InputError, match=r"^--rate: none is given; give a number of events a second$"):
        checked_arrivals("steady", None, None, "1").in_messages_of(model, model.entries[0])
    load = checked_arrivals("steady", "0.01", None, "1").in_messages_of(model, model.entries[0])
    result = LoadSimulation(model, model.entries[0], load).run()
    assert result.functions["worker"].runs == result.arrived + 1
