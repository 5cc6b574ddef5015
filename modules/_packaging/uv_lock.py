import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .pins import MAIN, Pin, applies, make_pin, no_group, not_of_an_index


def read_uv_lock(lock: Path, group: str, environment: Mapping[str, str]) -> Iterator[Pin]:
    """The libraries of a group of the lock file's own project, with their dependencies.

    https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
    """
    packages = tomllib.loads(lock.read_text())["package"]
    roots = [one for one in packages if "." in (one["source"].get("virtual"), one["source"].get("editable"))]
    if len(roots) != 1:
        raise ConfigurationError(f"dependencies: {lock} has {len(roots)} projects in its own folder, one is needed")
    (root,) = roots
    groups = {MAIN: root.get("dependencies", []), **root.get("dev-dependencies", {})}
    groups |= {name: [*groups[MAIN], *extra] for name, extra in root.get("optional-dependencies", {}).items()}
    if group not in groups:
        raise no_group(lock, group, list(groups))
    by_name: dict[str, list[dict[str, Any]]] = {}
    for package in packages:
        by_name.setdefault(package["name"], []).append(package)
    pending, seen = list(groups[group]), set()
    while pending:
        wanted = pending.pop()
        if not applies(wanted.get("marker"), environment):
            continue
        (package,) = [one for one in by_name[wanted["name"]] if wanted.get("version") in (None, one.get("version"))]
        if "registry" not in package["source"]:
            raise not_of_an_index(lock, package["name"])
        for extra in ("", *wanted.get("extra", ())):
            if (package["name"], package["version"], extra) not in seen:
                seen.add((package["name"], package["version"], extra))
                pending += (
                    package.get("optional-dependencies", {}).get(extra, [])
                    if extra
                    else package.get("dependencies", [])
                )
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        yield make_pin(package["name"], package["version"], [one["hash"] for one in files if "hash" in one])
