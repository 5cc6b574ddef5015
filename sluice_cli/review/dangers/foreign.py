"""Where events, copies and code go to or come from: another account than the plan's own resources are in."""

import json
import re
from collections.abc import Iterator, Mapping

from sluice_cli.text import clean

from ..hidden import revealed
from ..model import Danger, Finding
from .case import Case

# Arguments that name where something is sent, by type.
TARGETS: Mapping[str, tuple[str, ...]] = {
    "aws_cloudwatch_event_target": ("arn", "dead_letter_config.arn"),
    "aws_cloudwatch_log_subscription_filter": ("destination_arn",),
    "aws_cloudwatch_metric_alarm": ("alarm_actions", "ok_actions", "insufficient_data_actions"),
    "aws_cloudwatch_composite_alarm": ("alarm_actions", "ok_actions", "insufficient_data_actions"),
    "aws_api_gateway_stage": ("access_log_settings.destination_arn",),
    "aws_lambda_event_source_mapping": ("destination_config.on_failure.destination_arn",),
    "aws_lambda_function": ("dead_letter_config.target_arn",),
    "aws_lambda_function_event_invoke_config": (
        "destination_config.on_success.destination",
        "destination_config.on_failure.destination",
    ),
    "aws_s3_bucket_notification": (
        "lambda_function.lambda_function_arn",
        "queue.queue_arn",
        "topic.topic_arn",
    ),
    "aws_s3_bucket_replication_configuration": ("rule.destination.account",),
    "aws_scheduler_schedule": ("target.arn", "target.dead_letter_config.arn"),
    **dict.fromkeys(
        ("aws_sqs_queue", "aws_sqs_queue_redrive_policy", "aws_sns_topic_subscription"),
        ("endpoint", "redrive_policy", "redrive_policy.deadLetterTargetArn"),
    ),
}
# Code that a function is made of.
IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.")
ACCOUNT = re.compile(r"\d{12}")


def foreign_targets(case: Case) -> Iterator[Finding]:
    if case.verb not in ("create", "update", "replace", "create beside") or case.change.deposed:
        return
    names = TARGETS.get(case.type, ())
    for one in case.differences:
        # Without an account to compare with, a target is as likely the plan's own.
        if one.unknown or not case.context.account:
            continue
        after, before = revealed(one.after), revealed(one.before)
        for text in _texts(after) - _texts(before):
            if one.name in names and (case.context.is_foreign(text) or _is_other_account(case, text)):
                whose = "an account that Terraform hides" if one.sensitive else f"account {clean(_account(text))}"
                yield case.finding(
                    Danger.ACCESS, f"{whose} gets what is sent", "What it is sent leaves this plan's account."
                )
            image = IMAGE.match(text) if (case.type, one.name) == ("aws_lambda_function", "image_uri") else None
            if image and image[1] != case.context.account:
                whose = "an account that Terraform hides" if one.sensitive else f"account {image[1]}"
                yield case.finding(
                    Danger.ACCESS,
                    f"an image of {whose}",
                    "Code of another or an unknown account runs with the function's permissions.",
                )


def _is_other_account(case: Case, text: str) -> bool:
    return bool(ACCOUNT.fullmatch(text)) and text != case.context.account


def _account(text: str) -> str:
    parts = text.split(":")
    return parts[4] if len(parts) > 5 else text


def _texts(value: object) -> set[str]:
    """The texts of a value, which may be a list, or JSON."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return _texts(list(json.loads(value).values()))
        except (ValueError, RecursionError):
            return {value}
    if isinstance(value, list):
        return {one for one in value if isinstance(one, str)}
    return {value} if isinstance(value, str) else set()
