"""Orphans: planned resources that already exist on AWS, but not in the state."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sluice_cli.deployment.moved_away import check_not_moved_away
from sluice_cli.errors import DeploymentError
from sluice_cli.recovery.existing import KINDS, find
from sluice_cli.stack import Stack
from sluice_cli.terminal import console

IMPORTS = "recovery.tf.json"
PLAN = "recovery.tfplan"
STALE = "Saved plan is stale"

# Tags that identify the owner of a resource.
OWN_TAGS = ("Project", "Environment", "System")
REFUSED = ("403", "AccessDenied", "AccessDeniedException")

# An entry of `resource_changes` in a plan's JSON: https://developer.hashicorp.com/terraform/internals/json-format
Change = dict[str, Any]
# By address and attribute of a resource, the resource that the attribute refers to.
References = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Orphan:
    """An existing resource that is not in the state. `problem` says why it cannot be adopted or removed; it is empty
    otherwise.
    """

    address: str
    kind: str
    id: str
    problem: str = ""


@dataclass(frozen=True)
class RecoveryPlan:
    """What a plan would change of managed resources, and whether it would change outputs."""

    changes: list[Change]
    references: References
    changes_outputs: bool = False


@dataclass
class Findings:
    """The orphans of a plan, and what a deployment would change after they are adopted."""

    orphans: list[Orphan] = field(default_factory=list)
    # Tainted resources in the state: the next apply would destroy and recreate them.
    tainted: list[str] = field(default_factory=list)
    add: int = 0
    change: int = 0
    destroy: int = 0
    # Whether the plan of `Recovery.look` imports the orphans and does nothing else.
    imports_only: bool = False

    @property
    def ours(self) -> list[Orphan]:
        return [one for one in self.orphans if not one.problem]

    @property
    def refused(self) -> list[Orphan]:
        return [one for one in self.orphans if one.problem]


class Recovery:
    """Recovery of one stack, which is synthesized and initialized. Only `adopt` and `remove` change anything."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._client_in = cache(lambda region, service: stack.target.client(service, region_name=region))
        # By address of a resource, the region of its provider; None if it comes from the environment.
        self._regions: dict[str, str | None] = {}

    def look(self) -> Findings:
        """Plan and look up the planned resources, repeatedly: child resources can only be looked up once their parents
        are known. Raises `DeploymentError`.
        """
        check_not_moved_away(self._stack)
        orphans: dict[str, Orphan] = {}
        with console.status("Looking for what exists"):
            while True:
                imports = [one for one in orphans.values() if not one.problem]
                with self._importing(imports):
                    plan = self._plan()
                changes = plan.changes
                judged = {
                    one["address"]: _judge(one, orphans[one["address"]], untagged=self._stack.target.local is not None)
                    for one in changes
                    if one["address"] in orphans and _imported(one)  # and not by an import block of the app's own
                }
                orphans |= judged
                if any(one.problem for one in judged.values()):
                    _disown_parts(orphans, changes)
                    continue  # the import blocks must not affect the next plan
                found = {one.address: one for one in self._existing(changes, plan.references, known=set(orphans))}
                if not found:
                    return _findings(orphans, plan)
                orphans |= found

    def adopt(self, findings: Findings, *, untaint: bool = True) -> int:
        """Import the orphans into the state. Nothing else is applied, except for their dependencies."""
        for address in findings.tainted if untaint else ():
            self._terraform("untaint", address)
        if not findings.ours:
            return 0
        if findings.imports_only:
            try:
                self._terraform("apply", "-input=false", PLAN)
            except DeploymentError as error:
                if STALE not in str(error):
                    raise
            else:
                return len(findings.ours)
        with self._importing(findings.ours):
            changes = self._plan(*_targets(one.address for one in findings.ours)).changes
            lost = [one["address"] for one in changes if "delete" in one["change"]["actions"]]
            if lost:
                raise DeploymentError(f"adopting would destroy {', '.join(lost)}: nothing was done")
            self._terraform("apply", "-input=false", PLAN)
        return len(changes)

    def remove(self, findings: Findings) -> int:
        """Destroy the orphans: import them first, so that Terraform keeps the order and honours `prevent_destroy`."""
        self.adopt(findings, untaint=False)
        addresses = {one.address for one in findings.ours}
        changes = self._plan("-destroy", *_targets(addresses)).changes
        gone = {one["address"] for one in changes if "delete" in one["change"]["actions"]}
        if gone - addresses:
            raise DeploymentError(
                f"{', '.join(sorted(gone - addresses))} depend on what would be removed: nothing was removed, "
                "and what was found is in the state now"
            )
        self._terraform("apply", "-input=false", PLAN)
        return len(gone)

    def _existing(
        self, changes: Sequence[Change], references: References, *, known: Collection[str]
    ) -> Iterator[Orphan]:
        """The planned resources that exist: resources with our names, and parts of our resources."""
        owned = {(one["type"], _id(one)) for one in changes if one["change"]["before"]}
        found: dict[str, str] = {}
        # Parents before their parts.
        for one in sorted(changes, key=lambda one: bool(_parent(one))):
            kind = KINDS.get(one["type"])
            if kind is None or one["address"] in known or one["change"]["actions"] != ["create"]:
                continue
            values = dict(one["change"]["after"])
            if kind.parent:
                # A plan does not know the id of a parent that it would create, although the parent exists.
                whole = references.get((one["address"], kind.parent[1]), "")
                values.setdefault(kind.parent[1], found.get(whole))
                if (kind.parent[0], values[kind.parent[1]]) not in owned:
                    continue
            try:
                region = self._regions.get(one["address"])
                id_ = find(kind, partial(self._client_in, region), values)
            except ClientError as error:
                if error.response["Error"]["Code"] not in REFUSED:
                    raise
                name = next(str(values[name]) for name in kind.needs)
                yield Orphan(one["address"], one["type"], name, "exists, and is not yours to look at")
                continue
            if id_ is not None:
                owned.add((one["type"], id_))
                found[one["address"]] = id_
                yield Orphan(one["address"], one["type"], id_)

    def _plan(self, *options: str) -> RecoveryPlan:
        self._terraform("plan", "-input=false", f"-out={PLAN}", *options)
        document = json.loads(self._terraform("show", "-json", PLAN))
        changes = [one for one in document.get("resource_changes", []) if one["mode"] == "managed"]
        references = {
            (one["address"], name): expression["references"][-1]
            for one in document["configuration"]["root_module"].get("resources", [])
            for name, expression in one.get("expressions", {}).items()
            if isinstance(expression, dict) and expression.get("references")
        }
        self._regions = _regions(document["configuration"])
        outputs = document.get("output_changes", {}).values()
        return RecoveryPlan(changes, references, any(one["actions"] != ["no-op"] for one in outputs))

    def _terraform(self, *arguments: str) -> str:
        return self._stack.terraform(*arguments)

    @contextmanager
    def _importing(self, orphans: Sequence[Orphan]) -> Iterator[None]:
        """Write import blocks beside the synthesized Terraform:
        https://developer.hashicorp.com/terraform/language/import
        """
        path: Path = self._stack.folder / IMPORTS
        if orphans:
            path.write_text(json.dumps({"import": [{"to": one.address, "id": one.id} for one in orphans]}))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _judge(change: Change, orphan: Orphan, *, untagged: bool = False) -> Orphan:
    """Decide whether an imported resource is ours and can be adopted unchanged.

    It has to carry the tags `Project`, `Environment` and `System` of the configuration, or all tags of the
    configuration if it has none of these. `untagged` accepts resources for which the configuration has no tags, as on a
    local AWS.
    """
    before, after = change["change"]["before"], change["change"]["after"]
    if "tags_all" in after:
        tags, own = before.get("tags_all") or {}, after["tags_all"] or {}
        names = [name for name in OWN_TAGS if name in own] or list(own)
        if not names and not untagged:
            return replace(orphan, problem="its owner is unknown: the configuration gives it no tags")
        if any(tags.get(name) != own.get(name) for name in names):
            whose = ", ".join(f"{name}={tags[name]}" for name in names if name in tags) or "none of our tags"
            return replace(orphan, problem=f"somebody else's: it carries {whose}")
    if "delete" in change["change"]["actions"]:
        paths = ", ".join(str(path[0]) for path in change["change"].get("replace_paths", []))
        return replace(orphan, problem=f"differs in {paths}: a deployment would replace it")
    return orphan


