"""Policies of a stack that is not deployed, as a plan would hold them: references become ARNs of the right form."""

import json
import re
from collections.abc import Mapping
from typing import Any

ACCOUNT = "123456789012"
REFERENCE = re.compile(r"\$\{((?:data\.)?)(aws_\w+)\.([^.}]+)\.(\w+)\}")
ARNS = {
    "aws_cloudwatch_event_rule": "arn:aws:events:us-east-1:{account}:rule/{name}",
    "aws_cloudwatch_log_group": "arn:aws:logs:us-east-1:{account}:log-group:{name}",
    "aws_codedeploy_app": "arn:aws:codedeploy:us-east-1:{account}:application:{name}",
    "aws_codedeploy_deployment_config": "arn:aws:codedeploy:us-east-1:{account}:deploymentconfig:"
    "{deployment_config_name}",
    "aws_codedeploy_deployment_group": "arn:aws:codedeploy:us-east-1:{account}:deploymentgroup:"
    "{app_name}/{deployment_group_name}",
    "aws_dynamodb_table": "arn:aws:dynamodb:us-east-1:{account}:table/{name}",
    "aws_iam_openid_connect_provider": "arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com",
    "aws_iam_role": "arn:aws:iam::{account}:role/{name}",
    "aws_kms_key": "arn:aws:kms:us-east-1:{account}:key/12345678-1234-1234-1234-123456789012",
    "aws_lambda_alias": "arn:aws:lambda:us-east-1:{account}:function:function:{name}",
    "aws_lambda_function": "arn:aws:lambda:us-east-1:{account}:function:{function_name}",
    "aws_s3_bucket": "arn:aws:s3:::{bucket}",
    "aws_secretsmanager_secret": "arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-AbCdEf",
    "aws_sns_topic": "arn:aws:sns:us-east-1:{account}:{name}",
    "aws_sqs_queue": "arn:aws:sqs:us-east-1:{account}:{name}",
}
DATA_SOURCE_VALUES = {"account_id": ACCOUNT, "partition": "aws", "name": "us-east-1", "dns_suffix": "amazonaws.com"}

Block = Mapping[str, Any]


def planned(synthesized: Block) -> dict[str, Any]:
    """A plan's policy documents, rendered."""
    documents = synthesized["data"]["aws_iam_policy_document"]
    resources = [
        {"type": "aws_iam_policy_document", "name": name, "values": {"json": _rendered(document, synthesized)}}
        for name, document in documents.items()
    ]
    return {"prior_state": {"values": {"root_module": {"resources": resources}}}}


def _rendered(document: Block, synthesized: Block) -> str:

    statements = [_statement(one) for one in document["statement"]]
    return _resolved(json.dumps({"Version": "2012-10-17", "Statement": statements}), synthesized)


def _statement(block: Block) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": block["sid"], "Effect": block["effect"], "Action": _alone(block["actions"])}
    if block.get("resources"):
        made["Resource"] = _alone(block["resources"])
    for one in block.get("principals") or ():
        made["Principal"] = "*" if one["type"] == "*" else {one["type"]: _alone(one["identifiers"])}
    for one in block.get("condition") or ():
        made.setdefault("Condition", {}).setdefault(one["test"], {})[one["variable"]] = _alone(one["values"])
    return made


def _alone(values: list[str]) -> list[str] | str:
    """A single value without a list, as Terraform's provider renders it."""
    return values[0] if len(values) == 1 else values


def _resolved(text: str, synthesized: Block) -> str:
    def value(found: re.Match[str]) -> str:
        of_data, kind, name, attribute = found.groups()
        if of_data:
            return DATA_SOURCE_VALUES.get(attribute, "")
        block = synthesized["resource"][kind][name]
        named = {key: _resolved(one, synthesized) for key, one in block.items() if isinstance(one, str)}
        if attribute == "arn":
            return ARNS[kind].format(account=ACCOUNT, **named)
        if attribute == "stream_arn":
            return ARNS[kind].format(account=ACCOUNT, **named) + "/stream/2025-01-01T00:00:00.000"
        if attribute == "execution_arn":
            return f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abcdef1234"
        return named.get(attribute, "abcdef1234")

    return REFERENCE.sub(value, text)
