"""Finds providers on disk if the registry of Terraform, or of OpenTofu, cannot be reached."""

import functools
import json
import os
import platform
import re
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_cli.errors import SluiceError
from sluice_cli.terraform.program import Product, product, program
from sluice_cli.terraform.version_constraints import admits

ROOT = Path(__file__).parent.parent.parent
VARIABLE = "TERRAFORM_PROVIDER_MIRROR"

ADD_ON_PREFIXES = (
    "/opt",
    "/usr/local",
    "/usr/local/lib",
    "/usr/local/share",
    "/usr/share",
    "/usr/lib",
    "/srv",
    "/var/lib",
)


class MirrorError(SluiceError):
    """A provider is available neither from the registry nor on disk."""


@dataclass(frozen=True)
class Provider:
    """A provider that a stack requires: its source as written, and a version constraint or None."""

    source: str
    versions: str | None = None

    @property
    def name(self) -> str:
        return self.source.rpartition("/")[2]

    def address(self, registry: str) -> str:
        """With registry and namespace: `aws` is `registry.terraform.io/hashicorp/aws`."""
        parts = self.source.split("/")
        return "/".join([*[registry, "hashicorp"][: 3 - len(parts)], *parts])


AWS = Provider("hashicorp/aws")


def terraform_environment(
    environment: Mapping[str, str], generated: Path, required: Sequence[Provider] = (AWS,)
) -> dict[str, str]:
    """The environment in which `terraform init` finds the required providers.

    It is unchanged if the registry answers, or if Terraform's CLI configuration has an installation method. Otherwise a
    CLI configuration with the mirror is written to `generated`, merged with the user's own. Raises `MirrorError` with
    advice.
    """
    result = {
        **environment,
        "CHECKPOINT_DISABLE": "1",
        # cdktf would create a plugin cache in the home folder. Terraform's own setting is respected.
        "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "true",
    }
    asked = product(environment)
    own = _cli_configuration(environment, asked)
    # Terraform warns on every command if the variable names a missing file.
    result.pop("TF_CLI_CONFIG_FILE", None)
    if own is not None:
        result["TF_CLI_CONFIG_FILE"] = str(own)
    text = own.read_text() if own else ""
    if re.search(r"^\s*provider_installation\b", text, re.MULTILINE):
        return result
    if not required or (not environment.get(VARIABLE) and registry_answers(asked.registry)):
        return result
    held: dict[Path, dict[str, None]] = {}
    for provider in required:
        for folder in find_mirrors(environment, provider):
            held.setdefault(folder, {})[provider.address(asked.registry)] = None
    configuration = text + _installation(held)
    # Other processes may be reading it: write it only if it changes.
    if not generated.is_file() or generated.read_text() != configuration:
        generated.parent.mkdir(parents=True, exist_ok=True)
        generated.write_text(configuration)
    result["TF_CLI_CONFIG_FILE"] = str(generated)
    return result


def required_providers(stacks: Iterable[Mapping[str, Any]]) -> list[Provider]:
    """The providers that the stacks require, including the AWS provider if it is implied by resources."""
    found: list[Provider] = []
    for stack in stacks:
        named: dict[str, Any] = {}
        blocks = stack.get("terraform", {}).get("required_providers", {})
        for block in blocks if isinstance(blocks, list) else [blocks]:
            named |= block
        kinds = {kind for part in ("resource", "data") for kind in stack.get(part, {})}
        if any(kind.startswith("aws_") for kind in kinds):
            named.setdefault("aws", {})
        for name, written in named.items():
            wanted = written if isinstance(written, dict) else {"version": written}
            source = str(wanted.get("source") or name)
            if not source.startswith("terraform.io/"):  # built into Terraform
                found.append(Provider(source, str(wanted["version"]) if wanted.get("version") else None))
    return list(dict.fromkeys(found))


