"""Finding Terraform's AWS provider on disk when Terraform's registry is out of reach."""

import os
import platform
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from sluice_cli.errors import SluiceError

ROOT = Path(__file__).parent.parent.parent
REGISTRY = "registry.terraform.io"
PROVIDER = f"{REGISTRY}/hashicorp/aws"
VERSION = "5.100.0"  # what cdktf-cdktf-provider-aws 20.1.0 asks for
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
    """No provider can be had: neither from the registry nor from disk."""


def terraform_environment(environment: Mapping[str, str], generated: Path) -> dict[str, str]:
    """The environment in which `terraform init` finds the provider.

    Left as it is where the registry answers, or where Terraform's own CLI configuration says how providers are
    installed. Otherwise a CLI configuration that names the mirror is written to `generated`, together with what the
    user's own configuration says. Raises `MirrorError` that says what to set.
    """
    result = {
        **environment,
        "CHECKPOINT_DISABLE": "1",
        # cdktf would put a plugin cache into the home folder; Terraform's own setting still counts.
        "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "true",
    }
    own = _cli_configuration(environment)
    # A variable that points at no file makes Terraform warn on every command.
    result.pop("TF_CLI_CONFIG_FILE", None)
    if own is not None:
        result["TF_CLI_CONFIG_FILE"] = str(own)
    text = own.read_text() if own else ""
    if re.search(r"^\s*provider_installation\b", text, re.MULTILINE):
        return result
    if not environment.get(VARIABLE) and registry_answers():
        return result
    mirror = find_mirror(environment)
    configuration = (
        text
        + "\nprovider_installation {\n"
        + f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = ["{PROVIDER}"]\n  }}\n'
        + f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}\n'
        + "}\n"
    )
    # Other runs may be reading it: written only when it says something new.
    if not generated.is_file() or generated.read_text() != configuration:
        generated.parent.mkdir(parents=True, exist_ok=True)
        generated.write_text(configuration)
    result["TF_CLI_CONFIG_FILE"] = str(generated)
    return result


def find_mirror(environment: Mapping[str, str]) -> Path:
    """The first folder that holds the provider for this platform.

    Looked for in `TERRAFORM_PROVIDER_MIRROR`, then in Terraform's implied mirror folders
    (https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories), then below the
    usual prefixes of add-on software.
    """
    named = environment.get(VARIABLE)
    if named:
        if _holds_provider(Path(named)):
            return Path(named).resolve()
        raise MirrorError(f"{VARIABLE}: {named!r} does not hold {PROVIDER}/{VERSION}/{_platform()}")
    for folder in (*_implied(environment), *_below_prefixes()):
        if _holds_provider(folder):
            return folder.resolve()
    raise MirrorError(
        f"Terraform's registry is out of reach and no mirror of its AWS provider {VERSION} ({_platform()}) was found; "
        f"set {VARIABLE} to a folder that holds {PROVIDER} "
        f"(`terraform providers mirror FOLDER` makes one where the registry answers)"
    )


def registry_answers() -> bool:
    """Asked through the same proxy variables that Terraform heeds."""
    try:
        with urllib.request.urlopen(f"https://{REGISTRY}/.well-known/terraform.json", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _cli_configuration(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("TF_CLI_CONFIG_FILE") or environment.get("TERRAFORM_CONFIG")
    path = Path(named) if named else Path.home() / ".terraformrc"
    # Terraform runs in each stack's folder: a relative path would mean another file there.
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


def _holds_provider(mirror: Path) -> bool:
    base = mirror / PROVIDER
    packed = base / f"terraform-provider-aws_{VERSION}_{_platform()}.zip"
    return (base / VERSION / _platform()).is_dir() or packed.is_file()


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}_{machine}"
