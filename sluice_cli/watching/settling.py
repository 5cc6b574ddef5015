"""Brings Terraform's state in line with the deployed code after a save.

The app is synthesized. Where only code changed, the new hashes are written to the stack's state without a plan, as an
apply would write them. Stacks with other changes are planned and applied.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sluice_cli.deployment.applying import deploy_stacks
from sluice_cli.deployment.unchanged import UnchangedStacks
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target
from sluice_cli.watching.functions import (
    FUNCTION,
    WatchedFunction,
    archive_of,
    changed_code,
    renewed,
    source_hash,
    watched_functions,
)
from sluice_cli.watching.pushing import Pusher
from sluice_cli.watching.sources import SourceFinder


class Settler:
    """Synthesizes after a save, and updates states or applies stacks."""

    def __init__(self, target: Target, names: Sequence[str], finder: Callable[[], SourceFinder]) -> None:
        self._target, self._names, self._finder = target, names, finder
        self.pusher = Pusher(target)
        self._before: dict[str, dict[str, Any]] = {}
        self.functions: list[WatchedFunction] = []

    def learn(self, stacks: Sequence[Stack]) -> None:
        """Remember the deployed configuration of the stacks."""
        self._before = {stack.name: stack.configuration for stack in stacks}
        self.functions = watched_functions(stacks, self._finder())

    def settle(self) -> tuple[list[str], list[str]]:
        """The names of stacks in which only code changed, and of those with other changes, which are applied on the
        local AWS. Raises `SynthError` if the app fails, `DeploymentError`, and `LocalAwsError`."""
        stacks = synthesize(self._target, self._names)
        local = self._target.local
        unchanged = UnchangedStacks(self._target, local) if local else None
        told, others = [], []
        for stack in stacks:
            before, now = self._before.get(stack.name), stack.configuration
            if before == now and (unchanged is None or unchanged.holds(stack)):
                continue
            ids = changed_code(before, now) if before is not None else None
            if ids:
                self._tell_state(stack, now, ids, unchanged)
                told.append(stack.name)
            elif before != now:
                others.append(stack)
        if others and unchanged:
            deploy_stacks(others, self._target, unchanged)
        self._before |= {stack.name: stack.configuration for stack in stacks if unchanged or stack not in others}
        # Functions are added and removed only by stacks that were applied.
        kept = [one for one in self.functions if one.stack.name not in {stack.name for stack in others}]
        self.functions = [*renewed(kept, self._finder()), *watched_functions(others, self._finder())]
        return told, [stack.name for stack in others]

    def _tell_state(
        self, stack: Stack, configuration: dict[str, Any], ids: Sequence[str], unchanged: UnchangedStacks | None
    ) -> None:
        """Write the new code of functions to the state, as `terraform apply` does after an upload."""
        carried = unchanged.changes_recorded(stack) if unchanged else None
        if unchanged:
            unchanged.forget(stack)
        state = stack.state()
        blocks = configuration["resource"][FUNCTION]
        for one in state["resources"]:
            if one["type"] != FUNCTION or one["name"] not in ids or one.get("mode") != "managed":
                continue
            block, attributes = blocks[one["name"]], one["instances"][0]["attributes"]
            archive = archive_of(stack, block)
            if archive is None:
                continue
            region = str(attributes["arn"]).split(":")[3]
            function = WatchedFunction(stack, one["name"], attributes["function_name"], region, archive, None)
            self.pusher.push_unless_there(function, archive.read_bytes())
            deployed = self.pusher.deployed(function)
            attributes |= {
                "filename": block["filename"],
                "source_code_hash": source_hash(function, block) or attributes.get("source_code_hash"),
                "code_sha256": deployed["CodeSha256"],
                "source_code_size": deployed["CodeSize"],
                "last_modified": deployed["LastModified"],
            }
        state["serial"] += 1
        with tempfile.TemporaryDirectory(dir=stack.folder / ".terraform") as folder:
            path = Path(folder, "state.json")
            path.touch(0o600)
            path.write_text(json.dumps(state), encoding="utf-8")
            stack.terraform("state", "push", str(path.resolve()))
        if unchanged and carried is not None:
            unchanged.record(stack, carried)
