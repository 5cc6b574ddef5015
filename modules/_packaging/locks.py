"""Reads the pins of a lock file for one target: `uv.lock`, `poetry.lock`, `Pipfile.lock`, or a `requirements.txt` with
hashes.

Environment markers (`; python_version < "3.12"`) are evaluated for the function's runtime, not for the Python that
synthesizes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement

from ..errors import ConfigurationError
from .pins import MAIN, Dependencies, Pin, applies, make_pin, no_group, not_of_an_index
from .poetry_lock import read_poetry_lock
from .uv_lock import read_uv_lock

# boto3 and its dependencies: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
IN_THE_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"})


def read_pins(dependencies: Dependencies, environment: Mapping[str, str]) -> list[Pin]:
    """The libraries that apply to the target's marker environment.

    Raises `ConfigurationError` for an unreadable file, and for a library that is not from an index or has no hash.
    """
    lock = dependencies.lock_file
    read = {"uv.lock": read_uv_lock, "poetry.lock": read_poetry_lock, "Pipfile.lock": _pipfile}.get(lock.name)
    if read is None and lock.suffix != ".txt":
        raise ConfigurationError(
            f"dependencies: {lock} is none of uv.lock, poetry.lock, Pipfile.lock and requirements.txt"
        )
    try:
        group = MAIN if dependencies.group == "main" else dependencies.group
        pins = list((read or _requirements)(lock, group, environment))
    except OSError as error:
        raise ConfigurationError(f"dependencies: {lock} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, InvalidMarker, InvalidRequirement) as error:
        if isinstance(error, ConfigurationError):
            raise
        kind = lock.name if read else "requirements file"
        raise ConfigurationError(
            f"dependencies: {lock} is not a {kind}, or is damaged: {_damage(error)}; write it again with its tool"
        ) from error
    left_out = IN_THE_RUNTIME if dependencies.boto3_of_runtime else frozenset()
    unique = {pin.name: pin for pin in pins if pin.name not in left_out}
    for pin in pins:
        if pin.name in unique and pin.version != unique[pin.name].version:
            raise ConfigurationError(f"dependencies: {lock} pins two versions of {pin.name} for this runtime")
        if not pin.hashes:
            raise ConfigurationError(f"dependencies: {lock} has no hash of {pin.name}; lock it again with hashes")
    return [unique[name] for name in sorted(unique)]


def _damage(error: Exception) -> str:
    """What is wrong with a file, without Python's terms."""
    if isinstance(error, KeyError):
        return f"it has no {error}"
    if isinstance(error, TypeError | AttributeError):
        return "a part of it has another type than such a file has"
    return " ".join(str(error).split())


def _pipfile(lock: Path, group: str, environment: Mapping[str, str]) -> Iterator[Pin]:
    categories = json.loads(lock.read_text())
    if group not in categories:
        raise no_group(lock, group, [name for name in categories if name != "_meta"])
    for name, package in categories[group].items():
        if applies(package.get("markers"), environment):
            if "version" not in package:
                raise not_of_an_index(lock, name)
            yield make_pin(name, package["version"].removeprefix("=="), package.get("hashes", ()))


def _requirements(lock: Path, group: str, environment: Mapping[str, str]) -> Iterator[Pin]:
    if group != MAIN:
        raise no_group(lock, group, [])
    text = re.sub(r"\\\r?\n", " ", lock.read_text())
    for line in (re.sub(r"(^|\s)#.*", "", one).strip() for one in text.splitlines()):
        if not line or line.startswith(("--index-url", "--extra-index-url", "-i ", "--only-binary", "--no-binary")):
            continue  # pip's own configuration decides about indexes
        if line.startswith("-"):
            raise ConfigurationError(f"dependencies: {lock} has {line!r}; give a file of pinned lines with hashes")
        requirement, *options = re.split(r"\s+--hash[=\s]", line)
        parsed = Requirement(requirement.strip())
        pinned = re.fullmatch(r"={2,3}\s*([^,*]+)", str(parsed.specifier))
        if parsed.url or pinned is None:
            raise ConfigurationError(f"dependencies: {lock} does not pin {parsed.name} to one version of an index")
        if parsed.marker is None or parsed.marker.evaluate(dict(environment)):
            yield make_pin(parsed.name, pinned[1], [one.strip() for one in options])
