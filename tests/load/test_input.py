"""Input that makes no sense is refused with a message that says what was given and what to give."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.errors import InputError
from sluice_cli.load_model.arrivals import DAY, PATTERNS
from sluice_cli.load_model.inputs import (
    HIGHEST_RATE,
    LONGEST,
    checked_arrivals,
    checked_picture,
    chosen_entry,
    read_counts,
)
from sluice_cli.load_model.model import Entry, LoadModel
from sluice_cli.load_model.quotas import ADJUSTABLE, MOST, AccountLimits, raised
from sluice_cli.load_model.reading import model_of
from sluice_cli.load_model.simulation import LoadSimulation
from sluice_cli.review.cost.counts import NO_COUNTS, EventCounts

NUMBERS = st.one_of(
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(["", " ", "1e3", "0x10", "NaN", "-0", "1_000", "1,5"]),
)


def number(text: str) -> float:
    try:
        return float(text.replace("_", "").replace(",", ""))
    except ValueError:
        return math.nan


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.sampled_from(list(PATTERNS)), st.text(max_size=20)),
    NUMBERS,
    st.none() | NUMBERS,
    st.none() | NUMBERS,
)
def test_a_load_is_possible_or_refused_in_words(
    pattern: str, rate: str, hours: str | None, minutes: str | None
) -> None:
    said = ""
    try:
        found = checked_arrivals(pattern, rate, hours, minutes)
    except InputError as error:
        said = str(error)
    if said:
        assert said.startswith("--")
        assert said.isprintable()
        return
    assert pattern in PATTERNS
    assert 0 < number(rate) <= HIGHEST_RATE
    assert found.rate == number(rate)
    assert 1 <= found.seconds <= LONGEST


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*ADJUSTABLE, "lambda_concurency", ""]), NUMBERS).map("=".join), max_size=3))
def test_quotas_are_possible_or_refused_in_words(given_: list[str]) -> None:
    said = ""
    try:
        found = raised(given_)
    except InputError as error:
        said = str(error)
    if said:
        assert said.startswith("--quota")
        return
    assert len(found) == len(given_)
    assert all(1 <= one <= MOST for one in found.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stedy", "1", None, None), "--pattern: 'stedy' is not known; did you mean steady? (known: steady, burst, "),
        (
            ("steady", "-5", None, None),
            "--rate: '-5' is given; give a number of events a second above 0, at most 10,000,0",
        ),
        (("steady", "0", None, None), "--rate: '0' is given; give a number of events a second above 0"),
        (("steady", "1e99", None, None), "--rate: '1e99' is given; give a number of events a second above 0"),
        (("steady", "fast", None, None), "--rate: 'fast' is given; give a number of events a second above 0"),
        (("steady", "1", "0", None), "--hours: '0' is given; give a number of hours above 0, at most 168"),
        (
            ("steady", "1", "168", "1"),
            "--hours and --minutes: 604860 seconds are given; give 1 second at least, and 7 days",
        ),
        (("steady", "1", None, "0.001"), "--hours and --minutes: 0.06 seconds are given; give 1 second at least"),
    ],
)
def test_what_is_wrong_with_a_load(arguments: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_arrivals(*arguments)
    assert str(caught.value).startswith(message)


def test_a_day_is_the_default_of_the_pattern_of_a_day() -> None:
    assert checked_arrivals("diurnal", "1", None, None).seconds == DAY
    assert checked_arrivals("burst", "1_000", None, None).seconds == 3_600
    assert checked_arrivals("steady", "1", "1", "30").seconds == 5_400


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (
            ["lambda_concurency=5"],
            "--quota 'lambda_concurency=5': AWS raises no quota 'lambda_concurency'; did you mean ",
        ),
        (["lambda_concurrency"], "--quota 'lambda_concurrency': give NAME=VALUE with a number from 1 to"),
        (["lambda_concurrency=0"], "--quota 'lambda_concurrency=0': give NAME=VALUE with a number from 1 to"),
        (["partition_writes=5000"], "--quota 'partition_writes=5000': AWS raises no quota 'partition_writes'"),
        (["api_requests=5", "api_requests=6"], "--quota: api_requests is given twice"),
    ],
)
def test_what_is_wrong_with_a_quota(given_: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        raised(given_)
    assert str(caught.value).startswith(message)


WORK = 'source = "a test"\ndate = 2026-11-27\n[functions."stack/Worker"]\n{}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("duration_ms = -1", "duration_ms: a number of 0 or more is expected, given -1"),
        ("duration_ms = nan", "duration_ms: a number of 0 or more is expected, given nan"),
        ("cpu_ms = 5", "cpu_ms is part of duration_ms, which is not given"),
        ("duration_ms = 5\ncpu_ms = 6", "cpu_ms is part of duration_ms, which is 5.0"),
        ("init_ms = true", "init_ms: a number of 0 or more is expected, given True"),
        ("events_a_run = 0", "events_a_run: a number above 0 is expected, given 0"),
        ("entry = 5", "entry is the name of a construct, as text"),
        ("message_groups = 0", "message_groups: a whole number above 0 is expected, given 0"),
        ("message_groups = 2.5", "message_groups: a whole number above 0 is expected, given 2.5"),
        ("busiest = 1", "busiest is CONSTRUCT = { INDEX = SHARE }"),
        ("busiest.Table.by-day = 1.5", "busiest Table.by-day: a share from 0 to 1 is expected, given 1.5"),
        ("busiest.Table.shards = 8", "busiest Table.shards: the name of a variable of the function is expected"),
        ('once_a_run.Topic = "always"', 'once_a_run is CONSTRUCT = "VARIABLE=VALUE"'),
        ("memory = 5", "memory is not known; it has duration_ms, events_a_run, calls, "),
    ],
)
def test_what_is_wrong_with_a_work_file(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "work.toml"
    file.write_text(WORK.format(text))
    with pytest.raises(InputError) as caught:
        read_counts(tmp_path, file)
    assert str(caught.value).startswith(f"--work: work.toml: functions.'stack/Worker': {message}")


def test_a_work_file_that_is_not_there_is_refused_and_the_projects_own_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^--work: missing.toml cannot be read: No such file or directory$"):
        read_counts(tmp_path, tmp_path / "missing.toml")
    assert read_counts(tmp_path, None) == NO_COUNTS


def entries(*names: str) -> LoadModel:
    return LoadModel("stack", AccountLimits(), entries=tuple(Entry(one.lower(), one, one, "bucket") for one in names))


def counted(tmp_path: Path, *names: str) -> EventCounts:
    lines = [f'[functions."stack/F{number}"]\nentry = "{one}"' for number, one in enumerate(names)]
    (tmp_path / "work.toml").write_text('source = "a test"\ndate = 2026-11-27\n' + "\n".join(lines))
    return EventCounts.read_file(tmp_path / "work.toml")


def test_where_events_come_in_is_asked_for_written_down_or_the_likeliest(tmp_path: Path) -> None:
    model = entries("Uploads", "Api")
    assert chosen_entry(model, NO_COUNTS, None).name == "Uploads"
    assert chosen_entry(model, counted(tmp_path, "Api"), None).name == "Api"
    assert chosen_entry(model, counted(tmp_path, "Api"), "Uploads").name == "Uploads"


def test_where_no_events_come_in_is_refused(tmp_path: Path) -> None:
    model = entries("Uploads", "Api")
    for given_, counts, message in (
        (
            "Uplods",
            NO_COUNTS,
            "--entry: 'Uplods' brings no events to stack; did you mean Uploads? (it has: Uploads, Api)",
        ),
        (None, counted(tmp_path, "Nothing"), "the work file: entry 'Nothing' of stack brings no events (it has: Upl"),
        (
            None,
            counted(tmp_path, "Api", "Uploads"),
            "the work file names several entries of stack (Api, Uploads): keep",
        ),
    ):
        with pytest.raises(InputError) as caught:
            chosen_entry(model, counts, given_)
        assert str(caught.value).startswith(message)
    with pytest.raises(InputError, match=r"^stack: nothing brings events from outside to a function"):
        chosen_entry(entries(), NO_COUNTS, None)


@pytest.mark.parametrize("name", ["load.gif", "load", "load.SVG", "missing/load.svg"])
def test_a_picture_of_another_kind_or_nowhere_is_refused_before_anything_is_simulated(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match=r"^--picture: "):
        checked_picture(tmp_path / name)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(),
    st.sampled_from(
        [
            *("", "${var.size}", "PAY_PER_REQUEST", "${aws_lambda_function.F.arn}", "${aws_sqs_queue.Q.arn}"),
            *("${aws_kinesis_stream.X.arn}", "${aws_dynamodb_table.X.stream_arn}", "rate(1 minute)", "rate(0 days)"),
            *("cron(0 2 * * ? *)", "${aws_cloudwatch_event_rule.X.name}", "${aws_lambda_function.F.function_name}"),
        ]
    ),
    st.fixed_dictionaries({"arn": st.just("${aws_lambda_function.F.arn}")}),
    st.lists(st.dictionaries(st.sampled_from(["name", "write_capacity", "maximum_concurrency"]), st.integers(-1, 9))),
)
KEYS = {
    "aws_lambda_function": (
        "memory_size",
        "timeout",
        "reserved_concurrent_executions",
        "tracing_config",
        "environment",
    ),
    "aws_sqs_queue": ("visibility_timeout_seconds", "message_retention_seconds", "redrive_policy", "fifo_queue"),
    "aws_dynamodb_table": (
        "billing_mode",
        "write_capacity",
        "read_capacity",
        "global_secondary_index",
        "warm_throughput",
    ),
    "aws_lambda_event_source_mapping": (
        *("event_source_arn", "function_name", "batch_size", "maximum_batching_window_in_seconds", "scaling_config"),
        *("provisioned_poller_config", "enabled", "function_response_types", "parallelization_factor"),
        *("maximum_retry_attempts", "maximum_record_age_in_seconds", "filter_criteria"),
    ),
    "aws_s3_bucket_notification": ("bucket", "lambda_function", "queue", "topic", "eventbridge"),
    "aws_kinesis_stream": ("shard_count", "retention_period", "stream_mode_details"),
    "aws_scheduler_schedule": ("schedule_expression", "schedule_expression_timezone", "state", "target"),
    "aws_cloudwatch_event_rule": ("schedule_expression", "event_pattern", "is_enabled"),
    "aws_cloudwatch_event_target": ("rule", "arn"),
    "aws_lambda_function_url": ("function_name",),
}


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({type_: st.fixed_dictionaries(dict.fromkeys(names, VALUES)) for type_, names in KEYS.items()})
)
def test_any_terraform_is_simulated_or_refused_in_words(resources: dict[str, dict[str, Any]]) -> None:
    names = {"aws_lambda_function": "F", "aws_sqs_queue": "Q"}
    document = {"resource": {type_: {names.get(type_, "X"): values} for type_, values in resources.items()}}
    model = model_of(json.loads(json.dumps(document)), "stack")
    said = ""
    try:
        entry = chosen_entry(model, NO_COUNTS, None)
        load = checked_arrivals("steady", "5", None, "0.1").in_messages_of(model, entry)
        result = LoadSimulation(model, entry, load, step=1).run(60)
    except InputError as error:
        said = str(error)
    if said:
        assert said.startswith("stack: ")
        return
    assert result.finished + result.kept + result.lost + result.refused + result.still_waiting >= result.arrived > 0
