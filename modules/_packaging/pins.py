"""Locked libraries in the common form of all lock files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from ..errors import ConfigurationError

MAIN = "default"


@dataclass(frozen=True)
class Dependencies:
    """A function's libraries, from a lock file.

    `lock_file` is a `uv.lock`, `poetry.lock`, `Pipfile.lock`, or a `requirements.txt` whose lines have hashes. `group`
    is a dependency group (a category of a Pipfile); by default the project's own dependencies. With `boto3_of_runtime`
    the AWS SDK and its dependencies are left out, and Lambda's versions are used.
    """

    lock_file: Path
    group: str = MAIN
    boto3_of_runtime: bool = False


@dataclass(frozen=True)
class Pin:
    """One locked library."""

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def line(self) -> str:
        """The line in pip's requirements format."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={one}" for one in self.hashes)])


def applies(marker: str | None, environment: Mapping[str, str]) -> bool:
    return not marker or Marker(marker).evaluate(dict(environment))


def make_pin(name: str, version: str, hashes: Iterable[str]) -> Pin:
    return Pin(canonicalize_name(name), version.strip(), tuple(sorted(hashes)))


def no_group(lock: Path, group: str, known: Sequence[str]) -> ConfigurationError:
    return ConfigurationError(f"dependencies: {lock} has no group {group!r}, only {', '.join(known) or 'one'}")


def not_of_an_index(lock: Path, name: str) -> ConfigurationError:
    return ConfigurationError(
        f"dependencies: {lock} takes {name} from a folder, an address or Git; only libraries of a package index have "
        "wheels for Lambda: build a wheel for your index, or give its folder in `packages`"
    )
