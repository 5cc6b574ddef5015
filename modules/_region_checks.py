"""ARNs of another region or partition than the resource that names them, where AWS needs the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Block = Mapping[str, Any]

ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):[0-9]*:.+")
REFERENCE = re.compile(r"\$\{(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.[a-z_]+\}")
# How cdktf refers to a resource of another stack.
OF_ANOTHER_STACK = re.compile(
    r"\$\{data\.terraform_remote_state\.cross-stack-reference-input-(.+?)\.outputs\.(cross-stack-output-.+)\}"
)
# The partitions of regions by the beginnings of their names; all others are of `aws`.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}
# The service of the ARN, and where it is named. An event bus may be in another region.
OF_THE_SAME_REGION: dict[str, tuple[tuple[str, str], ...]] = {
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-specify-certificate-for-custom-domain-name.html
    "aws_api_gateway_domain_name": (("acm", "regional_certificate_arn"),),
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    "aws_cloudwatch_event_target": (
        ("lambda", "arn"),
        ("sns", "arn"),
        ("sqs", "arn"),
        ("sqs", "dead_letter_config.arn"),
    ),
    "aws_cloudwatch_log_group": (("kms", "kms_key_id"),),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "aws_cloudwatch_metric_alarm": (("sns", "alarm_actions"), ("sns", "ok_actions"), ("lambda", "alarm_actions")),
    "aws_dynamodb_table": (("kms", "server_side_encryption.kms_key_arn"),),
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    "aws_lambda_event_source_mapping": (("dynamodb", "event_source_arn"), ("sqs", "event_source_arn")),
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    "aws_lambda_function": (("lambda", "layers"), ("lambda", "code_signing_config_arn"), ("kms", "kms_key_arn")),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
    "aws_s3_bucket_notification": (
        ("lambda", "lambda_function.lambda_function_arn"),
        ("sqs", "queue.queue_arn"),
        ("sns", "topic.topic_arn"),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": (
        ("kms", "rule.apply_server_side_encryption_by_default.kms_master_key_id"),
    ),
    "aws_scheduler_schedule": (("kms", "kms_key_arn"),),
    "aws_secretsmanager_secret": (("kms", "kms_key_id"),),
    "aws_sns_topic": (("kms", "kms_master_key_id"),),
    "aws_sqs_queue": (("kms", "kms_master_key_id"),),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html
    "aws_wafv2_web_acl_association": (("wafv2", "web_acl_arn"),),
}
# CloudFront, which serves edge-optimized domains, has its certificates there.
EDGE_REGION = "us-east-1"


def foreign_regions(stack: Block, stacks: Mapping[str, Block]) -> Iterator[str]:
    """A line for each ARN, or resource of one of the app's `stacks`, of another region. Regions that only Terraform
    knows are not compared.
    """
    regions = _provider_regions(stack)
    for kind, places in OF_THE_SAME_REGION.items():
        for block in stack.get("resource", {}).get(kind, {}).values():
            region = _region(block, regions)
            for service, place in places:
                for text in _texts(block, place.split(".")):
                    named = _named_region(text, service, stack, stacks)
                    if named and region and named != region:
                        yield (
                            f"{_path(block)}: {place} is {_shown(text, stack, stacks)}, of {named}; {kind} needs one "
                            f"of {region}"
                        )
            if kind == "aws_api_gateway_domain_name":
                for arn in _texts(block, ["certificate_arn"]):
                    named = _named_region(arn, "acm", stack, stacks)
                    if named and named != EDGE_REGION:
                        yield (
                            f"{_path(block)}: certificate_arn is {_shown(arn, stack, stacks)}, of {named}; an "
                            f"edge-optimized domain needs one of {EDGE_REGION}"
                        )


def foreign_partitions(stack: Block) -> Iterator[str]:
    """A line for each resource and data source with an ARN of another partition than its region's."""
    regions = _provider_regions(stack)
    for section in ("resource", "data"):
        for blocks in stack.get(section, {}).values():
            for block in blocks.values():
                region = _region(block, regions)
                partition = partition_of(region)
                for arn in _all_texts(block) if region else ():
                    match = ARN.match(arn)
                    if match and match[1] != partition:
                        yield (
                            f"{_path(block)}: {arn} is of the partition {match[1]}; resources in {region} can name "
                            f"those of {partition} only"
                        )
                        break


def partition_of(region: str) -> str:
    """The partition of a region."""
    return next((name for beginning, name in PARTITIONS.items() if region.startswith(beginning)), "aws")


def _provider_regions(stack: Block) -> dict[str, str]:
    """The regions of the stack's providers by how resources name them, as far as they are written out."""
    blocks = stack.get("provider", {}).get("aws", [])
    known = {}
    for one in blocks if isinstance(blocks, list) else [blocks]:
        name = f"aws.{one['alias']}" if "alias" in one else "aws"
        known[name] = known[f"${{{name}}}"] = str(one.get("region", ""))
    return known


def _region(block: Block, regions: Mapping[str, str]) -> str:
    """The region of a resource; empty where only Terraform knows it."""
    region = str(block.get("region") or regions.get(str(block.get("provider", "aws")), ""))
    return "" if "${" in region else region


def _named_region(text: str, service: str, stack: Block, stacks: Mapping[str, Block]) -> str:
    """The region that an ARN names, or that has the resource of a reference; empty where that is not known."""
    match = ARN.fullmatch(text)
    if match:
        return match[3] if match[2] == service else ""
    home, reference = _resolve(text, stack, stacks)
    if reference is None or not reference[1].startswith(f"aws_{service}_"):
        return ""
    return _region(_referred(home, reference), _provider_regions(home))


def _resolve(text: str, stack: Block, stacks: Mapping[str, Block]) -> tuple[Block, re.Match[str] | None]:
    """The stack that has the resource of a reference, and the reference there."""
    elsewhere = OF_ANOTHER_STACK.fullmatch(text)
    if elsewhere is None:
        return stack, REFERENCE.fullmatch(text)
    home = stacks.get(elsewhere[1], {})
    return home, REFERENCE.fullmatch(str(home.get("output", {}).get(elsewhere[2], {}).get("value", "")))


def _referred(home: Block, reference: re.Match[str]) -> Block:
    block: Block = home.get("resource", {}).get(reference[1], {}).get(reference[2], {"region": "${unknown}"})
    return block


def _shown(text: str, stack: Block, stacks: Mapping[str, Block]) -> str:
    """The ARN, or the path of the resource of a reference."""
    home, reference = _resolve(text, stack, stacks)
    return _path(_referred(home, reference)) if reference else text


def _path(block: Block) -> str:
    return str(block.get("//", {}).get("metadata", {}).get("path", "a resource"))


def _texts(value: Any, place: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _texts(one, place)
    elif isinstance(value, str) and not place:
        yield value
    elif isinstance(value, Mapping) and place and place[0] in value:
        yield from _texts(value[place[0]], place[1:])


def _all_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _all_texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name != "environment":  # a function may call another partition with credentials of its own
                yield from _all_texts(one)
