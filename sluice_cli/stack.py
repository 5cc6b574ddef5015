"""One synthesized stack of a project on a target: its Terraform, its state, its outputs."""

import json
import re
import subprocess
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError

from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.local_aws.addresses import served_locally
from sluice_cli.project import MANIFEST, Synthesized
from sluice_cli.review.saved import StateVersion
from sluice_cli.target import Target
from sluice_cli.terraform import local_overrides
from sluice_cli.terraform.document import read_stack
from sluice_cli.text import COLOURS

# Terraform's messages about a lock left behind, an invalid state, and names that are taken.
RECOVERABLE = re.compile(
    r"Error acquiring the state lock|Unsupported state file format|Error (?:refreshing|loading) state"
    r"|already ?exists|AlreadyOwnedByYou|ResourceInUseException|ResourceConflictException",
    re.IGNORECASE,
)

STATE_FORMAT = 4  # https://developer.hashicorp.com/terraform/internals/json-format

_first_init = threading.Lock()


@dataclass(frozen=True)
class Stack:
    """A stack as it was synthesized for a target, by its name in the manifest."""

    name: str
    target: Target

    @cached_property
    def folder(self) -> Path:
        folders = Synthesized.read(self.target.output).folders
        Synthesized.read(self.target.output).check([self.name])
        return folders[self.name]

    @property
    def configuration(self) -> dict[str, Any]:
        """The synthesized Terraform. Raises `InputError` if CDKTF did not write it."""
        return read_stack(self.folder)

    @property
    def backend(self) -> tuple[str, dict[str, Any]]:
        """The type and the settings of the backend of the stack's state."""
        override = self.folder / local_overrides.OVERRIDE
        try:
            written = json.loads(override.read_text(encoding="utf-8")) if override.is_file() else self.configuration
        except ValueError as error:
            raise InputError(f"{override} is damaged ({error}): run `sluice up`, which writes it again") from error
        terraform = written.get("terraform", {})
        backends = {**terraform.get("backend", {}), **({"cloud": terraform["cloud"]} if "cloud" in terraform else {})}
        for kind, block in backends.items():
            return kind, dict(block[0] if isinstance(block, list) else block)
        return "local", {}

    @property
    def initialized(self) -> bool:
        return (self.folder / ".terraform").is_dir()

    @property
    def has_providers(self) -> bool:
        """Whether `terraform init` has installed providers. They may be others than are required by now."""
        return (self.folder / ".terraform" / "providers").is_dir()

    def init(self) -> None:
        """`terraform init`. Raises `DeploymentError`."""
        with self.initializing():
            self.terraform("init", "-input=false")

    def prepare_queries(self) -> None:
        """Initialize the stack on an account, where it may have been deployed from elsewhere. Raises
        `DeploymentError`."""
        if self.target.local is None:
            self.init()

    def initializing(self) -> AbstractContextManager[object]:
        """Held while `terraform init` runs for the first time: a plugin cache does not support concurrent use.

        https://developer.hashicorp.com/terraform/cli/config/config-file#provider-plugin-cache
        """
        return nullcontext() if self.has_providers else _first_init

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the stack's folder. Returns the result, also of a failure."""
        return self.target.run_terraform(self.folder, *arguments)

    def terraform(self, *arguments: str) -> str:
        """Run Terraform in the stack's folder. Returns its standard output. Raises
        `DeploymentError` with its message.
        """
        result = self.run(*arguments)
        if result.returncode:
            said = COLOURS.sub("", result.stderr).strip()
            raise DeploymentError(f"terraform {arguments[0]} of {self.name} failed:\n{said}{self.advice(said)}")
        return result.stdout

    def outputs(self) -> dict[str, Any]:
        """The values of the deployed stack's outputs. Raises `DeploymentError` when it has none."""
        return {name: one["value"] for name, one in self.described_outputs().items()}

    def described_outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs with their `value`, `type` and whether they are `sensitive`, as Terraform's JSON has them.

        Addresses of APIs on the local AWS are those that it answers, not those that AWS would.
        """
        if not self.initialized:
            raise DeploymentError(f"{self.name} is not deployed from this folder")
        if self.target.local:
            values = {name: {"sensitive": False, **one} for name, one in self.state().get("outputs", {}).items()}
        else:
            values = json.loads(self.terraform("output", "-json", "-no-color"))
        if not values and self.configuration.get("output"):
            raise DeploymentError(f"{self.name} is not deployed")
        running = self.target.local.running() if self.target.local else None
        if running is None:
            return dict(values)
        return {name: {**one, "value": served_locally(one["value"], running.url)} for name, one in values.items()}

    def state(self) -> dict[str, Any]:
        """The state as JSON; empty if there is none yet. Raises `DeploymentError`."""
        kept = self._state_on_local_aws() if self.target.local else None
        if kept is not None:
            return kept
        text = self.terraform("state", "pull")
        return dict(json.loads(text)) if text.strip() else {}

    def _state_on_local_aws(self) -> dict[str, Any] | None:
        """The state's object, which takes milliseconds; Terraform starts for most of a second. None if Terraform has to
        say what is wrong with it."""
        _, backend = self.backend
        try:
            answer = self.target.client("s3").get_object(Bucket=backend["bucket"], Key=backend["key"])
            state = json.loads(answer["Body"].read())
        except ClientError as error:
            return {} if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket") else None
        except (ValueError, KeyError, HTTPClientError):
            return None
        return state if isinstance(state, dict) and state.get("version") == STATE_FORMAT else None

    def has_resources(self) -> bool:
        """Whether anything of the stack is deployed. Raises `DeploymentError`.

        The state of a stack that is not initialized can be read on a local AWS only.
        """
        if not self.initialized and self.target.local is None:
            return False
        return any(one["mode"] == "managed" for one in self.state().get("resources", []))

    def state_version(self) -> StateVersion:
        """The current version of the stack's state. Raises `DeploymentError`."""
        state = self.state()
        return StateVersion(str(state.get("lineage", "")), int(state.get("serial", 0)))

    def advice(self, said: str) -> str:
        """Advice to add to Terraform's message if `recover` may help; otherwise empty."""
        if not RECOVERABLE.search(said):
            return ""
        local = " --local" if self.target.local else ""
        return (
            "\nIf another deployment runs, wait for it. If one was interrupted or killed, or the state was lost: "
            f"`sluice recover {self.name}{local}` (docs/recovery.md)"
        )


