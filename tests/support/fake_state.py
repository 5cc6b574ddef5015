"""The state of a synthesized stack as if it were deployed, for what reads states and needs no AWS."""

import json
import re
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"
# How the ARNs of the types that have names in them are written; others get the type and the id.
ARNS = {
    "aws_dynamodb_table": ("dynamodb", "table/{name}"),
    "aws_iam_role": ("iam", "role/{name}"),
    "aws_kms_key": ("kms", "key/{id}"),
    "aws_lambda_function": ("lambda", "function:{function_name}"),
    "aws_secretsmanager_secret": ("secretsmanager", "secret:{name}-abcdef"),
    "aws_sns_topic": ("sns", "{name}"),
    "aws_sqs_queue": ("sqs", "{name}"),
}
REFERENCE = re.compile(r"\$\{((?:data\.)?\w+\.\w+)\.(\w+)\}")
KNOWN = {"partition": "aws", "name": REGION, "account_id": ACCOUNT, "dns_suffix": "amazonaws.com"}


def state_of(terraform: dict[str, Any]) -> dict[str, Any]:
    """The state that Terraform would write, with the attributes that AWS adds: ARNs, URLs, rendered policies."""
    blocks = {
        f"{type_}.{name}": dict(block)
        for type_, named in terraform.get("resource", {}).items()
        for name, block in named.items()
    }
    for address, block in blocks.items():
        _complete(address, block)
    documents = {
        f"data.aws_iam_policy_document.{name}": json.dumps(_policy(block))
        for name, block in terraform.get("data", {}).get("aws_iam_policy_document", {}).items()
    }

    def attribute(found: re.Match[str]) -> str:
        address, name = found[1], found[2]
        if address in documents and name == "json":
            return json.dumps(_resolved(json.loads(documents[address]), attribute)) if documents[address] else ""
        if address.startswith("data."):
            return KNOWN.get(name, name)
        return str(_resolved(blocks.get(address, {}).get(name, name), attribute))

    return {
        "version": 4,
        "resources": [
            {
                "mode": "managed",
                "type": address.partition(".")[0],
                "name": address.partition(".")[2],
                "instances": [{"attributes": _resolved(block, attribute)}],
            }
            for address, block in blocks.items()
        ],
    }


def _complete(address: str, block: dict[str, Any]) -> None:
    type_, _, name = address.partition(".")
    block.setdefault("id", block.get("name") or name)
    service, resource = ARNS.get(type_, (type_.removeprefix("aws_"), "{id}"))
    if type_ == "aws_s3_bucket":
        block["arn"] = f"arn:aws:s3:::{block['bucket']}"
        return
    region = "" if service == "iam" else REGION
    block.setdefault("arn", f"arn:aws:{service}:{region}:{ACCOUNT}:{resource.format(**{'id': name, **block})}")
    if type_ == "aws_sqs_queue":
        block["url"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{block['name']}"
    if type_ == "aws_dynamodb_table":
        block["stream_arn"] = f"{block['arn']}/stream/2026-01-01T00:00:00.000"


def _policy(block: dict[str, Any]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": one.get("sid", ""),
                "Effect": one.get("effect", "Allow"),
                "Action": one.get("actions", []),
                "Resource": one.get("resources", []),
                **(
                    {"Condition": {each["test"]: {each["variable"]: each["values"]} for each in one["condition"]}}
                    if one.get("condition")
                    else {}
                ),
            }
            for one in block.get("statement", [])
        ],
    }


def _resolved(value: Any, attribute: Any) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(one, attribute) for name, one in value.items() if name != "//"}
    if isinstance(value, list):
        return [_resolved(one, attribute) for one in value]
    return REFERENCE.sub(attribute, value) if isinstance(value, str) else value
