from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Key, PythonFunction, Queue, Schedule, Topic
from modules._cron_dates import names_a_date

from .synthesized import PARTITION, REGION, Terraform, allow

ROLE = "${aws_iam_role.Nightly/Role.arn}"
ACCOUNT_ID = "${data.aws_caller_identity.CurrentAccount.account_id}"
UNDELIVERED = "${aws_sqs_queue.Nightly/Undelivered/Queue.arn}"
KEEP = allow("KeepUndelivered", ["sqs:SendMessage"], UNDELIVERED)
KEY_ARN = "${aws_kms_key.Key/Key.arn}"


def nightly(stack: TerraformStack, **options: Any) -> Schedule:
    when = {} if {"rate", "cron", "at"} & set(options) else {"cron": "0 3 * * ? *"}
    return Schedule(stack, "Nightly", **{"name": "nightly", **when, **options})


def target(arn: str, **options: Any) -> dict[str, Any]:
    return {
        "arn": arn,
        "role_arn": ROLE,
        "retry_policy": {"maximum_retry_attempts": 185, "maximum_event_age_in_seconds": 86400},
        "dead_letter_config": {"arn": UNDELIVERED},
        **options,
    }


def test_a_function_is_called_by_scheduler_with_a_role_that_may_do_that_only(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    nightly(stack, time_zone="Europe/Berlin").on_time(worker, input={"days": 1})
    made = Terraform(stack)
    function = "${aws_lambda_function.Worker/Function.arn}"
    assert made.all("aws_scheduler_schedule") == {
        "Nightly/ToWorker": {
            "name": "nightly",
            "schedule_expression": "cron(0 3 * * ? *)",
            "schedule_expression_timezone": "Europe/Berlin",
            "flexible_time_window": {"mode": "OFF"},
            "target": target(function, input='{"days": 1}'),
            "depends_on": [
                "aws_iam_role_policy.Nightly/KeepNightly/RolePolicy",
                "aws_iam_role_policy.Nightly/InvokeWorker/RolePolicy",
            ],
        }
    }
    assert made.grants("Nightly") == {
        "KeepNightly": [KEEP],
        "InvokeWorker": [allow("Invoke", ["lambda:InvokeFunction"], function)],
    }
    assert made.all("aws_iam_role")["Nightly/Role"]["name"] == "nightly"
    assert made.policies()["Nightly/AssumeRole"] == [
        {
            "sid": "SchedulerService",
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["scheduler.amazonaws.com"]}],
            "actions": ["sts:AssumeRole"],
            "resources": [],
            "condition": [
                {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT_ID]},
                {
                    "test": "ArnEquals",
                    "variable": "aws:SourceArn",
                    "values": [f"arn:{PARTITION}:scheduler:{REGION}:{ACCOUNT_ID}:schedule-group/default"],
                },
            ],
        }
    ]
    # Scheduler uses its role: the function's resource policy allows nobody.
    assert made.all("aws_lambda_permission") == {}


def test_further_targets_have_schedules_of_their_own(stack: TerraformStack, key: Key, worker: PythonFunction) -> None:
    schedule = nightly(stack, key=key)
    schedule.on_time(worker)
    schedule.on_time(Queue(stack, "Orders", name="orders.fifo", fifo=True, key=key))
    schedule.on_time(Topic(stack, "News", name="news", key=key))
    made = Terraform(stack)
    seen = {
        path: (one["name"], one["kms_key_arn"], one["target"].get("sqs_parameters"))
        for path, one in made.all("aws_scheduler_schedule").items()
    }
    assert seen == {
        "Nightly/ToWorker": ("nightly", KEY_ARN, None),
        "Nightly/ToOrders": ("nightly-Orders", KEY_ARN, {"message_group_id": "nightly"}),
        "Nightly/ToNews": ("nightly-News", KEY_ARN, None),
    }
    encrypt = allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN)
    assert made.grants("Nightly") == {
        "KeepNightly": [KEEP, allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN)],
        "InvokeWorker": [allow("Invoke", ["lambda:InvokeFunction"], "${aws_lambda_function.Worker/Function.arn}")],
        "SendOrders": [allow("Send", ["sqs:SendMessage"], "${aws_sqs_queue.Orders/Queue.arn}"), encrypt],
        "PublishNews": [allow("Publish", ["sns:Publish"], "${aws_sns_topic.News/Topic.arn}"), encrypt],
    }


