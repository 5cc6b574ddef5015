"""The two configurations of a move: a CDKTF stack, and a root module that calls the plain module."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.export.files import ADDRESSES
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terraform import local_overrides
from sluice_cli.terraform.document import blocks
from sluice_cli.text import COLOURS

MODULES = Path(".terraform", "modules", "modules.json")
# A resource in a module or stack, and the call of a module: both become part of Terraform files.
_KEY = r"""(\[(\d+|"([^"\\$%\s]|\\.)*")\])?"""
ADDRESS = re.compile(rf"(\w[\w-]*\.)+\w[\w-]*{_KEY}")
MODULE_CALL = re.compile(rf"module\.[\w.-]+{_KEY}")
# The backend that `terraform init` selected.
CHOSEN_BACKEND = Path(".terraform", "terraform.tfstate")


@dataclass(frozen=True)
class Folder:
    """A folder with a Terraform configuration, on a target."""

    path: Path
    target: Target

    def terraform(self, *arguments: str) -> str:
        """Terraform's standard output. Raises `DeploymentError` with its message."""
        done = self.target.run_terraform(self.path, *arguments)
        if done.returncode:
            said = COLOURS.sub("", done.stderr).strip()
            raise DeploymentError(f"terraform {arguments[0]} in {self.path} failed:\n{said}")
        return done.stdout

    def addresses(self) -> set[str]:
        """The addresses of the resources in its state. Raises `DeploymentError`."""
        text = self.terraform("state", "pull")
        state: dict[str, Any] = json.loads(text) if text.strip() else {}
        return {
            ".".join(filter(None, [one.get("module"), one["type"], one["name"]])) + _index(instance)
            for one in state.get("resources", [])
            if one["mode"] == "managed"
            for instance in one["instances"]
        }


@dataclass(frozen=True)
class ModuleCall:
    """The call of a plain module in a root module: its address, and by address in the module, the address of each
    resource in the CDKTF stack.
    """

    address: str
    addresses: Mapping[str, str]

    def pairs(self) -> dict[str, str]:
        """By address in the stack, the address of each resource in the root module."""
        return {own: f"{self.address}.{address}" for address, own in self.addresses.items()}


def find_call(root: Folder, stack: str, named: str | None) -> ModuleCall:
    """The call of the module made from a stack. `named` is its address, which is needed if the module is called several
    times or with `count` or `for_each`. Raises `InputError`.
    """
    if not any(root.path.glob("*.tf")) and not any(root.path.glob("*.tf.json")):
        raise InputError(f"{root.path} has no Terraform configuration: write a root there that calls the plain module")
    root.terraform("get")
    found = dict(_calls(root.path, stack))
    if not found:
        raise InputError(
            f"{root.path} calls no module that was made from {stack}: such a module has a {ADDRESSES} that names the "
            "stack (`sluice export` and `make terraform-modules` write it)"
        )
    if named:
        plain = named.partition("[")[0]
        if plain not in found or not MODULE_CALL.fullmatch(named):
            raise InputError(f"--module: {named!r} is not made from {stack}; give one of {', '.join(found)}")
        return ModuleCall(named, found[plain])
    if len(found) > 1:
        raise InputError(
            f"{root.path} calls the module of {stack} more than once: give --module one of {', '.join(found)}"
        )
    return ModuleCall(*next(iter(found.items())))


def _calls(folder: Path, stack: str) -> Iterable[tuple[str, Mapping[str, str]]]:
    modules = folder / MODULES
    if not modules.is_file():
        return
    for one in json.loads(modules.read_text(encoding="utf-8"))["Modules"]:
        file = folder / one["Dir"] / ADDRESSES
        if one["Key"] and file.is_file():
            made_from, addresses = _read_addresses(file)
            if made_from == stack:
                yield ".".join(f"module.{part}" for part in one["Key"].split(".")), addresses


def _read_addresses(file: Path) -> tuple[Any, Mapping[str, str]]:
    """The stack that a module was made from, and by address in the module that in the stack. Raises `InputError`."""
    try:
        made = json.loads(file.read_text(encoding="utf-8"))
        pairs = dict(made["addresses"])
        if all(isinstance(one, str) and ADDRESS.fullmatch(one) for pair in pairs.items() for one in pair):
            return made["stack"], pairs
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(f"{file} is damaged: write the module again (`sluice export` or `make terraform-modules`)")


@contextmanager
def redirected_to_local_aws(root: Folder, stack: Stack) -> Iterator[None]:
    """Have a root module use the local AWS, and the stack's state there, by an override file.

    Afterwards the file is removed, and the next `terraform init` selects the root module's own backend.
    """
    file = root.path / local_overrides.OVERRIDE
    earlier = file.read_bytes() if file.is_file() else None
    send_to_local_aws(root, stack)
    try:
        yield
    finally:
        if earlier is not None:
            file.write_bytes(earlier)
        else:
            file.unlink(missing_ok=True)
            (root.path / CHOSEN_BACKEND).unlink(missing_ok=True)


def send_to_local_aws(root: Folder, stack: Stack) -> None:
    """Write that override file, also for endpoints that the root's author wrote. The module admits versions of the
    provider that the stack admits.
    """
    endpoint = root.target.environment["AWS_ENDPOINT_URL"]
    _, backend = stack.backend
    required = {
        name: wanted
        for block in blocks(stack.configuration.get("terraform", {}).get("required_providers"))
        for name, wanted in block.items()
        if name == "aws"
    }
    configuration = {"terraform": {"required_providers": required}, "provider": {"aws": [{"endpoints": []}]}}
    content = local_overrides.override(configuration, backend, {}, endpoint)
    (root.path / local_overrides.OVERRIDE).write_text(json.dumps(content, indent=2) + "\n")


def _index(instance: Mapping[str, Any]) -> str:
    return f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
