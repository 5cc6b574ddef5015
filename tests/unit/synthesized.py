"""A stack's Terraform as dicts that read like the constructs they come from."""

import json
import re
from copy import deepcopy
from functools import cached_property
from typing import Any

from cdktf import TerraformElement, TerraformResource, Testing
from cdktf import TerraformStack as Stack

ACCOUNT = "123456789012"
# What a stack asks for once, whatever is deployed by it.
PARTITION = "${data.aws_partition.CurrentPartition.partition}"
DNS_SUFFIX = "${data.aws_partition.CurrentPartition.dns_suffix}"
REGION = "${data.aws_region.CurrentRegion.name}"

Block = dict[str, Any]


class Terraform:
    """`Testing.synth` of a stack with every generated id replaced by the construct's path below the stack.

    `aws_s3_bucket.Objects_Bucket_80F6A514` reads `aws_s3_bucket.Objects/Bucket`, as a name and in references.
    """

    def __init__(self, stack: Stack) -> None:
        above = f"{stack.node.path}/"
        paths = {
            element.friendly_unique_id: element.node.path.removeprefix(above)
            for element in stack.node.find_all()
            if isinstance(element, TerraformElement)
        }
        known = re.compile(r"\b(?:" + "|".join(map(re.escape, paths)) + r")\b")
        # Only what carries a hash: a child of the stack itself is named by its plain id.
        named = known.sub(
            lambda found: paths[found[0]] if re.search(r"_[0-9A-F]{8}$", found[0]) else found[0],
            Testing.synth(stack),
        )
        self.json: Block = json.loads(named)
        self._stack, self._above = stack, above

    @cached_property
    def accepted(self) -> dict[str, dict[str, str]]:
        """By construct path: what scanners may find in a resource, with the reason; `Testing.synth` leaves it out."""
        return {
            one.node.path.removeprefix(self._above): block["//"]["accepted"]
            for one in self._stack.node.find_all()
            if isinstance(one, TerraformResource)
            for names in one.to_terraform()["resource"].values()
            for block in names.values()
            if "accepted" in block["//"]
        }

    def types(self) -> set[str]:
        return {*self.json.get("resource", {}), *self.json.get("data", {})}

    def all(self, resource_type: str) -> dict[str, Block]:
        """All resources of a type, by construct path."""
        return deepcopy(dict(self.json.get("resource", {}).get(resource_type, {})))

    def one(self, resource_type: str) -> Block:
        """The only resource of a type; fails where there are others."""
        ((_, found),) = self.all(resource_type).items()
        return found

    def policies(self) -> dict[str, list[Block]]:
        """The statements of all policy documents, by construct path."""
        documents = self.json.get("data", {}).get("aws_iam_policy_document", {})
        return {path: document["statement"] for path, document in documents.items()}

    def grants(self, function: str) -> dict[str, list[Block]]:
        """The statements of all inline policies of a function's role, by policy name."""
        role = f"${{aws_iam_role.{function}/Role.name}}"
        policies = self.policies()
        return {
            policy["name"]: policies[
                policy["policy"].removeprefix("${data.aws_iam_policy_document.").removesuffix(".json}")
            ]
            for policy in self.all("aws_iam_role_policy").values()
            if policy["role"] == role
        }

    def outputs(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in self.json.get("output", {}).items()}


def allow(sid: str, actions: list[str], *resources: str) -> Block:
    """A statement of a role's policy, as Terraform gets it."""
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
    """An AWS service, for this account only, in a resource's policy."""
    return {
        "sid": "Allow" + service.title(),
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": [f"{service}.amazonaws.com"]}],
        "actions": actions,
        "resources": [resource],
        "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [account]}],
    }
