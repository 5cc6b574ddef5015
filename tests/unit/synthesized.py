"""A stack's Terraform as dicts, and frequently used policy statements."""

import json
import re
from typing import Any

from modules.provider_versions import INDEX_KEY, REGION_ATTRIBUTE
from modules.testing import Block as Block
from modules.testing import SynthesizedStack

ACCOUNT = "123456789012"
# Data sources that a stack needs once, whatever it deploys.
PARTITION = "${data.aws_partition.CurrentPartition.partition}"
DNS_SUFFIX = "${data.aws_partition.CurrentPartition.dns_suffix}"
REGION = f"${{data.aws_region.CurrentRegion.{REGION_ATTRIBUTE}}}"


class Terraform(SynthesizedStack):
    """`sluice.testing`'s view of a stack, with the short names that our tests use."""

    all = SynthesizedStack.resources
    one = SynthesizedStack.resource


def allow(sid: str, actions: list[str], *resources: str) -> Block:
    """A statement of a role's policy as Terraform gets it."""
    return {"sid": sid, "effect": "Allow", "actions": actions, "resources": list(resources)}


def deny_without_tls(actions: list[str], *resources: str) -> Block:
    return {
        "sid": "DenyInsecureTransport",
        "effect": "Deny",
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "actions": actions,
        "resources": list(resources),
        "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}],
    }


def allow_service(service: str, actions: list[str], resource: str, account: str = ACCOUNT) -> Block:
    """A resource policy's statement for an AWS service on behalf of this account only."""
    return {
        "sid": "Allow" + service.title(),
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": [f"{service}.amazonaws.com"]}],
        "actions": actions,
        "resources": [resource],
        "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [account]}],
    }


def decoded(expression: str) -> Any:
    """The argument of Terraform's `jsonencode`, with references as texts."""
    inside = re.fullmatch(r"\$\{jsonencode\((.*)\)\}", expression, re.S)
    assert inside is not None
    text = re.sub(r'("(?:[^"\\]|\\.)*") = ', r"\1: ", inside[1])
    return json.loads(re.sub(r"(?<=[\[ ])((?:data\.)?aws_[^\s,\]}]+)", r'"${\1}"', text))


def index_keys(partition: str, sort: str | None = None) -> Block:
    """The keys of a table's index, as Terraform gets them."""
    keys = {"hash_key": partition} | ({"range_key": sort} if sort else {})
    if INDEX_KEY is None:
        return keys
    types = {"hash_key": "HASH", "range_key": "RANGE"}
    return {"key_schema": [{"attribute_name": name, "key_type": types[key]} for key, name in keys.items()]}


def replaced_with_function(construct: str) -> Block:
    """The lifecycle of resources that AWS deletes together with a function."""
    return {"lifecycle": {"replace_triggered_by": [f"aws_lambda_function.{construct}/Function.id"]}}
