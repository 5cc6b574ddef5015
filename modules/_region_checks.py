"""ARNs of another region than the resource that names them, where AWS needs the same one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Block = Mapping[str, Any]

ARN = re.compile(r"arn:[a-z-]+:([a-z0-9-]+):([a-z0-9-]+):[0-9]*:.+")
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


def foreign_regions(stack: Block) -> Iterator[str]:
    """A line for each ARN of another region. Regions that only Terraform knows are not compared."""
    regions = _provider_regions(stack)
    for kind, places in OF_THE_SAME_REGION.items():
        for block in stack.get("resource", {}).get(kind, {}).values():
            region = block.get("region") or regions.get(str(block.get("provider", "aws")), "")
            for service, place in places:
                for arn in _texts(block, place.split(".")):
                    yield from _compare(block, kind, place, service, arn, region)
            if kind == "aws_api_gateway_domain_name":
                for arn in _texts(block, ["certificate_arn"]):
                    yield from _compare(block, "an edge-optimized domain", "certificate_arn", "acm", arn, EDGE_REGION)


def _provider_regions(stack: Block) -> dict[str, str]:
    """The regions of the stack's providers by how resources name them, as far as they are written out."""
    blocks = stack.get("provider", {}).get("aws", [])
    found = {}
    for one in blocks if isinstance(blocks, list) else [blocks]:
        name = f"aws.{one['alias']}" if "alias" in one else "aws"
        found[name] = found[f"${{{name}}}"] = str(one.get("region", ""))
    return found


def _compare(block: Block, kind: str, place: str, service: str, arn: str, region: str) -> Iterator[str]:
    match = ARN.fullmatch(arn)
    if match and region and "${" not in region and match[1] == service and match[2] != region:
        path = block.get("//", {}).get("metadata", {}).get("path", "a resource")
        yield f"{path}: {place} is {arn}, of {match[2]}; {kind} needs one of {region}"


def _texts(value: Any, place: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _texts(one, place)
    elif isinstance(value, str) and not place:
        yield value
    elif isinstance(value, Mapping) and place and place[0] in value:
        yield from _texts(value[place[0]], place[1:])
