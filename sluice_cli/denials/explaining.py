"""Finds the line of code that grants a refused call."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sluice_cli.denials import grants
from sluice_cli.denials.grants import Match
from sluice_cli.denials.model import Denial, Explanation
from sluice_cli.denials.names_in_source import Declaration, declarations
from sluice_cli.deployed.resources import Resource

MOST_CODE = 3  # grants shown for one call

IN_STATE = "allows it in Terraform's state"
INLINE = "aws_iam_role_policy"


class Explainer:
    """Explains refused calls of a project's functions.

    `resources` are those of the selected stacks. `more` returns those of all stacks; it is called when a refused
    resource is in none of the selected ones. `folder` has the app's sources.
    """

    def __init__(
        self, resources: Sequence[Resource], folder: Path, more: Callable[[], Sequence[Resource]] | None = None
    ) -> None:
        self._resources = list(resources)
        self._folder = folder
        self._more = more

    def explain(self, denial: Denial) -> Explanation:
        """The missing statement of a call, and the code that grants it."""
        role = self._role(denial)
        function = self._function_of(role) if role else None
        who = denial.function or denial.role or denial.principal
        if denial.explicit:
            return Explanation(denial, who, notes=self._denied_by(denial, role))
        statement = _statement(denial)
        if denial.policy == "resource":
            note = f"the policy of {denial.resource} itself lacks it; a statement of a role does not help"
            return Explanation(denial, who, statement={**statement, "Principal": _principal(denial)}, notes=(note,))
        notes = tuple(self._held(denial, role))
        if denial.action == "s3:ListBucket":
            notes += ("S3 also asks this when an object is missing: without it, the answer is 403 instead of 404",)
        variable, place = self._named(function, "PythonFunction") if function else ("", "")
        if not function and denial.role:
            variable, place = _snake(denial.role), ""
            if role is None or not role.path:
                notes += (f"the role is not of this project: `Role.from_name(self, ..., {json.dumps(denial.role)})`",)
            else:
                notes += (f"the role is {role.address}, which no function of a module class has",)
                return Explanation(denial, who, statement=statement, notes=notes)
        code, where = self._code(denial, variable)
        in_terraform = any(IN_STATE in note for note in notes)
        return Explanation(denial, who, code, tuple(filter(None, (*where, place))), statement, notes, in_terraform)

    def _code(self, denial: Denial, function: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if not function:
            return (), ()
        matches = grants.in_stacks(denial, self._all_with(denial.resource))
        if any(one.of_key for one in matches):
            matches = self._held_but_for_key(matches, denial)
        # Only the grants with the fewest permissions; a permission on a key may be part of several grants.
        smallest = min((one.verb.size for one in matches), default=0)
        code: dict[str, str] = {}
        for match in matches:
            if match.resource and (match.of_key or match.verb.size == smallest):
                variable, place = self._named(match.resource.construct, match.verb.construct)
                if variable:
                    code.setdefault(match.call(variable, function), place)
        if code:
            shown = list(code.items())[: MOST_CODE if matches[0].of_key else 1]
            return tuple(line for line, _ in shown), tuple(dict.fromkeys(place for _, place in shown if place))
        if self._is_of_project(denial.resource):
            return (), ()
        existing = grants.of_existing(denial)
        if existing:
            return (existing[0].call(grants.existing_construct(existing[0], denial), function),), ()
        return (), ()

    def _held_but_for_key(self, matches: list[Match], denial: Denial) -> list[Match]:
        """The verbs with a permission on a key whose other statements the role already has, with their options; all
        matches if there are none.
        """
        role = self._role(denial)
        statements = [one for _, policy in (self._inline(role) if role else ()) for one in policy]
        allowed = {
            (action.lower(), resource)
            for one in statements
            if one.get("Effect") == "Allow"
            for action in _list(one.get("Action"))
            for resource in _list(one.get("Resource"))
        }
        held = [grants.as_held(one, allowed) for one in matches]
        return [one for one in held if one is not None] or matches

    def _role(self, denial: Denial) -> Resource | None:
        for one in self._all_with(denial.role) if denial.role else ():
            if one.type == "aws_iam_role" and one.attributes.get("name") == denial.role:
                return one
        return None

    def _function_of(self, role: Resource) -> str:
        """The construct path of the function that has this role; empty if no `PythonFunction` has it."""
        if not role.path.endswith("/Role") or role.path.count("/") < 2:
            return ""
        function = f"{role.construct}/Function"
        known = any(one.type == "aws_lambda_function" and one.path == function for one in self._resources)
        return role.construct if known else ""

    def _named(self, path: str, construct: str) -> tuple[str, str]:
        """The construct's variable in the sources, and where it is declared; its id in snake case if the sources do not
        declare it. No name if the sources declare another class.
        """
        stack, _, inside = path.partition("/")
        ids = inside.split("/")
        found = declarations(self._folder, ids[-1])
        own = [one for one in found if one.construct == construct]
        if found and not own and len(ids) == 1 and all(one.construct in KNOWN_CLASSES for one in found):
            return "", ""
        variables = {one.variable for one in own}
        if len(variables) == 1 and len(ids) == 1:
            return own[0].variable, f"{path}: {_place(own[0], self._folder)}"
        if ids[-1] == "Failures" and len(ids) > 1:
            # A function's failure queue is its attribute.
            above, place = self._named(f"{stack}/{'/'.join(ids[:-1])}", "PythonFunction")
            return f"{above}.failures", place
        return _snake(ids[-1]), f"{path}: the construct {ids[-1]} of the stack {stack}"

    def _held(self, denial: Denial, role: Resource | None) -> Iterator[str]:
        """What the role's policies in Terraform's state already allow or deny for the action."""
        if role is None:
            return
        for policy, statements in self._inline(role):
            for one in statements:
                actions = [action.lower() for action in _list(one.get("Action"))]
                if one.get("Effect") != "Allow" or not any(_like(action, denial.action.lower()) for action in actions):
                    continue
                resources = _list(one.get("Resource"))
                named = f"{policy.address} (statement {one.get('Sid') or 'without Sid'})"
                if not any(_like(resource, denial.resource) for resource in resources):
                    if any(_same_resource(resource, denial.resource) for resource in resources):
                        yield f"{named} allows it on {', '.join(resources)} only"
                elif one.get("Condition"):
                    yield f"{named} allows it only under a condition: {json.dumps(one['Condition'])}"
                else:
                    yield (
                        f"{named} {IN_STATE}: the policy was changed outside of Terraform "
                        "(`sluice drift`), or AWS had not yet taken it over"
                    )

    def _denied_by(self, denial: Denial, role: Resource | None) -> tuple[str, ...]:
        sid = f"the statement {denial.sid}" if denial.sid else "a statement"
        held = [
            policy.address
            for policy, statements in (self._inline(role) if role else ())
            if any(one.get("Effect") == "Deny" and one.get("Sid") == denial.sid for one in statements)
        ]
        where = f" in {', '.join(held)}" if held else f" in a {denial.policy}-based policy"
        return (f"{sid}{where} denies it: no grant helps, the denial has to go or not to match",)

    def _inline(self, role: Resource) -> Iterator[tuple[Resource, list[dict[str, Any]]]]:
        for one in self._resources:
            if one.type == INLINE and one.attributes.get("role") == role.attributes.get("name"):
                yield one, _statements(str(one.attributes.get("policy") or ""))

    def _all_with(self, text: str) -> list[Resource]:
        """The selected resources with the text as a name or ARN; those of all stacks if no selected one has it."""
        if self._more and not any(_names(one, text) for one in self._resources):
            more, self._more = self._more, None
            known = {(one.stack, one.address) for one in self._resources}
            self._resources += [one for one in more() if (one.stack, one.address) not in known]
        return self._resources

    def _is_of_project(self, arn: str) -> bool:
        return any(_names(one, arn) for one in self._resources)


KNOWN_CLASSES = {"Table", "Bucket", "Queue", "Topic", "Secret", "PythonFunction"}


def _statement(denial: Denial) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": denial.action, "Resource": denial.resource}


def _principal(denial: Denial) -> dict[str, str]:
    partition = denial.principal.split(":")[1] if denial.principal.startswith("arn:") else "aws"
    return {"AWS": f"arn:{partition}:iam::{denial.account}:role/{denial.role}" if denial.role else denial.principal}


def _names(resource: Resource, text: str) -> bool:
    return bool(text) and (
        (bool(resource.arn) and text.startswith(resource.arn))
        or text in (resource.attributes.get("name"), resource.arn)
    )


def _statements(policy: str) -> list[dict[str, Any]]:
    try:
        statements = json.loads(policy).get("Statement", [])
    except (ValueError, AttributeError):
        return []
    return [one for one in (statements if isinstance(statements, list) else [statements]) if isinstance(one, dict)]


def _list(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value] if value is not None else [])]


def _like(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern of a policy, with IAM's wildcards."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, text, re.DOTALL) is not None


def _same_resource(one: str, other: str) -> bool:
    """Whether two ARNs belong to the same bucket, table, topic or queue."""
    parts = 1 if ":s3:" in other else 2
    return one.split("/")[:parts] == other.split("/")[:parts]


def _place(declared: Declaration, folder: Path) -> str:
    return f"{declared.file.relative_to(folder)}:{declared.line}"


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).strip("_").lower()
    return words if words.isidentifier() else f"_{words}"


def by_request(explanations: Sequence[Explanation]) -> Mapping[str, list[Explanation]]:
    """The explanations by the request id of the refused invocation."""
    found: dict[str, list[Explanation]] = {}
    for one in explanations:
        found.setdefault(one.denial.request_id, []).append(one)
    return found
