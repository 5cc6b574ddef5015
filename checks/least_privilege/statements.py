"""The policy statements of a stack, read from its synthesized Terraform, so that no statement can be left out."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

DOCUMENT = re.compile(r"\$\{data\.aws_iam_policy_document\.(.+)\.json\}")
REFERENCE = re.compile(r"\$\{((?:data\.)?aws_\w+\.[^.}]+)\.(\w+)\}")

# Attributes that hold a resource's name. They are left out of what readers see.
NAMES = ("arn", "name", "execution_arn")

PERMISSION = "aws_lambda_permission"
# Readable names for what a policy takes from the account it is deployed to.
# `name` of a region is `region` in version 6 of the provider.
DEPLOYED_TO = {
    "account_id": "ACCOUNT",
    "partition": "aws",
    "name": "REGION",
    "region": "REGION",
    "dns_suffix": "amazonaws.com",
}
# Resource types that carry a policy. `live` can read and write each of them.
HOLDERS = {
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy": "policy",
    "aws_kms_key": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue_policy": "policy",
}

Block = Mapping[str, Any]


class UnknownPolicy(RuntimeError):
    """The Terraform has a policy in a form that this module cannot read, so it would go unproven."""


@dataclass(frozen=True)
class SynthesizedCondition:
    test: str
    variable: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class SynthesizedStatement:
    """One statement as synthesized; values may be Terraform references.

    `holder` is the construct path of the resource with the policy, `address` its Terraform address, and `document` the
    construct path of its policy document.
    """

    system: str
    address: str
    holder: str
    document: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[SynthesizedCondition, ...] = ()

    @property
    def kind(self) -> str:
        return self.address.partition(".")[0]

    @property
    def name(self) -> str:
        return f"{self.system} {self.holder} {self.sid}"

    def resolved(self, resolve: Callable[[str], str]) -> "SynthesizedStatement":
        """The statement with all references replaced by what `resolve` returns for them."""
        return replace(
            self,
            resources=tuple(map(resolve, self.resources)),
            principals=tuple((kind, resolve(one)) for kind, one in self.principals),
            conditions=tuple(replace(one, values=tuple(map(resolve, one.values))) for one in self.conditions),
        )

    def json(self) -> dict[str, Any]:
        """The statement in IAM's JSON."""
        made: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect, "Action": list(self.actions)}
        if self.resources:
            made["Resource"] = list(self.resources)
        if self.principals:
            kinds = dict.fromkeys(kind for kind, _ in self.principals)
            made["Principal"] = (
                "*"
                if "*" in kinds
                else {kind: [one for other, one in self.principals if other == kind] for kind in kinds}
            )
        if self.conditions:
            made["Condition"] = {one.test: {one.variable: list(one.values)} for one in self.conditions}
        return made

    def block(self) -> dict[str, Any]:
        """The statement as a block of Terraform's `aws_iam_policy_document`."""
        made: dict[str, Any] = {
            "sid": self.sid,
            "effect": self.effect,
            "actions": list(self.actions),
            "resources": list(self.resources),
        }
        if self.principals:
            made["principals"] = [{"type": kind, "identifiers": [one]} for kind, one in self.principals]
        if self.conditions:
            made["condition"] = [
                {"test": one.test, "variable": one.variable, "values": list(one.values)} for one in self.conditions
            ]
        return made


