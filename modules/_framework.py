"""The construct framework: CDKTF, or CDK Terrain (`cdktn`), its maintained fork, whichever is installed.

All sources import `cdktf` and `cdktf_cdktf_provider_aws`. Where CDK Terrain is installed in their place, `install()`
makes these names give CDK Terrain's modules: the same module objects as under their own names, so that a class exists
once for jsii and `isinstance`. With CDKTF installed nothing is changed. No other module tells the two apart by name.

https://cdktn.io
"""

import functools
import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from packaging.requirements import Requirement

from ._synth import notice


@dataclass(frozen=True)
class Framework:
    """A framework by its import names and the packages that pip installs."""

    name: str
    library: str
    binding: str
    library_package: str
    binding_package: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Import name and package of the library and of the binding."""
        return (self.library, self.library_package), (self.binding, self.binding_package)

    @property
    def missing(self) -> list[str]:
        """The packages of it that are not installed."""
        return [package for module, package in self.parts if not _is_installed(module)]

    @property
    def installed(self) -> list[str]:
        return [package for _, package in self.parts if package not in self.missing]


CDKTF = Framework("CDKTF", "cdktf", "cdktf_cdktf_provider_aws", "cdktf", "cdktf-cdktf-provider-aws")
CDK_TERRAIN = Framework("CDK Terrain", "cdktn", "cdktn_provider_aws", "cdktn", "cdktn-provider-aws")
FRAMEWORKS = (CDKTF, CDK_TERRAIN)


@functools.cache
def install() -> Framework:
    """The framework in use: the one that is installed with its AWS binding, CDKTF where both are.

    What is installed beside it is reported on standard error. Raises `ImportError` that says what to install where
    neither is complete, where packages of it do not fit each other, and where the other one's library is already
    imported under the name that would be given away.
    """
    complete = [framework for framework in FRAMEWORKS if not framework.missing]
    if not complete:
        raise ImportError(_nothing_complete())
    framework = complete[0]
    _check_requirements(framework)
    _report_others(framework)
    if framework is CDK_TERRAIN:
        _take_names(framework, CDKTF)
    return framework


def _is_installed(module: str) -> bool:
    if module in sys.modules:
        return True
    spec = importlib.util.find_spec(module)
    # A folder of that name without code, as an uninstalled package may leave one, has a spec without an origin.
    return spec is not None and spec.origin is not None


def _nothing_complete() -> str:
    there = [package for framework in FRAMEWORKS for package in framework.installed]
    began = next((framework for framework in FRAMEWORKS if framework.installed), CDKTF)
    return (
        f"{notice.LIBRARY} needs CDKTF (cdktf and cdktf-cdktf-provider-aws) or CDK Terrain (cdktn and "
        f"cdktn-provider-aws); installed: {' and '.join(there) or 'none of them'}. "
        f"Run `pip install {' '.join(began.missing)}`"
    )


def _check_requirements(framework: Framework) -> None:
    """What pip checks when it installs, asked again: a later `pip install` of something else may have broken it."""
    for _, package in framework.parts:
        try:
            requirements = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:  # importable without being installed: nothing is known
            continue
        for requirement in map(Requirement, requirements):
            if requirement.marker is None:
                _check_requirement(package, requirement)


def _check_requirement(package: str, requirement: Requirement) -> None:
    fix = f"run `pip install '{requirement.name}{requirement.specifier}'`"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError as error:
        raise ImportError(f"{package} needs {requirement.name}, which is not installed: {fix}") from error
    if not requirement.specifier.contains(version, prereleases=True):
        own = importlib.metadata.version(package)
        raise ImportError(
            f"{package} {own} needs {requirement.name} {requirement.specifier}, and {version} is installed: {fix}"
        )


def _report_others(framework: Framework) -> None:
    for other in FRAMEWORKS:
        if other is framework or not other.installed:
            continue
        change = f"run `pip uninstall {' '.join(framework.installed)}`"
        if other.missing:
            change += f" and `pip install {' '.join(other.missing)}`"
        notice.say(
            f"{' and '.join(other.installed)} {'is' if other.missing else 'are'} installed beside {framework.name}, "
            f"which is used; to use {other.name}, {change}; "
            f"to silence this, run `pip uninstall {' '.join(other.installed)}`"
        )


def _take_names(given: Framework, taken: Framework) -> None:
    names = dict(zip((taken.library, taken.binding), (given.library, given.binding), strict=True))
    before = [name for name in names if name in sys.modules]
    if before:
        raise ImportError(
            f"{before[0]} was imported before {notice.LIBRARY}, which uses {given.name} because {taken.name} is not "
            f"complete ({' and '.join(taken.missing)} is missing): run `pip uninstall {' '.join(taken.installed)}` to "
            f"use {given.name}, or `pip install {' '.join(taken.missing)}` to use {taken.name}"
        )
    sys.meta_path.insert(0, _Renamed(names))


class _Renamed(MetaPathFinder):
    """Finds the modules of some packages under those of others."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, dot, rest = fullname.partition(".")
        if package not in self._names:
            return None
        try:
            actual = importlib.util.find_spec(f"{self._names[package]}{dot}{rest}")
        except ValueError:  # somebody has put an object of their own in the module's place
            actual = None
        if actual is None:  # the error then names the module that was asked for
            return None
        return ModuleSpec(fullname, _Alias(actual.name), is_package=actual.submodule_search_locations is not None)


class _Alias(Loader):
    """Gives a module that has run, or runs, under its own name."""

    def __init__(self, actual: str) -> None:
        self._actual = actual
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._actual)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has put the other name's spec into it
