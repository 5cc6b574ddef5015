"""A move: its `moved` blocks, its plan, and its refusals."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.moving.roots import Folder, find_call, redirected_to_local_aws
from sluice_cli.review.classification import classified
from sluice_cli.review.plan import Plan, ResourceChange, read_plan
from sluice_cli.stack import Stack

BLOCKS = "sluice-moved.tf"
BLOCKS_OF_STACK = "sluice-moved.tf.json"
PLAN = Path(".terraform", "move.tfplan")
# A move may change these of what holds data: the ManagedBy tag says who manages it.
TAGS = {"tags", "tags_all"}
HARMLESS = ("unchanged", "create", "read")


class MoveRefusedError(DeploymentError):
    """The move would change a resource that holds data. Nothing was applied."""

    exit_code = ExitCode.NEEDS_DECISION


@dataclass(frozen=True)
class Move:
    """A planned move."""

    into: Folder
    plan: Plan
    back: bool

    @property
    def changes(self) -> list[ResourceChange]:
        """The plan's changes other than moves."""
        return [one for one in self.plan.changes if one.mode == "managed" and one.verb != "unchanged"]

    @property
    def moved(self) -> int:
        return sum(one.previous_address is not None for one in self.plan.changes)

    @property
    def refused(self) -> list[str]:
        """The plan's changes to resources that hold data, one line for each."""
        return [
            f"{one.address} ({one.previous_address or 'not moved'}): {one.verb}{_attributes(one)}"
            for one in self.changes
            if _holds_data(one) and not _only_tags(one)
        ]

    def summary(self) -> list[str]:
        """The plan in words, a line for each change that is more than tags."""
        counts = Counter(one.verb for one in self.changes)
        words = ", ".join(f"{number} {verb}" for verb, number in sorted(counts.items())) or "nothing else"
        lines = [f"{self.moved} addresses move; besides: {words}"]
        return lines + [f"  {one.verb} {one.address}{_attributes(one)}" for one in self.changes if not _only_tags(one)]

    def check(self) -> None:
        """Raises `MoveRefusedError`."""
        if self.refused:
            listed = "\n".join(f"  {one}" for one in self.refused)
            raise MoveRefusedError(
                f"refused: the move would touch what holds data:\n{listed}\n"
                "Give the module the settings that the stack was deployed with, and use the version of the module that "
                f"was made from it; then move again. Nothing was applied{self._kept()}."
            )

    def _kept(self) -> str:
        if self.back:
            return ""
        return f"; {self.into.path / BLOCKS} stays, as an apply without it would destroy what the state has"

    def apply(self) -> None:
        """Raises `DeploymentError`."""
        self.into.terraform("apply", "-input=false", str(PLAN))


@contextmanager
def planned_move(stack: Stack, root: Folder, *, back: bool, module: str | None) -> Iterator[Move]:
    """The planned move of a deployed stack to the root that calls its plain module, or back. The plan is deleted
    afterwards.

    Both have to keep their state in the same place. Raises `InputError` where there is nothing to move.
    """
    call = find_call(root, stack.name, module)
    own = Folder(stack.folder, stack.target)
    into = own if back else root
    pairs = {there: here for here, there in call.pairs().items()} if back else call.pairs()
    with ExitStack() as cleanup:
        if stack.target.local and not back:
            cleanup.enter_context(redirected_to_local_aws(root, stack))
        cleanup.callback((into.path / PLAN).unlink, missing_ok=True)  # it may hold secrets
        # The stack has `moved` blocks during its move only; later they would undo the next move to the module.
        cleanup.callback((own.path / BLOCKS_OF_STACK).unlink, missing_ok=True)
        into.terraform("init", "-input=false", *([] if back else ["-reconfigure"]))
        there = into.addresses()
        blocks = {before: after for before, after in pairs.items() if before in there}
        if not blocks:
            raise InputError(_nothing_to_move(stack, root, there, pairs, back=back))
        _write(into, blocks, json_=back)
        into.terraform("plan", "-input=false", f"-out={PLAN}")
        yield Move(into, read_plan(into.terraform("show", "-json", str(PLAN))), back)


def _nothing_to_move(stack: Stack, root: Folder, there: set[str], pairs: Mapping[str, str], *, back: bool) -> str:
    if set(pairs.values()) & there:
        return f"{stack.name}: moved already; the state has its resources where they would move to"
    kind, backend = stack.backend
    where = ", ".join(f"{name} = {backend[name]!r}" for name in ("bucket", "key", "path", "region") if name in backend)
    seen = f"{len(there)} other resources" if there else "no resources"
    source = root.path if back else stack.name
    return (
        f"nothing to move: the state of {stack.folder if back else root.path} has {seen}, and none of {source}. "
        f"Both need the same state; the stack's is in the backend {kind!r} ({where or 'default settings'})"
    )


def _write(into: Folder, blocks: Mapping[str, str], *, json_: bool) -> None:
    if json_:
        content = {"moved": [{"from": before, "to": after} for before, after in blocks.items()]}
        (into.path / BLOCKS_OF_STACK).write_text(json.dumps(content, indent=2) + "\n")
        return
    lines = ["# Written by `sluice move`. Once every copy of this state is moved, this file can go."]
    for before, after in blocks.items():
        lines += ["", "moved {", f"  from = {before}", f"  to   = {after}", "}"]
    (into.path / BLOCKS).write_text("\n".join([*lines, ""]))


def _holds_data(change: ResourceChange) -> bool:
    rules = classified().get(change.type)
    if change.verb in HARMLESS:
        return False
    if rules is None:  # nobody knows what it holds: it may be updated, and not destroyed
        return change.verb != "update"
    return bool(rules.holds)


def _changed(change: ResourceChange) -> list[str]:
    before, after = change.before or {}, change.after or {}
    unknown = [name for name, one in change.unknown.items() if _has_unknown(one)] if change.unknown else []
    return sorted({name for name in {*before, *after} if before.get(name) != after.get(name)} | set(unknown))


def _has_unknown(marks: Any) -> bool:
    """Whether a part of an attribute is unknown. Terraform has an empty object for each block that is known."""
    if isinstance(marks, dict | list):
        return any(map(_has_unknown, marks.values() if isinstance(marks, dict) else marks))
    return bool(marks)


def _only_tags(change: ResourceChange) -> bool:
    return change.verb == "update" and set(_changed(change)) <= TAGS


def _attributes(change: ResourceChange) -> str:
    names = [name for name in _changed(change) if name not in TAGS] if change.verb == "update" else []
    return f" ({', '.join(names)})" if names else ""
