"""Unit tests of stacks: the Terraform that a stack synthesizes, as dicts that are compared with `==`::

    from cdktf import Testing
    from sluice.testing import SynthesizedStack

    def test_the_function_reads_what_arrives_and_nothing_else() -> None:
        terraform = SynthesizedStack(Thumbnails(Testing.app(), "thumbnails"))
        assert terraform.resource("aws_sqs_queue")["name"] == "shrink-failures"
        assert terraform.permissions("Shrink") == [
            "Allow s3:GetObject on ${aws_s3_bucket.Pictures/Bucket.arn}/in/*",
            ...
        ]

Needs no account, no network and no Terraform. Import it (or `sluice`) before `cdktf_cdktf_provider_aws`: docs/synth.md.

When a comparison fails, pytest shows each construct path and attribute that differs, with both values; Sluice's pytest
plugin does that, and is active wherever Sluice is installed beside pytest.
"""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

from cdktf import TerraformElement, TerraformResource, Testing
from cdktf import TerraformStack as Stack
from constructs import Construct

from ._identifiers import resolve
from ._synthesized_checks import problems
from ._testing.difference import Compared, near
from ._testing.policies import Block, SynthesizedPolicies, permissions_of
from .errors import ConfigurationError
from .role import Role

__all__ = ["Block", "Outputs", "Permissions", "ResourceArguments", "Resources", "Statements", "SynthesizedStack"]


class ResourceArguments(Compared, dict[str, Any]):
    """One resource's arguments, as Terraform gets them; `title` has its type and construct path."""


class Resources(Compared, dict[str, ResourceArguments]):
    """The resources of one type, by construct path."""


class Outputs(Compared, dict[str, Any]):
    """The outputs' values, by name."""


class Statements(Compared, list[Block]):
    """Policy statements, as `aws_iam_policy_document` has them."""


class Permissions(Compared, list[str]):
    """Policy statements flattened to one line for each effect, action, resource and condition; sorted."""