def synthesize(target: Target, names: Sequence[str] = (), *, quiet: bool = False) -> list[Stack]:
    """Run the project's app for a target. Returns the named stacks, or all, in order of their dependencies.

    Raises `SynthError` if the app fails, and `InputError` for unknown names.
    """
    synthesized = target.project.synthesize(target.environment, target.output, quiet=quiet)
    if target.local:
        local_overrides.write(synthesized, target.environment["AWS_ENDPOINT_URL"], str(target.state_bucket))
    return [Stack(name, target) for name in synthesized.ordered(names)]


def synthesized_stacks(target: Target, names: Sequence[str] = ()) -> list[Stack]:
    """The stacks of the last synth. Raises `InputError` if there was none, and for unknown names."""
    return [Stack(name, target) for name in Synthesized.read(target.output).ordered(names)]


def deployed_stacks(target: Target, names: Sequence[str] = ()) -> list[Stack]:
    """The named stacks, or all, for queries about what is deployed. Raises `InputError` for unknown names.

    On an account they are synthesized first, so they may have been deployed from elsewhere. Call
    `Stack.prepare_queries` before anything of a stack is read.
    """
    if target.local:
        if not (target.output / MANIFEST).is_file():
            raise DeploymentError("nothing of this project is deployed on its local AWS: run `sluice up`")
        return synthesized_stacks(target, names)
    return synthesize(target, names, quiet=True)