def read(system: str, synthesized: Block) -> list[SynthesizedStatement]:
    """Every statement of a stack. Raises `UnknownPolicy` for a policy in a form that it cannot read."""
    documents = synthesized.get("data", {}).get("aws_iam_policy_document", {})
    used: set[str] = set()
    found: list[SynthesizedStatement] = []
    for kind, resources in sorted(synthesized["resource"].items()):
        for name, resource in sorted(resources.items()):
            address, holder = f"{kind}.{name}", path_of(system, name, resource)
            if kind == PERMISSION:
                found.append(_permission(system, address, holder, resource))
                continue
            for attribute, value in resource.items():
                text = value if isinstance(value, str) else json.dumps(value)
                if attribute != "//" and not DOCUMENT.fullmatch(text) and _is_policy(text):
                    raise UnknownPolicy(f"{system}: {address}.{attribute} is no PolicyDocument, which alone is read")
            reference = DOCUMENT.fullmatch(str(resource.get(HOLDERS.get(kind, ""), "")))
            if reference is None:
                if kind in HOLDERS or kind.startswith("aws_iam_"):
                    raise UnknownPolicy(f"{system}: {address} carries rights in a way that is not read")
                continue
            used.add(reference[1])
            document = documents[reference[1]]
            path = path_of(system, reference[1], document)
            found += [_statement(system, address, holder, path, one) for one in document["statement"]]
    unused = sorted(set(documents) - used)
    if unused:
        raise UnknownPolicy(f"{system}: {', '.join(unused)}: not attached to one of {', '.join(HOLDERS)}")
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnknownPolicy(f"two statements have one name: {', '.join(twice)}")
    return found


def paths(system: str, synthesized: Block) -> dict[str, str]:
    """The construct path of every resource, by its Terraform address."""
    return {
        f"{kind}.{name}": path_of(system, name, block)
        for kind, resources in synthesized["resource"].items()
        for name, block in resources.items()
    }


def path_of(system: str, name: str, block: Block) -> str:
    """A block's construct path below its stack."""
    return str(block.get("//", {}).get("metadata", {}).get("path", name)).removeprefix(f"{system}/")


def shown(text: str, paths: Mapping[str, str]) -> str:
    """A value with readable references, such as `Objects.arn/*`. `paths` are construct paths by Terraform address."""

    def construct(found: re.Match[str]) -> str:
        if found[1].startswith("data."):
            return DEPLOYED_TO[found[2]]
        path = paths.get(found[1], found[1].rpartition(".")[2])
        return (path.rpartition("/")[0] or path) + (f".{found[2]}" if found[2] not in NAMES else "")

    return REFERENCE.sub(construct, text)


def _is_policy(text: str) -> bool:
    return '"Statement"' in text or "aws_iam_policy_document" in text


def _statement(system: str, address: str, holder: str, document: str, block: Block) -> SynthesizedStatement:
    known = {"sid", "effect", "actions", "resources", "principals", "condition"}
    unknown = sorted(set(block) - known)
    if unknown or not block.get("sid"):
        raise UnknownPolicy(f"{system}: {document}: a statement without sid, or with {', '.join(unknown) or 'nothing'}")
    return SynthesizedStatement(
        system=system,
        address=address,
        holder=holder,
        document=document,
        sid=block["sid"],
        effect=block["effect"],
        actions=tuple(block["actions"]),
        resources=tuple(block.get("resources") or ()),
        principals=tuple((one["type"], name) for one in block.get("principals") or () for name in one["identifiers"]),
        conditions=tuple(
            SynthesizedCondition(one["test"], one["variable"], tuple(one["values"]))
            for one in block.get("condition") or ()
        ),
    )


def _permission(system: str, address: str, holder: str, resource: Block) -> SynthesizedStatement:
    """A Lambda permission as a statement of the function's resource policy."""
    conditions = [
        SynthesizedCondition(test, variable, (resource[attribute],))
        for attribute, test, variable in (
            ("source_arn", "ArnLike", "aws:SourceArn"),
            ("source_account", "StringEquals", "aws:SourceAccount"),
        )
        if attribute in resource
    ]
    return SynthesizedStatement(
        system=system,
        address=address,
        holder=holder,
        document="",
        sid=holder.rpartition("/")[2],
        effect="Allow",
        actions=(resource["action"],),
        # The function is the holder: a permission has no resource of its own.
        resources=(),
        principals=(("Service", resource["principal"]),),
        conditions=tuple(conditions),
    )