def _regions(configuration: dict[str, Any]) -> dict[str, str | None]:
    """By address of a resource, the region of its provider, if the configuration has one."""
    providers = configuration.get("provider_config", {})
    regions = {
        key: one.get("expressions", {}).get("region", {}).get("constant_value") for key, one in providers.items()
    }
    resources = configuration["root_module"].get("resources", [])
    return {one["address"]: regions.get(one.get("provider_config_key", "")) for one in resources}


def _disown_parts(orphans: dict[str, Orphan], changes: Sequence[Change]) -> None:
    """Parts of a resource that is not ours are not ours either."""
    refused = {(one.kind, one.id): one for one in orphans.values() if one.problem}
    for change in changes:
        whole = refused.get(_parent(change) or ("", ""))
        if whole and change["address"] in orphans:
            part = orphans[change["address"]]
            orphans[part.address] = replace(part, problem=f"part of {whole.address}")


def _parent(change: Change) -> tuple[str, Any] | None:
    """Type and id of a resource's parent."""
    kind, values = KINDS.get(change["type"]), change["change"]["after"]
    return (kind.parent[0], values.get(kind.parent[1])) if kind and kind.parent and values else None


def _imported(change: Change) -> bool:
    return "importing" in change["change"]


def _does_nothing(change: Change) -> bool:
    return change["change"]["actions"] in (["no-op"], ["read"]) and "previous_address" not in change


def _id(change: Change) -> Any:
    """The id by which parts refer to a resource."""
    before = change["change"]["before"]
    return before["resource_id"] if change["type"] == "aws_appautoscaling_target" else before["id"]


def _findings(orphans: dict[str, Orphan], plan: RecoveryPlan) -> Findings:
    changes = plan.changes
    tainted = {one["address"] for one in changes if one.get("action_reason") == "replace_because_tainted"}
    # Adopting updates these in place.
    done = tainted | {one.address for one in orphans.values() if not one.problem}
    actions = [one["change"]["actions"] for one in changes if one["address"] not in done]
    return Findings(
        orphans=sorted(orphans.values(), key=lambda one: one.address),
        tainted=sorted(tainted),
        add=sum("create" in one for one in actions),
        change=sum(one == ["update"] for one in actions),
        destroy=sum("delete" in one for one in actions),
        imports_only=not plan.changes_outputs
        and not any(one.problem for one in orphans.values())
        and all(one["address"] in orphans if _imported(one) else _does_nothing(one) for one in changes),
    )


def _targets(addresses: Iterable[str]) -> list[str]:
    return [f"-target={address}" for address in addresses]
