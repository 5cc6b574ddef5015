"""Plans that change alarms, dashboards and logs. Each with the headings it gets."""

import json

import pytest

from tests.review.plans import Values, change, findings


def up(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


AL = "aws_cloudwatch_metric_alarm.A"
LG = "aws_cloudwatch_log_group.L"


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "actions off": ([up(AL, {"actions_enabled": True}, {"actions_enabled": False})], ["Alarm removed"]),
    "actions on": ([up(AL, {"actions_enabled": False}, {"actions_enabled": True})], []),
    "treat missing breaching->notBreaching": (
        [up(AL, {"treat_missing_data": "breaching"}, {"treat_missing_data": "notBreaching"})],
        ["Alarm removed"],
    ),
    "treat missing notBreaching->breaching": (
        [up(AL, {"treat_missing_data": "notBreaching"}, {"treat_missing_data": "breaching"})],
        [],
    ),
    "missing to ignore": (
        [up(AL, {"treat_missing_data": "missing"}, {"treat_missing_data": "ignore"})],
        ["Alarm removed"],
    ),
    "threshold up": (
        [
            up(
                AL,
                {"threshold": 1, "comparison_operator": "GreaterThanThreshold"},
                {"threshold": 100, "comparison_operator": "GreaterThanThreshold"},
            )
        ],
        ["Alarm removed"],
    ),
    "threshold down": (
        [
            up(
                AL,
                {"threshold": 100, "comparison_operator": "GreaterThanThreshold"},
                {"threshold": 1, "comparison_operator": "GreaterThanThreshold"},
            )
        ],
        [],
    ),
    "LessThan threshold down": (
        [
            up(
                AL,
                {"threshold": 100, "comparison_operator": "LessThanThreshold"},
                {"threshold": 1, "comparison_operator": "LessThanThreshold"},
            )
        ],
        ["Alarm removed"],
    ),
    ">= to >": (
        [
            up(
                AL,
                {"threshold": 1, "comparison_operator": "GreaterThanOrEqualToThreshold"},
                {"threshold": 1, "comparison_operator": "GreaterThanThreshold"},
            )
        ],
        ["Alarm removed"],
    ),
    "> to >=": (
        [
            up(
                AL,
                {"threshold": 1, "comparison_operator": "GreaterThanThreshold"},
                {"threshold": 1, "comparison_operator": "GreaterThanOrEqualToThreshold"},
            )
        ],
        [],
    ),
    "< to <=": (
        [
            up(
                AL,
                {"threshold": 1, "comparison_operator": "LessThanThreshold"},
                {"threshold": 1, "comparison_operator": "LessThanOrEqualToThreshold"},
            )
        ],
        [],
    ),
    "<= to <": (
        [
            up(
                AL,
                {"threshold": 1, "comparison_operator": "LessThanOrEqualToThreshold"},
                {"threshold": 1, "comparison_operator": "LessThanThreshold"},
            )
        ],
        ["Alarm removed"],
    ),
    "statistic Sum->Average": ([up(AL, {"statistic": "Sum"}, {"statistic": "Average"})], ["Alarm removed"]),
    "datapoints down": (
        [
            up(
                AL,
                {"datapoints_to_alarm": 3, "evaluation_periods": 3},
                {"datapoints_to_alarm": 1, "evaluation_periods": 3},
            )
        ],
        [],
    ),
    "datapoints up": (
        [
            up(
                AL,
                {"datapoints_to_alarm": 1, "evaluation_periods": 3},
                {"datapoints_to_alarm": 3, "evaluation_periods": 3},
            )
        ],
        ["Alarm removed"],
    ),
    "eval periods 1 ->5 with datapoints 1->1": (
        [
            up(
                AL,
                {"datapoints_to_alarm": 1, "evaluation_periods": 1},
                {"datapoints_to_alarm": 1, "evaluation_periods": 5},
            )
        ],
        [],
    ),
    "datapoints removed with 3 periods": (
        [
            up(
                AL,
                {"datapoints_to_alarm": 1, "evaluation_periods": 3},
                {"datapoints_to_alarm": None, "evaluation_periods": 3},
            )
        ],
        ["Alarm removed"],
    ),
    "period up": ([up(AL, {"period": 60}, {"period": 3600})], ["Alarm removed"]),
    "period down": ([up(AL, {"period": 300}, {"period": 60})], []),
    "ok actions removed": (
        [up(AL, {"ok_actions": ["x"], "alarm_actions": ["x"]}, {"ok_actions": [], "alarm_actions": ["x"]})],
        ["Alarm removed"],
    ),
    "alarm_actions emptied": ([up(AL, {"alarm_actions": ["x"]}, {"alarm_actions": []})], ["Alarm removed"]),
    "alarm_actions added": ([up(AL, {"alarm_actions": ["x"]}, {"alarm_actions": ["x", "y"]})], []),
    "new alarm disabled": ([change(AL, None, {"actions_enabled": False})], []),
    "insufficient data actions removed": (
        [up(AL, {"insufficient_data_actions": ["x"]}, {"insufficient_data_actions": []})],
        ["Alarm removed"],
    ),
    "composite rule": (
        [
            up(
                "aws_cloudwatch_composite_alarm.A",
                {"alarm_rule": "ALARM(a) OR ALARM(b)"},
                {"alarm_rule": "ALARM(a) AND ALARM(b)"},
            )
        ],
        ["Alarm removed"],
    ),
    "low sample ignore": (
        [
            up(
                AL,
                {"evaluate_low_sample_count_percentiles": "evaluate"},
                {"evaluate_low_sample_count_percentiles": "ignore"},
            )
        ],
        ["Alarm removed"],
    ),
    "dashboard body emptied": (
        [
            up(
                "aws_cloudwatch_dashboard.D",
                {
                    "dashboard_body": json.dumps(
                        {"widgets": [{"type": "metric", "properties": {"metrics": [["a", "b"]]}}, {"type": "text"}]}
                    )
                },
                {"dashboard_body": json.dumps({"widgets": []})},
            )
        ],
        ["No longer observed"],
    ),
    "dashboard widget added": (
        [
            up(
                "aws_cloudwatch_dashboard.D",
                {"dashboard_body": json.dumps({"widgets": [{"type": "metric"}]})},
                {"dashboard_body": json.dumps({"widgets": [{"type": "metric"}, {"type": "text"}]})},
            )
        ],
        [],
    ),
    "retention lowered": ([up(LG, {"retention_in_days": 365}, {"retention_in_days": 7})], ["Kept for less time"]),
    "retention raised": ([up(LG, {"retention_in_days": 7}, {"retention_in_days": 365})], []),
    "retention forever->": ([up(LG, {"retention_in_days": 0}, {"retention_in_days": 365})], ["Kept for less time"]),
    "retention ->forever": ([up(LG, {"retention_in_days": 30}, {"retention_in_days": 0})], []),
    "class IA": (
        [
            change(
                LG,
                {"name": "a", "log_group_class": "STANDARD"},
                {"name": "a", "log_group_class": "INFREQUENT_ACCESS"},
                actions=["delete", "create"],
                replace_paths=[["log_group_class"]],
            )
        ],
        ["Data is lost", "No longer observed"],
    ),
    "skip_destroy off": ([up(LG, {"skip_destroy": True}, {"skip_destroy": False})], ["Protection removed"]),
    "metric filter pattern": (
        [up("aws_cloudwatch_log_metric_filter.F", {"pattern": "ERROR"}, {"pattern": "FATAL"})],
        ["No longer observed"],
    ),
    "log group kms removed": ([up(LG, {"kms_key_id": "k"}, {"kms_key_id": None})], ["Encryption lost"]),
    "data protection policy removed": (
        [change("aws_cloudwatch_log_data_protection_policy.P", {"log_group_name": "x"}, None)],
        ["Protection removed"],
    ),
    "subscription filter to other account": (
        [
            up(
                "aws_cloudwatch_log_subscription_filter.S",
                {"destination_arn": "a", "filter_pattern": ""},
                {"destination_arn": "b", "filter_pattern": ""},
            )
        ],
        ["Events change"],
    ),
    "subscription filter created": (
        [
            change(
                "aws_cloudwatch_log_subscription_filter.S",
                None,
                {
                    "destination_arn": "arn:aws:logs:us-east-1:999999999999:destination:x",
                    "filter_pattern": "",
                    "log_group_name": "/aws/lambda/x",
                },
            )
        ],
        [],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