def find_mirrors(environment: Mapping[str, str], provider: Provider = AWS) -> list[Path]:
    """For each admitted version of the provider, the first folder that has it for this platform.

    All of them, because a Terraform module in a stack may require one of the versions.

    Candidates are `TERRAFORM_PROVIDER_MIRROR`, Terraform's implied mirror directories
    (https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories), and the usual
    prefixes of add-on software.
    """
    asked = product(environment)
    address = provider.address(asked.registry)
    named = environment.get(VARIABLE)
    folders = [Path(named)] if named else [*_implied(environment, asked), *_below_prefixes(asked)]
    held = {folder: list(_held(folder, address)) for folder in folders}
    first: dict[str, Path] = {}
    for folder, versions in held.items():
        for version in versions:
            if admits(provider.versions, version):
                first.setdefault(version, folder.resolve())
    if first:
        return list(dict.fromkeys(first.values()))
    wanted = f" {provider.versions}" if provider.versions else ""
    others = [f"{version} in {folder}" for folder, versions in held.items() for version in versions]
    only = f", only {', '.join(others)}" if others else ""
    if named:
        raise MirrorError(f"{VARIABLE}: {named!r} does not hold {address}{wanted} for {_platform()}{only}")
    shown = "AWS" if provider.name == "aws" else provider.name
    raise MirrorError(
        f"{asked.name}'s registry is out of reach and no mirror of its {shown} provider{wanted} ({_platform()}) was "
        f"found{only}; set {VARIABLE} to a folder that holds {address} "
        f"(`{program(environment)} providers mirror FOLDER` makes one where the registry answers)"
    )


@functools.cache
def registry_answers(registry: str) -> bool:
    """Whether the registry answers, through the same proxy variables that Terraform uses. Asked once by each command:
    behind a firewall every request may wait for its timeout.
    """
    try:
        with urllib.request.urlopen(f"https://{registry}/.well-known/terraform.json", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _cli_configuration(environment: Mapping[str, str], asked: Product) -> Path | None:
    named = environment.get("TF_CLI_CONFIG_FILE") or environment.get("TERRAFORM_CONFIG")
    paths = [Path(named)] if named else [Path.home() / name for name in asked.configuration_files]
    # Terraform runs in each stack's folder, where a relative path would name another file.
    return next((path.absolute() for path in paths if path.is_file()), None)


def _implied(environment: Mapping[str, str], asked: Product) -> Iterator[Path]:
    yield ROOT / "terraform.d" / "plugins"
    yield Path.home() / ".terraform.d" / "plugins"
    if sys.platform == "darwin":
        yield Path.home() / "Library/Application Support/io.terraform/plugins"
        yield Path("/Library/Application Support/io.terraform/plugins")
    data = [Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")]
    data += map(Path, (environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(os.pathsep))
    yield from (folder / plugins for folder in data for plugins in asked.plugins)


def _below_prefixes(asked: Product) -> Iterator[Path]:
    for prefix in map(Path, ADD_ON_PREFIXES):
        yield prefix
        for pattern in ("*", "*/*"):
            yield from sorted(path for path in prefix.glob(pattern) if (path / asked.registry).is_dir())


def _installation(held: Mapping[Path, Iterable[str]]) -> str:
    """Terraform's CLI configuration: https://developer.hashicorp.com/terraform/cli/config/config-file"""
    mirrors = "".join(
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = {json.dumps(list(sources))}\n  }}\n'
        for mirror, sources in held.items()
    )
    every = json.dumps(list(dict.fromkeys(source for sources in held.values() for source in sources)))
    return f"\nprovider_installation {{\n{mirrors}  direct {{\n    exclude = {every}\n  }}\n}}\n"


def _held(mirror: Path, address: str) -> Iterator[str]:
    """The versions that a mirror holds for this platform, unpacked or packed."""
    base = mirror / address
    begin, end = f"terraform-provider-{base.name}_", f"_{_platform()}.zip"
    yield from sorted(one.parent.name for one in base.glob(f"*/{_platform()}") if one.is_dir())
    yield from sorted(one.name.removeprefix(begin).removesuffix(end) for one in base.glob(f"{begin}*{end}"))


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}_{machine}"