def test_undeliverable_calls_are_kept_with_an_alarm(stack: TerraformStack) -> None:
    nightly(stack)
    made = Terraform(stack)
    assert made.one("aws_sqs_queue")["name"] == "nightly-undelivered"
    assert list(made.all("aws_cloudwatch_metric_alarm")) == ["Nightly/UndeliveredAlarms/Kept"]


@pytest.mark.parametrize(
    ("options", "expression"),
    [
        ({"rate": "1 minute"}, "rate(1 minute)"),
        ({"rate": "90 minutes"}, "rate(90 minutes)"),
        ({"rate": "7 days"}, "rate(7 days)"),
        ({"cron": "0/15 8-17 ? * MON-FRI *"}, "cron(0/15 8-17 ? * MON-FRI *)"),
        ({"cron": "0 8 L * ? *"}, "cron(0 8 L * ? *)"),
        ({"cron": "0 8 15W 1,JUL ? 2026-2030"}, "cron(0 8 15W 1,JUL ? 2026-2030)"),
        ({"cron": "0 8 ? * 6#3 *"}, "cron(0 8 ? * 6#3 *)"),
        ({"cron": "0 8 ? * 2L *"}, "cron(0 8 ? * 2L *)"),
        ({"at": "2099-12-01T08:00:00"}, "at(2099-12-01T08:00:00)"),
        ({"at": datetime(2099, 12, 1, 8)}, "at(2099-12-01T08:00:00)"),
    ],
)
def test_a_time_is_written_as_scheduler_wants_it(
    stack: TerraformStack, worker: PythonFunction, options: dict[str, Any], expression: str
) -> None:
    nightly(stack, **options).on_time(worker)
    assert Terraform(stack).one("aws_scheduler_schedule")["schedule_expression"] == expression


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "n" * 65}, "name is .* AWS allows 1 to 64"),
        ({"rate": "5 minutes", "cron": "0 3 * * ? *"}, "rate, cron says when; give one of rate, cron and at"),
        ({"rate": "rate(5 minutes)"}, r"rate is 'rate\(5 minutes\)', AWS allows a number of minutes, hours or days"),
        ({"rate": "0 minutes"}, "rate is '0 minutes'"),
        ({"rate": "30 seconds"}, "rate is '30 seconds'"),
        ({"rate": "1 minutes"}, "rate is '1 minutes', AWS allows '1 minute'"),
        ({"rate": "5 minute"}, "rate is '5 minute', AWS allows '5 minutes'"),
        ({"cron": "0 3 * * *"}, "cron is '0 3 \\* \\* \\*', AWS allows six fields"),
        ({"cron": "0 3 * * * *"}, r"AWS allows \? in one of day-of-month and day-of-week"),
        ({"cron": "0 3 ? * ? *"}, r"AWS allows \? in one of day-of-month and day-of-week"),
        ({"cron": "60 3 * * ? *"}, "AWS allows 0 to 59 for minutes, which is '60'"),
        ({"cron": "0 24 * * ? *"}, "AWS allows 0 to 23 for hours, which is '24'"),
        ({"cron": "0 3 32 * ? *"}, "AWS allows 1 to 31 for day-of-month, which is '32'"),
        ({"cron": "0 3 * 13 ? *"}, "AWS allows 1 to 12 for month, which is '13'"),
        ({"cron": "0 3 ? * 8 *"}, "AWS allows 1 to 7 for day-of-week, which is '8'"),
        ({"cron": "0 3 * * ? 1969"}, "AWS allows 1970 to 2199 for year, which is '1969'"),
        ({"cron": "0/0 3 * * ? *"}, "for minutes, which is '0/0'"),
        ({"cron": "0 3 1W,15W * ? *"}, "AWS allows a single value with W in day-of-month, not '1W,15W'"),
        ({"cron": "0 3 1,15w * ? *"}, "AWS allows a single value with W in day-of-month"),
        ({"cron": "0 3 LW,1 * ? *"}, "AWS allows a single value with W in day-of-month"),
        ({"cron": "0 3 15,L * ? *"}, "AWS allows a single value with L in day-of-month"),
        ({"cron": "0 3 L-3,15 * ? *"}, "AWS allows a single value with L in day-of-month"),
        ({"cron": "0 3 ? * 6L,SUN *"}, "AWS allows a single value with L in day-of-week"),
        ({"cron": "0 3 ? * WED,L *"}, "AWS allows a single value with L in day-of-week"),
        ({"cron": "0 3 30 2 ? *"}, "AWS allows days that the months and years have, which '30' is not"),
        ({"at": "2020-01-01T00:00:00"}, "AWS allows a time to come; remove a schedule whose time is over"),
        ({"at": "2099-02-30T00:00:00"}, "AWS allows a date and time such as"),
        ({"at": "at(2099-12-01T08:00:00)"}, "AWS allows a date and time such as"),
        ({"at": ""}, "AWS allows a date and time such as"),
        ({"at": "tomorrow"}, "at is 'tomorrow', AWS allows a date and time"),
        ({"at": "2099-12-01T08:00:00Z"}, "leave the offset out and name the zone with time_zone"),
        ({"at": datetime(2099, 12, 1, tzinfo=UTC)}, "leave the offset out and name the zone with time_zone"),
        ({"cron": "0 3 * * ? *", "time_zone": "Berlin"}, "time_zone is 'Berlin', AWS allows a name of the IANA"),
        ({"rate": "1 hour", "time_zone": "Europe/Berlin"}, "time_zone has no effect on a rate"),
        ({"retries": 186}, "retries is 186, AWS allows 0 to 185"),
        ({"event_age_seconds": 59}, "event_age_seconds is 59, AWS allows 60 to 86400"),
    ],
)
def test_values_that_scheduler_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^stack/Nightly: .*{message}"):
        nightly(stack, **options)


