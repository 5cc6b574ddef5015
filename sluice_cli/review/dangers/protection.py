"""Protection, alarms, retention and limits that go away."""

import re
from collections.abc import Iterator

from ..model import Danger, Finding
from ..values import Difference
from ..words import attribute_words
from .case import Case, numbers, turned_off, turned_on

# Switches whose turning off removes a protection: what that means.
SWITCHES = {
    "deletion_protection": "It can be destroyed by mistake.",
    "deletion_protection_enabled": "It can be destroyed by mistake.",
    "point_in_time_recovery.enabled": "What is overwritten or deleted by mistake cannot be restored any more.",
    "enable_key_rotation": "The key material stays the same for ever.",
    "versioning_configuration.status": "An object that is overwritten or deleted is gone.",
    "enable_termination_protection": "It can be destroyed by mistake.",
    "multi_az": "It no longer survives the loss of a data centre.",
}
VERSIONING_MEANS = SWITCHES["versioning_configuration.status"]
RETENTION = re.compile(
    r"(^|\.)(retention_in_days|message_retention_seconds|backup_retention_period|retention_period"
    r"|deletion_window_in_days|recovery_window_in_days|noncurrent_days|recovery_period_in_days)$"
)
THROTTLES = ("throttling_rate_limit", "throttling_burst_limit", "throttle_settings.rate_limit", "quota_settings.limit")
MORE_IS_LOOSER = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")


def protection(case: Case) -> Iterator[Finding]:
    if case.type == "aws_s3_bucket_versioning" and case.gone:
        yield Finding(Danger.PROTECTION, f"{case.subject}: versioning turned off", VERSIONING_MEANS)
    if case.type == "aws_lambda_function_event_invoke_config" and (
        case.gone or any("on_failure" in one.name and not one.after and not one.unknown for one in case.judged)
    ):
        yield Finding(
            Danger.PROTECTION, f"{case.subject}: failed events are no longer kept", "An event that fails is lost."
        )
    if case.type == "aws_wafv2_web_acl_association" and case.gone:
        yield Finding(
            Danger.PROTECTION, f"{case.subject}: no web ACL stands before it", "What it refused gets to the function."
        )
    for one in case.judged:
        name = one.name
        if name == "code_signing_config_arn" and one.before and not one.after and not one.unknown:
            yield Finding(
                Danger.PROTECTION, f"{case.subject}: code need not be signed", "Lambda takes whatever it is given."
            )
        means = SWITCHES.get(name) or SWITCHES.get(name.rpartition(".")[2])
        if means and turned_off(one):
            yield Finding(Danger.PROTECTION, f"{case.subject}: {attribute_words(name)} turned off", means)
        if name in ("force_destroy", "skip_final_snapshot") and turned_on(one):
            yield Finding(
                Danger.PROTECTION, f"{case.subject}: {name} turned on", "A destroy takes its content along, unasked."
            )
        if name.endswith("data_trace_enabled") and turned_on(one):
            yield Finding(
                Danger.PROTECTION, f"{case.subject}: bodies are logged", "What people send can be read in the logs."
            )
    yield from _alarm(case)
    yield from _retention(case)
    yield from _limits(case)


def _alarm(case: Case) -> Iterator[Finding]:
    if case.type == "aws_sns_topic_subscription" and case.gone:
        yield Finding(
            Danger.ALARM, f"{case.subject}: a subscription ends", "Whoever was told of notifications and alarms is not."
        )
    if case.type not in ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"):
        return
    nobody = "Nobody hears when it happens again."
    if case.gone:
        yield Finding(Danger.ALARM, f"{case.subject}: an alarm is removed", nobody)
    for one in case.judged:
        if one.name == "alarm_actions" and one.before and not one.after and not one.unknown:
            yield Finding(Danger.ALARM, f"{case.subject}: the alarm tells nobody", nobody)
        if one.name == "actions_enabled" and one.before is True and one.after is False:
            yield Finding(Danger.ALARM, f"{case.subject}: the alarm is silenced", nobody)
        if one.name == "threshold" and _looser(case, one):
            yield Finding(
                Danger.ALARM,
                f"{case.subject}: the alarm rings later ({one.shown_before} → {one.shown_after})",
                "What rang before passes unheard now.",
            )


def _looser(case: Case, one: Difference) -> bool:
    both = numbers(one)
    if not both:
        return False
    higher = case.values.get("comparison_operator") in MORE_IS_LOOSER
    return both[1] > both[0] if higher else both[1] < both[0]


def _retention(case: Case) -> Iterator[Finding]:
    if case.type == "aws_s3_bucket_lifecycle_configuration":
        for one in case.judged:
            if one.name.endswith("expiration.days") and "noncurrent" not in one.name and one.after:
                yield Finding(
                    Danger.RETENTION,
                    f"{case.subject}: objects expire",
                    f"They are deleted after {one.shown_after} days.",
                )
    for one in case.judged:
        both = numbers(one) if RETENTION.search(one.name) else None
        # 0 days of a log group are for ever.
        if both and both[1] != 0 and (both[1] < both[0] or both[0] == 0):
            before = "for ever" if both[0] == 0 else one.shown_before
            yield Finding(
                Danger.RETENTION,
                f"{case.subject}: {attribute_words(one.name)} {before} → {one.shown_after}",
                "What is older than that is deleted, or can no longer be restored.",
            )


def _limits(case: Case) -> Iterator[Finding]:
    means = "A flood of requests is no longer held back, and is paid for."
    if case.gone and case.type in ("aws_api_gateway_method_settings", "aws_api_gateway_usage_plan"):
        yield Finding(Danger.THROTTLE, f"{case.subject}: throttling removed", means)
    for one in case.judged:
        if one.name.endswith(THROTTLES) and one.before not in (None, -1) and not one.unknown:
            both = numbers(one)
            if both is None or both[1] < 0:
                yield Finding(Danger.THROTTLE, f"{case.subject}: throttling removed", means)
            elif both[1] > both[0]:
                yield Finding(
                    Danger.THROTTLE, f"{case.subject}: limit raised {one.shown_before} → {one.shown_after}", means
                )
        if one.name == "reserved_concurrent_executions" and isinstance(one.before, int) and one.before >= 0:
            if one.after is None or one.after == -1:
                yield Finding(Danger.THROTTLE, f"{case.subject}: reserved concurrency removed", means)
        elif one.name == "reserved_concurrent_executions" and one.after == 0:
            yield Finding(Danger.THROTTLE, f"{case.subject}: no concurrency at all", "The function no longer runs.")
