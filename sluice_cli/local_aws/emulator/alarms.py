"""CloudWatch alarms.

ministack 1.5.33 ignores a metric's dimensions, publishes without checking policies of topic and key, records no metrics
of functions that a service invokes, and omits most fields of an alarm in one of its protocols. Here an alarm evaluates
the metric with its dimensions, each invocation is recorded and its alarms are evaluated immediately, and CloudWatch
publishes only if the policies of the topic and its key allow it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

import json
import logging
import time
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch, lambda_svc, sns

from completing import existing

CLOUDWATCH = "cloudwatch.amazonaws.com"
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
# An alarm's state while its metric has no data, by TreatMissingData.
WITHOUT_DATA = {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}

logger = logging.getLogger(__name__)

_incomplete_alarms = existing(cloudwatch, "_describe_alarms")
_plain_actions = existing(cloudwatch, "_dispatch_alarm_actions")
_plain_record = existing(cloudwatch, "record_metric")
_plain_metrics = existing(lambda_svc, "_emit_lambda_metrics")
_plain_dispatch = existing(lambda_svc, "_execute_function_dispatch")
_statistics = existing(cloudwatch, "_calc_stats")
_statistic = existing(cloudwatch, "_stat_value")
_record_history = existing(cloudwatch, "_record_history")
_evaluate_parents = existing(cloudwatch, "_evaluate_parent_alarms")
_dimensions_key = existing(cloudwatch, "_dims_key")
existing(cloudwatch, "_evaluate_alarm")


def _evaluate(alarm: dict[str, Any]) -> None:
    if not alarm.get("Namespace") or not alarm.get("MetricName"):
        return
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], _dimensions_key(dimensions)))
    if not points:
        return
    since = time.time() - alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1)
    recent = [one for one in points if one["Timestamp"] >= since]
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    value = _statistic(_statistics(recent), statistic, recent) if recent else None
    if value is None:
        state = WITHOUT_DATA.get(alarm.get("TreatMissingData", "missing"), alarm["StateValue"])
        reason = "no datapoints were received"
    else:
        state = "ALARM" if _breaches(value, alarm) else "OK"
        reason = f"Threshold Crossed: {statistic} {value} {alarm.get('ComparisonOperator')} {alarm.get('Threshold')}"
    before = alarm["StateValue"]
    if state == before:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    _record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    _evaluate_parents(alarm)


def _breaches(value: float, alarm: dict[str, Any]) -> bool:
    threshold = float(alarm.get("Threshold", 0))
    return {
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "GreaterThanThreshold": value > threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }.get(alarm.get("ComparisonOperator", ""), False)


def _act(alarm: dict[str, Any], before: str, state: str, reason: str) -> None:
    asked = {name: [one for one in alarm.get(name) or [] if _may_act(one, alarm)] for name in ACTIONS}
    _plain_actions({**alarm, **asked}, before, state, reason)


def _may_act(action: str, alarm: dict[str, Any]) -> bool:
    if ":sns:" not in action:
        return True
    source = alarm.get("AlarmArn", "")
    admitted = bool(sns.topic_policy_allows(action, CLOUDWATCH, source, source.split(":")[4]))
    if not admitted:
        logger.warning("CloudWatch may not publish %s to %s: topic or key do not allow it", source, action)
    return admitted


def _record(
    namespace: str, name: str, value: float, unit: str = "None", dimensions: dict[str, str] | None = None
) -> None:
    _plain_record(namespace, name, value, unit, dimensions)
    asked = dimensions or {}
    for alarm in list(cloudwatch._alarms.values()):
        on = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
        if (alarm.get("Namespace"), alarm.get("MetricName"), on) == (namespace, name, asked):
            _evaluate(alarm)


def _run(function: Any, config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
    result = _plain_dispatch(function, config, event, request_id, started)
    milliseconds = (time.time() - started) * 1000
    _plain_metrics(config.get("FunctionName", ""), milliseconds, error=bool(result.get("error")), throttle=False)
    return result


def _metrics(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
    if throttle:  # invocations are recorded at their end, whoever made them
        _plain_metrics(function_name, duration_ms, error, throttle)


def _describe(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
    """All fields also in the query protocol, which Terraform's provider uses."""
    for alarm in list(cloudwatch._alarms.values()):
        if alarm["StateValue"] == "ALARM":
            _evaluate(alarm)
    answer = _incomplete_alarms(params, cbor_data, is_cbor, is_json)
    if is_cbor or is_json or answer[0] != 200:
        return answer
    names = [value for name, values in params.items() if name.startswith("AlarmNames.member.") for value in values]
    asked = {"AlarmNames": names} if names else {}
    described = json.loads(_incomplete_alarms({}, asked, False, True)[2])
    members = "".join(f"<member>{_fields(alarm)}</member>" for alarm in described["MetricAlarms"])
    return cloudwatch._xml(
        200,
        "DescribeAlarmsResponse",
        f"<DescribeAlarmsResult><MetricAlarms>{members}</MetricAlarms><CompositeAlarms/></DescribeAlarmsResult>",
    )


def _fields(values: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_text(value)}</{name}>"
        for name, value in values.items()
        if value is not None and not name.endswith("Timestamp")
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"<member>{_text(one)}</member>" for one in value)
    if isinstance(value, dict):
        return _fields(value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


cloudwatch._describe_alarms = _describe
cloudwatch._evaluate_alarm = _evaluate
cloudwatch._dispatch_alarm_actions = _act
cloudwatch.record_metric = _record
lambda_svc._emit_lambda_metrics = _metrics
lambda_svc._execute_function_dispatch = _run