@pytest.mark.parametrize(
    "fields",
    [
        "31 2",
        "29 2 2025-2027",
        "31 4,JUN,9",
        "31 NOV/5",
        "30,31 FEB",
        "30-31 2",
        "31W SEP",
        "L-30 APR",
        "L-29 2",
        "31/2 6",
    ],
)
def test_days_that_no_month_has_are_refused(stack: TerraformStack, fields: str) -> None:
    days, months, *years = fields.split()
    with pytest.raises(ConfigurationError, match=r"^stack/Nightly: cron is .* days that the months and years have"):
        nightly(stack, cron=f"0 3 {days} {months} ? {''.join(years) or '*'}")


@pytest.mark.parametrize(
    "fields",
    [
        "29 2",
        "29 2 2026-2028",
        "31 1-2",
        "29-31 FEB",
        "31 DEC/3",
        "L 2",
        "LW FEB",
        "L-28 2",
        "31 NOV-FEB",
        "1/30 2",
        "28W 2",
    ],
)
def test_days_that_a_month_has_are_taken(stack: TerraformStack, fields: str) -> None:
    days, months, *years = fields.split()
    nightly(stack, cron=f"0 3 {days} {months} ? {''.join(years) or '*'}")


def test_each_day_of_each_month_is_taken_exactly_where_the_year_has_it() -> None:
    for year in (1999, 2000, 2024, 2100):
        for month in range(1, 13):
            for day in range(1, 32):
                there = day <= monthrange(year, month)[1]
                assert names_a_date(days=str(day), months=str(month), years=str(year)) == there


def test_a_time_that_has_passed_lately_is_told_and_does_not_stop_the_synth(
    stack: TerraformStack, worker: PythonFunction, capsys: pytest.CaptureFixture[str]
) -> None:
    at = (datetime.now(UTC) - timedelta(days=3)).replace(tzinfo=None, microsecond=0)
    nightly(stack, at=at).on_time(worker)
    assert Terraform(stack).one("aws_scheduler_schedule")["schedule_expression"] == f"at({at.isoformat()})"
    assert f"stack/Nightly: at is {at.isoformat()}, which is over" in capsys.readouterr().err


def test_a_schedule_without_a_time_is_an_error(stack: TerraformStack) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/Nightly: nothing says when; give one of rate, cron and at"):
        Schedule(stack, "Nightly", name="nightly")


def test_a_target_is_called_once(stack: TerraformStack, worker: PythonFunction) -> None:
    schedule = nightly(stack)
    schedule.on_time(worker)
    with pytest.raises(ConfigurationError, match=r"^stack/Nightly: stack/Worker is called at that time already"):
        schedule.on_time(worker)
