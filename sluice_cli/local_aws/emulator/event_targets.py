"""Permissions and dead-letter queues of EventBridge's rules and schedules.

ministack 1.5.33 calls targets without checking the target's policy (rules) or the role (schedules), and has no
dead-letter queues of targets.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import json
import logging
import re
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import eventbridge, sns, sqs

from completing import existing
from invoke_permissions import may_invoke
from rights import key_of, role_may, role_may_use_key, service_may_take, service_may_use_key

RULES, SCHEDULES = "events.amazonaws.com", "scheduler.amazonaws.com"
ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}

logger = logging.getLogger(__name__)

_pin_origin = existing(iam_evaluator, "pin_request_origin")
_plain_target = existing(eventbridge, "_invoke_target")
_view = existing(eventbridge, "_pattern_event_view")
_send = existing(eventbridge, "_dispatch_to_sqs")
_queue_admits = existing(sqs, "queue_policy_allows")
_topic_admits = existing(sns, "topic_policy_allows")


def _invoke_target(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
    # EventBridge sends over TLS, whatever made it do so: a clock has no request, and so no `aws:SecureTransport`.
    _pin_origin("127.0.0.1", True)
    refusal = _refusal(target, rule)
    if not refusal:
        _plain_target(target, event, rule, view)
        return
    logger.warning("%s", refusal)
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue and not _refusal({**target, "Arn": queue}, rule):
        payload = target.get("Input") or json.dumps((view or _view(event)).event_with_detail())
        attributes = {
            "RULE_ARN": rule["Arn"],
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": "NO_PERMISSIONS",
            "ERROR_MESSAGE": refusal,
        }
        _send(parse_arn(queue), payload)
        kept = sqs._queue_by_arn(queue)["messages"][-1]
        kept["message_attributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
        kept["md5_attrs"] = sqs._md5_msg_attrs(kept["message_attributes"])


def is_schedule(arn: str) -> bool:
    """Whether an ARN is a schedule's, not a rule's."""
    return ":scheduler:" in arn


def _refusal(target: dict[str, Any], rule: dict[str, Any]) -> str:
    """The reason why a target may not be called; empty if it may, and for targets of other kinds."""
    try:
        arn = parse_arn(target.get("Arn", ""))
    except ArnParseError:
        return ""
    action = ACTIONS.get(arn.service)
    if action is None:
        return ""
    source = rule.get("Arn", "")
    if is_schedule(source):
        return _refusal_of_role(target.get("RoleArn", ""), action, str(arn), source)
    admitted = {
        "lambda": lambda: may_invoke(str(arn), RULES, source),
        "sqs": lambda: _queue_policy_allows(str(arn), RULES, source, arn.account_id),
        "sns": lambda: _topic_policy_allows(str(arn), RULES, source, arn.account_id),
    }[arn.service]()
    return "" if admitted else f"{RULES} may not {action} on {arn} for {source}: its policy does not allow it"


def _refusal_of_role(role: str, action: str, target: str, schedule: str) -> str:
    # The source is the group: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    source = re.sub(r":schedule/([^/]+)/.*", r":schedule-group/\1", schedule)
    if not service_may_take(role, SCHEDULES, source):
        return f"{SCHEDULES} may not take {role} for {source}: its trust policy does not allow it"
    if not role_may(role, action, target) or not _may_encrypt(role, target):
        return f"{role} may not {action} on {target}"
    return ""


def _may_encrypt(role: str, target: str) -> bool:
    return role_may_use_key(role, key_of(target), target.split(":")[2], "kms:GenerateDataKey", "kms:Decrypt")


def _queue_policy_allows(queue: str, service: str, source_arn: str, source_account: str) -> bool:
    allowed = _queue_admits(queue, service, source_arn, source_account)
    return bool(allowed and service_may_use_key(key_of(queue), service, source_arn))


def _topic_policy_allows(topic: str, service: str, source_arn: str, source_account: str) -> bool:
    allowed = _topic_admits(topic, service, source_arn, source_account)
    return bool(allowed and service_may_use_key(key_of(topic), service, source_arn))


eventbridge._invoke_target = _invoke_target
sqs.queue_policy_allows = _queue_policy_allows
sns.topic_policy_allows = _topic_policy_allows
