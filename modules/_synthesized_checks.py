"""Checks of a whole synthesized stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ._region_checks import foreign_regions

Block = Mapping[str, Any]

# Arguments that have to be unique in an account and region. AWS refuses a second resource with the same values; if
# creating is idempotent (queues, topics), two Terraform resources would manage the same AWS resource.
IDENTITIES: dict[str, tuple[str, ...]] = {
    "aws_api_gateway_domain_name": ("domain_name",),
    "aws_cloudwatch_dashboard": ("dashboard_name",),
    "aws_cloudwatch_event_rule": ("name", "event_bus_name"),
    "aws_cloudwatch_log_group": ("name",),
    "aws_cloudwatch_metric_alarm": ("alarm_name",),
    "aws_codedeploy_app": ("name",),
    "aws_codedeploy_deployment_config": ("deployment_config_name",),
    "aws_dynamodb_table": ("name",),
    "aws_iam_openid_connect_provider": ("url",),
    "aws_iam_role": ("name",),
    "aws_iam_role_policy": ("role", "name"),
    "aws_kms_alias": ("name",),
    "aws_lambda_event_source_mapping": ("event_source_arn", "function_name"),
    "aws_lambda_function": ("function_name",),
    "aws_s3_bucket": ("bucket",),
    "aws_s3_bucket_notification": ("bucket",),
    "aws_s3_bucket_policy": ("bucket",),
    "aws_scheduler_schedule": ("name", "group_name"),
    "aws_secretsmanager_secret": ("name",),
    "aws_sns_topic": ("name",),
    "aws_sns_topic_subscription": ("topic_arn", "endpoint"),
    "aws_sqs_queue": ("name",),
}
# Settings of the account, of which there is one in each region.
SINGLE = ("aws_api_gateway_account",)
REPEATED = ("count", "for_each")  # one block, several resources

# https://github.com/hashicorp/terraform-provider-aws/pull/45024
NEWEST_RUNTIME, SINCE = "python3.14", (6, 20)


def problems(stack: Block) -> Iterator[str]:
    """A line for each problem that AWS or the provider would refuse."""
    resources = stack.get("resource", {})
    for kind, arguments in IDENTITIES.items():
        yield from _of_one_name(kind, arguments, resources.get(kind, {}))
    for kind in SINGLE:
        yield from _single(kind, resources.get(kind, {}))
    yield from _runtimes(stack, resources.get("aws_lambda_function", {}))
    yield from foreign_regions(stack)


def _of_one_name(kind: str, arguments: tuple[str, ...], resources: Block) -> Iterator[str]:
    first: dict[tuple[Any, ...], Block] = {}
    for block in resources.values():
        identity = (block.get("provider"), *(block.get(argument) for argument in arguments))
        if identity[1] is None or any(repeat in block for repeat in REPEATED):
            continue
        known = first.setdefault(identity, block)
        if known is not block:
            shown = ", ".join(f"{name} {block[name]!r}" for name in arguments if name in block)
            yield (
                f"{_path(block)}: there is an {kind} with {shown} already, {_path(known)}; AWS keeps one: give each "
                "its own"
            )


def _single(kind: str, resources: Block) -> Iterator[str]:
    first: dict[str, Block] = {}
    for block in resources.values():
        known = first.setdefault(str(block.get("provider")), block)
        if known is not block:
            yield f"{_path(block)}: there is an {kind} already, {_path(known)}; an account has one in each region"


def _runtimes(stack: Block, functions: Block) -> Iterator[str]:
    version = str(stack.get("terraform", {}).get("required_providers", {}).get("aws", {}).get("version", ""))
    if not _too_old(version):
        return
    for block in functions.values():
        if block.get("runtime") == NEWEST_RUNTIME:
            yield (
                f"{_path(block)}: runtime is {NEWEST_RUNTIME}, which version {version} of the AWS provider does not "
                'know; stack.add_override("terraform.required_providers.aws.version", "~> 6.20") takes one that does'
            )


def _too_old(version: str) -> bool:
    """Whether a version constraint admits no version from `SINCE` on.

    https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    for constraint in version.split(","):
        match = re.fullmatch(r"\s*(=|~>|<=?)?\s*(\d+)(?:\.(\d+))?(\.\d+)?\S*\s*", constraint)
        if match is None:  # >, >=, != have no upper bound
            continue
        operator, major, minor, patch = match.groups()
        highest = (int(major), int(minor or 0))
        if operator == "~>" and not patch:  # 6.1 admits every 6.x
            highest = (int(major), SINCE[1])
        if highest < SINCE or (operator == "<" and highest == SINCE and not (patch or "").strip(".0")):
            return True
    return False


def _path(block: Block) -> str:
    return str(block.get("//", {}).get("metadata", {}).get("path", "a resource"))