class SynthesizedStack:
    """The Terraform of a stack, synthesized once, with construct paths in place of generated ids.

    `aws_s3_bucket.Pictures_Bucket_80F6A514` reads `aws_s3_bucket.Pictures/Bucket`, as a name and in references: the
    path below the stack. `json` is all of it. Everything returned is a copy.

    Raises `ConfigurationError` where `cdktf synth` would: two resources of one name, ARNs of another region.
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
        def with_paths(text: str) -> str:
            return known.sub(lambda match: paths[match[0]] if re.search(r"_[0-9A-F]{8}$", match[0]) else match[0], text)

        self.json: Block = json.loads(with_paths(Testing.synth(stack)))
        self._stack, self._above, self._with_paths = stack, above, with_paths
        if wrong := list(problems(self._with_metadata())):
            raise ConfigurationError("\n".join(wrong))

    def types(self) -> set[str]:
        """The types of all resources and data sources."""
        return {*self.json.get("resource", {}), *self.json.get("data", {})}

    def resources(self, resource_type: str) -> Resources:
        """All resources of a type, by construct path; empty where there are none."""
        return self._blocks("resource", resource_type)

    def resource(self, resource_type: str, path: str | None = None) -> ResourceArguments:
        """The resource of a type at a construct path; without `path`, the only one of that type.

        Raises `LookupError`, which names those that there are.
        """
        return self._block("resource", resource_type, path)

    def data_sources(self, data_type: str) -> Resources:
        """All data sources of a type, by construct path; empty where there are none."""
        return self._blocks("data", data_type)

    def data_source(self, data_type: str, path: str | None = None) -> ResourceArguments:
        """The data source of a type at a construct path; without `path`, the only one. Raises `LookupError`."""
        return self._block("data", data_type, path)

    def modules(self) -> Resources:
        """The Terraform modules that the stack calls, by construct path; empty where there are none."""
        return _named("module", self.json.get("module", {}))

    def outputs(self) -> Outputs:
        """The outputs' values, by name."""
        outputs = Outputs({name: output["value"] for name, output in deepcopy(self.json.get("output", {})).items()})
        outputs.title = "outputs"
        return outputs

    def policies(self) -> dict[str, list[Block]]:
        """The statements of each policy document, by construct path."""
        documents = self.data_sources("aws_iam_policy_document")
        return {path: document.get("statement", []) for path, document in documents.items()}

    def grants(self, of: str | Construct) -> dict[str, list[Block]]:
        """The statements of a role's inline policies, by policy name. `of` as in `statements`."""
        return self._policies.inline(self._role(of))

    def statements(self, of: str | Construct) -> Statements:
        """Everything a role may do: the statements of its inline and attached policies.

        `of` is the role, or what has one role: a function, or any construct above a role; as construct or as path. Of
        an existing role (`Role.from_name`) it is what this stack adds.
        A policy that the stack only names (`arn:aws:iam::aws:policy/...`) is a statement with that name as `policy`.
        Raises `LookupError` where there is no role or several, and `ValueError` for a policy whose text Terraform
        learns only when it applies.
        """
        role = self._role(of)
        statements = Statements(self._policies.statements(role))
        statements.title = f"statements of {role}"
        return statements

    def permissions(self, of: str | Construct) -> Permissions:
        """`statements` flattened to sorted lines: `Allow s3:GetObject on ${aws_s3_bucket.Pictures/Bucket.arn}/in/*`."""
        role = self._role(of)
        permissions = Permissions(permissions_of(self._policies.statements(role)))
        permissions.title = f"permissions of {role}"
        return permissions

    @cached_property
    def accepted(self) -> dict[str, dict[str, str]]:
        """What scanners may find in a resource, with the reason, by construct path; `Testing.synth` leaves it out."""
        return {
            element.node.path.removeprefix(self._above): block["//"]["accepted"]
            for element in self._stack.node.find_all()
            if isinstance(element, TerraformResource)
            for names in element.to_terraform()["resource"].values()
            for block in names.values()
            if "accepted" in block["//"]
        }

    @cached_property
    def _existing_roles(self) -> dict[str, Block]:
        """The roles that other stacks manage, by construct path."""
        return {
            element.node.path.removeprefix(self._above): {
                "name": self._with_paths(str(resolve(element.name, self._stack)))
            }
            for element in self._stack.node.find_all()
            if isinstance(element, Role)
        }

    @property
    def _policies(self) -> SynthesizedPolicies:
        return SynthesizedPolicies(self.json, self._existing_roles)

    def _role(self, of: str | Construct) -> str:
        path = of if isinstance(of, str) else of.node.path.removeprefix(self._above)
        managed: Mapping[str, Any] = self.json.get("resource", {}).get("aws_iam_role", {})
        if path in managed or path in self._existing_roles:
            return path
        for roles in (managed, self._existing_roles):
            below = [role for role in roles if role.startswith(f"{path}/")]
            if len(below) == 1:
                return below[0]
            if below:
                raise LookupError(f"{path} has several roles; there are: {', '.join(below)}")
        known = ", ".join(sorted({*managed, *self._existing_roles})) or "none"
        raise LookupError(f"{path} has no role; there are: {known}")

    def _with_metadata(self) -> Block:
        """The Terraform with each resource's path where `cdktf synth` writes it, which `Testing.synth` leaves out."""
        resources = {
            type_: {
                name: {**block, "//": {"metadata": {"path": f"{self._above}{name}"}}} for name, block in all_.items()
            }
            for type_, all_ in self.json.get("resource", {}).items()
        }
        return {**self.json, "resource": resources}

    def _blocks(self, kind: str, type_: str) -> Resources:
        return _named(type_, self.json.get(kind, {}).get(type_, {}))

    def _block(self, kind: str, type_: str, path: str | None) -> ResourceArguments:
        blocks = self._blocks(kind, type_)
        if path is None and len(blocks) == 1:
            return next(iter(blocks.values()))
        if path is not None and path in blocks:
            return blocks[path]
        if not blocks:
            types = self.json.get(kind, {})
            raise LookupError(
                f"there is no {type_}{near(type_, types)}; there are: {', '.join(sorted(types)) or 'none'}"
            )
        asked = f"there is no {type_} at {path}{near(path, blocks)}" if path else f"there are {len(blocks)} {type_}"
        raise LookupError(f"{asked}; there are: {', '.join(sorted(blocks))}")


def _named(title: str, blocks: Mapping[str, Block]) -> Resources:
    resources = Resources({path: ResourceArguments(deepcopy(block)) for path, block in blocks.items()})
    resources.title = title
    for path, resource in resources.items():
        resource.title = f"{title}.{path}"
    return resources
