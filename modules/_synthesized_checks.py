"""Checks of a whole synthesized stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ._region_checks import REFERENCE, foreign_partitions, foreign_regions

Block = Mapping[str, Any]

# Arguments that have to be unique in an account and region. AWS refuses a second resource with the same values; if
# creating is idempotent (queues, topics), two Terraform resources would manage the same AWS resource.
IDENTITIES: dict[str, tuple[str, ...]] = {
    "aws_api_gateway_base_path_mapping": ("domain_name", "base_path"),
    "aws_api_gateway_domain_name": ("domain_name",),
    "aws_api_gateway_stage": ("rest_api_id", "stage_name"),
    "aws_cloudwatch_dashboard": ("dashboard_name",),
    "aws_cloudwatch_event_bus": ("name",),
    "aws_cloudwatch_event_rule": ("name", "event_bus_name"),
    "aws_cloudwatch_log_group": ("name",),
    "aws_cloudwatch_metric_alarm": ("alarm_name",),
    "aws_codedeploy_app": ("name",),
    "aws_codedeploy_deployment_config": ("deployment_config_name",),
    "aws_dynamodb_resource_policy": ("resource_arn",),
    "aws_dynamodb_table": ("name",),
    "aws_iam_openid_connect_provider": ("url",),
    "aws_iam_policy": ("name",),
    "aws_iam_role": ("name",),
    "aws_iam_role_policy": ("role", "name"),
    "aws_kms_alias": ("name",),
    "aws_kms_key_policy": ("key_id",),
    "aws_lambda_alias": ("function_name", "name"),
    "aws_lambda_event_source_mapping": ("event_source_arn", "function_name"),
    "aws_lambda_function": ("function_name",),
    "aws_lambda_function_event_invoke_config": ("function_name", "qualifier"),
    "aws_lambda_function_recursion_config": ("function_name",),
    "aws_lambda_function_url": ("function_name", "qualifier"),
    "aws_s3_bucket": ("bucket",),
    "aws_s3_bucket_accelerate_configuration": ("bucket",),
    "aws_s3_bucket_cors_configuration": ("bucket",),
    "aws_s3_bucket_lifecycle_configuration": ("bucket",),
    "aws_s3_bucket_logging": ("bucket",),
    "aws_s3_bucket_notification": ("bucket",),
    "aws_s3_bucket_object_lock_configuration": ("bucket",),
    "aws_s3_bucket_ownership_controls": ("bucket",),
    "aws_s3_bucket_policy": ("bucket",),
    "aws_s3_bucket_public_access_block": ("bucket",),
    "aws_s3_bucket_replication_configuration": ("bucket",),
    "aws_s3_bucket_server_side_encryption_configuration": ("bucket",),
    "aws_s3_bucket_versioning": ("bucket",),
    "aws_s3_bucket_website_configuration": ("bucket",),
    "aws_scheduler_schedule": ("name", "group_name"),
    "aws_scheduler_schedule_group": ("name",),
    "aws_secretsmanager_secret": ("name",),
    "aws_secretsmanager_secret_policy": ("secret_arn",),
    "aws_sns_topic": ("name",),
    "aws_sns_topic_policy": ("arn",),
    "aws_sns_topic_subscription": ("topic_arn", "endpoint"),
    "aws_sqs_queue": ("name",),
    "aws_sqs_queue_policy": ("queue_url",),
    "aws_sqs_queue_redrive_allow_policy": ("queue_url",),
    "aws_sqs_queue_redrive_policy": ("queue_url",),
    "aws_ssm_parameter": ("name",),
}
# Arguments that are a name of another resource.
NAMED_BY = {"bucket": "aws_s3_bucket", "function_name": "aws_lambda_function", "role": "aws_iam_role"}
# Resources that set an argument of another resource, which must not be set there too.
SEPARATE: dict[str, tuple[str, str]] = {
    "aws_kms_key_policy": ("key_id", "policy"),
    "aws_sns_topic_policy": ("arn", "policy"),
    "aws_sqs_queue_policy": ("queue_url", "policy"),
    "aws_sqs_queue_redrive_allow_policy": ("queue_url", "redrive_allow_policy"),
    "aws_sqs_queue_redrive_policy": ("queue_url", "redrive_policy"),
}
ADVICE = {
    "aws_api_gateway_base_path_mapping": "give each a base_path of its own",
    "aws_api_gateway_domain_name": "serve the second API by api.use_domain(domain, base_path=...)",
}
# Settings of the account, of which there is one in each region.
SINGLE = ("aws_api_gateway_account",)
REPEATED = ("count", "for_each")  # one block, several resources

# https://github.com/hashicorp/terraform-provider-aws/pull/45024
NEWEST_RUNTIME, SINCE = "python3.14", (6, 20)


def problems(stack: Block, stacks: Mapping[str, Block] | None = None) -> Iterator[str]:
    """A line for each problem that AWS or the provider would refuse. `stacks` are all of the app, by name."""
    resources = stack.get("resource", {})
    for kind, arguments in IDENTITIES.items():
        yield from _of_one_name(kind, arguments, resources)
    for kind, (parent, argument) in SEPARATE.items():
        yield from _set_twice(kind, parent, argument, resources)
    for kind in SINGLE:
        yield from _single(kind, resources.get(kind, {}))
    yield from _runtimes(stack, resources.get("aws_lambda_function", {}))
    yield from foreign_regions(stack, stacks or {})
    yield from foreign_partitions(stack)


def _of_one_name(kind: str, arguments: tuple[str, ...], resources: Block) -> Iterator[str]:
    first: dict[tuple[Any, ...], Block] = {}
    for block in resources.get(kind, {}).values():
        identity = (
            block.get("provider"),
            *(_same(kind, argument, block.get(argument), resources) for argument in arguments),
        )
        if identity[1] is None or any(repeat in block for repeat in REPEATED):
            continue
        known = first.setdefault(identity, block)
        if known is not block:
            shown = ", ".join(f"{name} {block[name]!r}" for name in arguments if name in block)
            of_another = REFERENCE.fullmatch(str(block[arguments[0]])) or arguments[0] in NAMED_BY
            advice = ADVICE.get(
                kind, "leave one out" if of_another and kind not in NAMED_BY.values() else "give each its own"
            )
            yield f"{_path(block)}: there is an {kind} with {shown} already, {_path(known)}; AWS keeps one: {advice}"


def _set_twice(kind: str, parent: str, argument: str, resources: Block) -> Iterator[str]:
    for block in resources.get(kind, {}).values():
        reference = REFERENCE.fullmatch(str(block.get(parent, "")))
        named = resources.get(reference[1], {}).get(reference[2], {}) if reference else {}
        if named.get(argument) is not None:
            yield (
                f"{_path(block)}: {_path(named)} sets its {argument} itself, and each apply would undo the other's; "
                "leave one of the two out"
            )


def _same(kind: str, argument: str, value: Any, resources: Block) -> Any:
    """One value for everything that stands for one resource: each of its attributes, or its name."""
    if reference := REFERENCE.fullmatch(str(value)):
        return ".".join(reference.groups())
    parent = NAMED_BY.get(argument)
    if parent and parent != kind:
        for name, block in resources.get(parent, {}).items():
            if block.get(IDENTITIES[parent][0]) == value:
                return f"{parent}.{name}"
    return value


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
