"""Packages of the environment that synthesizes, for archives: pure Python, with what they require."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import ConfigurationError
from .libraries import marker_environment
from .locks import IN_THE_RUNTIME
from .sources import SourceFile, is_left_by_pip, library_files

COMPILED = (".so", ".pyd", ".dylib", ".dll")


@dataclass(frozen=True)
class Installed:
    """Names of installed distributions to pack with what they require, for one runtime and architecture."""

    names: tuple[str, ...]
    runtime: str
    architecture: str

    def files(self, libraries: Path | None) -> list[tuple[str, SourceFile]]:
        """The files by their names in the archive, without distributions that the folder of libraries has already.

        Raises `ConfigurationError` for a distribution that is not installed, has compiled parts, or is not for the
        runtime's Python.
        """
        return [file for one in self._distributions(_names_in(libraries)) for file in _files(one)]

    def editable_folders(self) -> list[Path]:
        """The folders of packages that are installed to be edited (`pip install -e`)."""
        folders = (_editable_folder(one) for one in self._distributions(frozenset()))
        return [one for one in folders if one is not None]

    def _distributions(self, left_out: frozenset[str]) -> list[Distribution]:
        environment = marker_environment(self.runtime, self.architecture)
        pending = [(_parse(name), "installed") for name in self.names]
        found: dict[str, Distribution] = {}
        seen: set[tuple[str, str]] = set()
        while pending:
            wanted, whose = pending.pop(0)
            name = canonicalize_name(wanted.name)
            if name in left_out or (name in IN_THE_RUNTIME and whose != "installed"):
                continue
            if name not in found:
                found[name] = _distribution(wanted.name, whose)
                _check_python(found[name], name, environment["python_full_version"])
            for extra in ("", *wanted.extras):
                if (name, extra) in seen:
                    continue
                seen.add((name, extra))
                for text in found[name].requires or ():
                    required = Requirement(text)
                    if _applies(required, environment, extra):
                        pending.append((required, name))
        return [found[name] for name in sorted(found)]


def _parse(name: str) -> Requirement:
    try:
        return Requirement(name)
    except InvalidRequirement as error:
        raise ConfigurationError(
            f"installed has {name!r}; give names of installed packages as pip lists them, such as 'sluice-functions'"
        ) from error


def _applies(required: Requirement, environment: dict[str, str], extra: str) -> bool:
    if required.marker is None:
        return not extra
    with_extra = required.marker.evaluate({**environment, "extra": extra})
    return with_extra and (not extra or not required.marker.evaluate({**environment, "extra": ""}))


def _distribution(name: str, whose: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        needed = "installed has" if whose == "installed" else f"installed: {whose} needs"
        raise ConfigurationError(
            f"{needed} {name!r}, which is not installed for {sys.executable}: `python -m pip install {name}`"
        ) from error


def _check_python(found: Distribution, name: str, version: str) -> None:
    wanted = found.metadata["Requires-Python"] or ""
    try:
        fits = SpecifierSet(wanted).contains(version.removesuffix(".0") + ".99")
    except InvalidSpecifier:
        fits = True
    if not fits:
        raise ConfigurationError(
            f"installed has {name}, which needs Python {wanted}; the function's runtime has {version}"
        )


def _names_in(libraries: Path | None) -> frozenset[str]:
    """The distributions that a folder of installed libraries holds."""
    folders = libraries.glob("*.dist-info") if libraries else ()
    return frozenset(canonicalize_name(one.name.partition("-")[0]) for one in folders)


def _files(found: Distribution) -> Iterator[tuple[str, SourceFile]]:
    name = found.metadata["Name"]
    if "Root-Is-Purelib: false" in (found.read_text("WHEEL") or ""):
        raise _has_compiled_parts(name, "its wheel is for one platform only")
    editable = _editable_folder(found)
    if editable is not None:
        files = [(f"{editable.name}/{inside}", file.path) for inside, file in library_files(editable)]
    elif found.files is None:
        raise ConfigurationError(f"installed has {name}, whose installation lists no files; install it by pip")
    else:
        files = [(file.as_posix(), Path(str(file.locate()))) for file in found.files]
    for inside, path in files:
        if ".." in PurePosixPath(inside).parts or is_left_by_pip(inside):
            continue
        if path.suffix in COMPILED or ".so." in path.name:
            raise _has_compiled_parts(name, inside)
        if not path.is_file():
            raise ConfigurationError(f"installed has {name}, but {path} is not there: install it again")
        yield inside, SourceFile(path, False)


def _has_compiled_parts(name: str, which: str) -> ConfigurationError:
    return ConfigurationError(
        f"installed has {name}, which has compiled parts ({which}): this machine's may not run on Lambda; lock it in a "
        "file for `dependencies`, whose wheels are fetched for the function's runtime"
    )


def _editable_folder(found: Distribution) -> Path | None:
    """The folder of an editable installation's package, which is taken to have the distribution's name."""
    url = json.loads(found.read_text("direct_url.json") or "{}")
    if not url.get("dir_info", {}).get("editable"):
        return None
    name = canonicalize_name(found.metadata["Name"]).replace("-", "_")
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            f"installed has {found.metadata['Name']}, an editable installation whose package is not called {name}; "
            "install it without -e, or give its folder to `packages`"
        )
    return Path(spec.submodule_search_locations[0])
