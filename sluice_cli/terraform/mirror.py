"""Finds Terraform providers on disk if Terraform's registry cannot be reached."""

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

ROOT = Path(__file__).parent.parent.parent
REGISTRY = "registry.terraform.io"
PROVIDER = f"{REGISTRY}/hashicorp/aws"
VERSION = "5.100.0"  # the version that cdktf-cdktf-provider-aws 20.1.0 requires
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
    """A provider that a stack requires, by its full address. `version` is None unless it is an exact version."""

    source: str
    version: str | None = None

    @property
    def name(self) -> str:
        return self.source.rpartition("/")[2]


AWS = Provider(PROVIDER, VERSION)


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
    own = _cli_configuration(environment)
    # Terraform warns on every command if the variable names a missing file.
    result.pop("TF_CLI_CONFIG_FILE", None)
    if own is not None:
        result["TF_CLI_CONFIG_FILE"] = str(own)
    text = own.read_text() if own else ""
    if re.search(r"^\s*provider_installation\b", text, re.MULTILINE):
        return result
    if not required or (not environment.get(VARIABLE) and registry_answers()):
        return result
    held: dict[Path, list[str]] = {}
    for one in required:
        held.setdefault(find_mirror(environment, one), []).append(one.source)
    configuration = text + _installation(held)
    # Other processes may be reading it: write it only if it changes.
    if not generated.is_file() or generated.read_text() != configuration:
        generated.parent.mkdir(parents=True, exist_ok=True)
        generated.write_text(configuration)
    result["TF_CLI_CONFIG_FILE"] = str(generated)
    return result


def required_providers(stacks: Iterable[Mapping[str, Any]]) -> list[Provider]:
    """The providers that the stacks require, including the AWS provider if it is implied by resources."""
    found: dict[str, Provider] = {}
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
            source = _full(str(wanted.get("source") or name))
            exact = re.fullmatch(r"=?\s*(\d+\.\d+\.\d+\S*)", str(wanted.get("version", "")))
            if not source.startswith("terraform.io/"):  # built into Terraform
                found[source] = Provider(source, exact[1] if exact else None)
    return list(found.values())


def find_mirror(environment: Mapping[str, str], provider: Provider = AWS) -> Path:
    """The first folder that has the provider for this platform.

    Candidates are `TERRAFORM_PROVIDER_MIRROR`, Terraform's implied mirror directories
    (https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories), and the usual
    prefixes of add-on software.
    """
    named = environment.get(VARIABLE)
    if named:
        if _holds(Path(named), provider):
            return Path(named).resolve()
        raise MirrorError(
            f"{VARIABLE}: {named!r} does not hold {provider.source}/{provider.version or '*'}/{_platform()}"
        )
    for folder in (*_implied(environment), *_below_prefixes()):
        if _holds(folder, provider):
            return folder.resolve()
    shown = "AWS" if provider.source == PROVIDER else provider.name
    version = f" {provider.version}" if provider.version else ""
    raise MirrorError(
        f"Terraform's registry is out of reach and no mirror of its {shown} provider{version} ({_platform()}) was "
        f"found; set {VARIABLE} to a folder that holds {provider.source} "
        f"(`terraform providers mirror FOLDER` makes one where the registry answers)"
    )


def registry_answers() -> bool:
    """Whether the registry answers, through the same proxy variables that Terraform uses."""
    try:
        with urllib.request.urlopen(f"https://{REGISTRY}/.well-known/terraform.json", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _cli_configuration(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("TF_CLI_CONFIG_FILE") or environment.get("TERRAFORM_CONFIG")
    path = Path(named) if named else Path.home() / ".terraformrc"
    # Terraform runs in each stack's folder, where a relative path would name another file.
    return path.absolute() if path.is_file() else None


def _implied(environment: Mapping[str, str]) -> Iterator[Path]:
    yield ROOT / "terraform.d" / "plugins"
    yield Path.home() / ".terraform.d" / "plugins"
    if sys.platform == "darwin":
        yield Path.home() / "Library/Application Support/io.terraform/plugins"
        yield Path("/Library/Application Support/io.terraform/plugins")
    yield Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "terraform" / "plugins"
    for one in (environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(os.pathsep):
        yield Path(one) / "terraform" / "plugins"


def _below_prefixes() -> Iterator[Path]:
    for prefix in map(Path, ADD_ON_PREFIXES):
        yield prefix
        for pattern in ("*", "*/*"):
            yield from sorted(path for path in prefix.glob(pattern) if (path / REGISTRY).is_dir())


def _installation(held: Mapping[Path, Sequence[str]]) -> str:
    """Terraform's CLI configuration: https://developer.hashicorp.com/terraform/cli/config/config-file"""
    mirrors = "".join(
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = {json.dumps(sources)}\n  }}\n'
        for mirror, sources in held.items()
    )
    every = json.dumps([source for sources in held.values() for source in sources])
    return f"\nprovider_installation {{\n{mirrors}  direct {{\n    exclude = {every}\n  }}\n}}\n"


def _holds(mirror: Path, provider: Provider) -> bool:
    base, version = mirror / provider.source, provider.version or "*"
    packed = f"terraform-provider-{provider.name}_{version}_{_platform()}.zip"
    return any(one.is_dir() for one in base.glob(f"{version}/{_platform()}")) or any(base.glob(packed))


def _full(source: str) -> str:
    """A provider's full address: `aws` is `registry.terraform.io/hashicorp/aws`."""
    parts = source.split("/")
    return "/".join([*[REGISTRY, "hashicorp"][: 3 - len(parts)], *parts])


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}_{machine}"
