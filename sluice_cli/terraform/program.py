"""The program that plans and applies: Terraform, or OpenTofu.

One setting names it, the environment variable `TERRAFORM_BINARY_NAME`, which the command lines of CDKTF and CDK Terrain
read too. Default: `terraform`.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sluice_cli.errors import DeploymentError

VARIABLE = "TERRAFORM_BINARY_NAME"
DEFAULT = "terraform"
CHANGES = 2  # exit code of `plan -detailed-exitcode` if the plan has changes


@dataclass(frozen=True)
class Product:
    """What differs between the two: https://opentofu.org/docs/cli/config/config-file/"""

    name: str
    registry: str
    # In the home folder; the first that is there counts.
    configuration_files: tuple[str, ...]
    # Below XDG's data folders.
    plugins: tuple[str, ...]
    install: str


TERRAFORM = Product(
    "Terraform",
    "registry.terraform.io",
    (".terraformrc",),
    ("terraform/plugins",),
    "developer.hashicorp.com/terraform/install",
)
OPENTOFU = Product(
    "OpenTofu",
    "registry.opentofu.org",
    (".tofurc", ".terraformrc"),
    ("opentofu/plugins", "terraform/plugins"),
    "opentofu.org/docs/intro/install",
)


def program(environment: Mapping[str, str]) -> str:
    """The program's name or path."""
    return environment.get(VARIABLE) or DEFAULT


def check_program(environment: Mapping[str, str]) -> None:
    """Raises `DeploymentError` that says where the program is to be had, where it is not on PATH."""
    name = program(environment)
    if shutil.which(name, path=environment.get("PATH")):
        return
    named = f"{VARIABLE}: " if environment.get(VARIABLE) else ""
    product = OPENTOFU if "tofu" in Path(name).name else TERRAFORM
    raise DeploymentError(f"{named}{name} is not on PATH: get it from {product.install}")


def product(environment: Mapping[str, str]) -> Product:
    """Terraform or OpenTofu: as the program itself says, whatever it is called."""
    found = shutil.which(program(environment), path=environment.get("PATH"))
    return _product(found) if found else TERRAFORM


@functools.cache
def _product(path: str) -> Product:
    try:
        said = subprocess.run(
            [path, "version"],
            env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except OSError as error:
        raise DeploymentError(f"{path} cannot be run: {error.strerror}") from error
    return OPENTOFU if said.startswith("OpenTofu") else TERRAFORM
