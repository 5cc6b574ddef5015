"""Permissions of synthesized roles."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Block = dict[str, Any]

DOCUMENT = re.compile(r"\$\{data\.aws_iam_policy_document\.(.+)\.json\}")
ROLE = re.compile(r"\$\{aws_iam_role\.(.+)\.(?:name|id|arn)\}")
POLICY = re.compile(r"\$\{aws_iam_policy\.(.+)\.(?:arn|id)\}")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
STATEMENT_KEYS = {
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
}


class SynthesizedPolicies:
    """The policies of a synthesized stack's roles, and what it adds to the `existing` roles of other stacks."""

    def __init__(self, terraform: Block, existing: Mapping[str, Block] | None = None) -> None:
        self._existing = existing or {}
        self._resources: Mapping[str, Any] = terraform.get("resource", {})
        self._documents: Mapping[str, Any] = terraform.get("data", {}).get("aws_iam_policy_document", {})

    def inline(self, role: str) -> dict[str, list[Block]]:
        """The statements of a role's inline policies, by policy name."""
        return {name: self._statements(text) for name, text in self._inline(role)}

    def statements(self, role: str) -> list[Block]:
        statements = [one for _, text in self._inline(role) for one in self._statements(text)]
        for attached in self._attached(role):
            policy = POLICY.fullmatch(attached)
            if policy and policy[1] in self._all("aws_iam_policy"):
                statements += self._statements(self._all("aws_iam_policy")[policy[1]]["policy"])
            else:
                statements.append({"policy": attached})
        return statements

    def _all(self, resource_type: str) -> Mapping[str, Any]:
        return dict(self._resources.get(resource_type, {}))

    def _block(self, role: str) -> Block:
        managed = self._all("aws_iam_role")
        return managed[role] if role in managed else self._existing[role]

    def _inline(self, role: str) -> Iterator[tuple[str, str]]:
        for path, policy in self._all("aws_iam_role_policy").items():
            if self._is(role, policy["role"]):
                yield policy.get("name", path), policy["policy"]
        for policy in self._block(role).get("inline_policy", []):
            yield policy["name"], policy["policy"]

    def _attached(self, role: str) -> Iterator[str]:
        for attachment in self._all("aws_iam_role_policy_attachment").values():
            if self._is(role, attachment["role"]):
                yield attachment["policy_arn"]
        for attachment in self._all("aws_iam_policy_attachment").values():
            if any(self._is(role, name) for name in attachment.get("roles", [])):
                yield attachment["policy_arn"]
        yield from self._block(role).get("managed_policy_arns", [])

    def _is(self, role: str, named: str) -> bool:
        reference = ROLE.fullmatch(named)
        return reference[1] == role if reference else named == self._block(role).get("name")

    def _statements(self, text: str) -> list[Block]:
        document = DOCUMENT.fullmatch(text)
        if document and document[1] in self._documents:
            block = self._documents[document[1]]
            others = [*block.get("source_policy_documents", []), *block.get("override_policy_documents", [])]
            return [*block.get("statement", []), *(one for other in others for one in self._statements(other))]
        try:
            policy = json.loads(text)
        except ValueError as error:
            raise ValueError(f"a policy whose text Terraform learns only when it applies: {text}") from error
        statements = policy.get("Statement", [])
        return [_block(one) for one in (statements if isinstance(statements, list) else [statements])]


def permissions_of(statements: Sequence[Block]) -> list[str]:
    return sorted({line for statement in statements for line in _lines(statement)})


def _lines(statement: Block) -> Iterator[str]:
    if "policy" in statement:
        yield f"Allow what {statement['policy']} allows"
        return
    conditions = " and ".join(
        f"{one['test']} {one['variable']} {', '.join(map(str, one['values']))}"
        for one in statement.get("condition", [])
    )
    effect = statement.get("effect", "Allow")
    for action in _named(statement, "actions"):
        for resource in _named(statement, "resources") or [""]:
            on = f" on {resource}" if resource else ""
            yield f"{effect} {action}{on}{f' if {conditions}' if conditions else ''}"


def _named(statement: Block, names: str) -> list[str]:
    return [*statement.get(names, []), *(f"all but {one}" for one in statement.get(f"not_{names}", []))]


def _block(statement: Mapping[str, Any]) -> Block:
    """A statement in IAM's JSON, in the form of `aws_iam_policy_document`."""
    block: Block = {"sid": statement["Sid"]} if "Sid" in statement else {}
    block["effect"] = statement.get("Effect", "Allow")
    for name, ours in STATEMENT_KEYS.items():
        if name in statement:
            block[ours] = _list(statement[name])
    conditions = [
        {"test": test, "variable": variable, "values": _list(values)}
        for test, variables in statement.get("Condition", {}).items()
        for variable, values in variables.items()
    ]
    return {**block, "condition": conditions} if conditions else block


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
