import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .pins import MAIN, Pin, applies, make_pin, no_group, not_of_an_index


def read_poetry_lock(lock: Path, group: str, environment: Mapping[str, str]) -> Iterator[Pin]:
    """The libraries of a group. Poetry 2 locks the groups of each library; with Poetry 1 they follow from
    `pyproject.toml`.

    https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock
    """
    content = tomllib.loads(lock.read_text())
    packages = content["package"]
    if any("groups" in package for package in packages):  # Poetry 2
        name = "main" if group == MAIN else group
        known = sorted({one for package in packages for one in package["groups"]})
        if name not in known and name != "main":
            raise no_group(lock, group, known)
        chosen = [one for one in packages if name in one["groups"] and not one.get("optional")]
    else:
        chosen = _closure(lock, group, packages, environment)
        name = ""
    for package in chosen:
        marker = package.get("markers")
        if not applies(marker.get(name) if isinstance(marker, dict) else marker, environment):
            continue
        if package.get("source", {}).get("type", "legacy") != "legacy":
            raise not_of_an_index(lock, package["name"])
        yield make_pin(package["name"], package["version"], [one["hash"] for one in package["files"]])


def _closure(
    lock: Path, group: str, packages: Sequence[Mapping[str, Any]], environment: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """The group's libraries with their dependencies, starting from `pyproject.toml`: Poetry 1 locks no groups."""
    poetry = tomllib.loads((lock.parent / "pyproject.toml").read_text())["tool"]["poetry"]
    groups = {MAIN: poetry.get("dependencies", {})} | {
        name: one.get("dependencies", {}) for name, one in poetry.get("group", {}).items()
    }
    if group not in groups:
        raise no_group(lock, group, list(groups))
    by_name = {canonicalize_name(one["name"]): one for one in packages}
    pending = [(name, wanted) for name, wanted in groups[group].items() if name != "python"]
    chosen: dict[str, Mapping[str, Any]] = {}
    extras: set[tuple[str, str]] = set()
    while pending:
        name, wanted = pending.pop()
        forms = [one if isinstance(one, dict) else {} for one in (wanted if isinstance(wanted, list) else [wanted])]
        needed = [one for one in forms if not one.get("optional") and applies(one.get("markers"), environment)]
        if not needed:
            continue
        package = by_name[canonicalize_name(name)]
        dependencies = package.get("dependencies", {})
        if chosen.setdefault(package["name"], package) is package and (package["name"], "") not in extras:
            extras.add((package["name"], ""))
            pending += list(dependencies.items())
        for extra in {extra for one in needed for extra in one.get("extras", ())}:
            if (package["name"], extra) not in extras:
                extras.add((package["name"], extra))
                for line in package.get("extras", {}).get(extra, ()):
                    other = Requirement(re.sub(r"\s*\((.*?)\)", r" \1", line)).name
                    pending.append((other, {}))
    return list(chosen.values())
