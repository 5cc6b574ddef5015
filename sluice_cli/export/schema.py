"""Finds which arguments of a resource are nested blocks, from the schemas of its providers."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_cli.errors import DeploymentError
from sluice_cli.terraform.program import program

FILE = "main.tf.json"


@dataclass(frozen=True)
class Body:
    """The arguments and nested blocks of a resource, a data source or a block, as `terraform providers schema` has
    them: https://developer.hashicorp.com/terraform/cli/commands/providers/schema"""

    block: Mapping[str, Any]

    def nested(self, name: str) -> "Body | None":
        """The nested block of that name; None for an argument."""
        found = self.block.get("block_types", {}).get(name)
        return Body(found["block"]) if found else None

    def has_argument(self, name: str) -> bool:
        """Whether a configuration may set it: not if only the provider computes it."""
        argument = self.block.get("attributes", {}).get(name)
        return bool(argument and (argument.get("optional") or argument.get("required")))


NO_BODY = Body({})


@dataclass(frozen=True)
class Schemas:
    """The schemas of the providers that a stack requires."""

    providers: tuple[Mapping[str, Any], ...]

    def body(self, kind: str, type_: str) -> Body:
        """The schema of a resource type (`resource`) or a data source (`data`). Raises `DeploymentError` for an unknown
        type.
        """
        part = "data_source_schemas" if kind == "data" else "resource_schemas"
        for provider in self.providers:
            found = provider.get(part, {}).get(type_)
            if found:
                return Body(found["block"])
        if type_ in ("terraform_data", "terraform_remote_state"):  # part of Terraform itself
            return NO_BODY
        raise DeploymentError(f"{type_}: no provider that the stack requires has this {kind}; is one missing?")

    @classmethod
    def load(cls, required: Mapping[str, Any], environment: Mapping[str, str]) -> "Schemas":
        """Reads the schemas of the required providers from Terraform. Raises `DeploymentError`."""
        with tempfile.TemporaryDirectory() as folder:
            configuration = {"terraform": {"required_providers": dict(required)}}
            Path(folder, FILE).write_text(json.dumps(configuration))
            _terraform(folder, environment, "init", "-input=false", "-backend=false", "-no-color")
            shown = json.loads(_terraform(folder, environment, "providers", "schema", "-json"))
        return cls(tuple(shown.get("provider_schemas", {}).values()))


def _terraform(folder: str, environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [program(environment), *arguments],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeploymentError(f"terraform {arguments[0]} failed:\n{done.stderr.strip()}")
    return done.stdout
