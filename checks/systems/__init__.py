"""The systems under test, one module each. New modules are registered automatically."""

import importlib
import pkgutil
from collections.abc import Mapping

from checks.systems.system import Api, Benchmarked, SystemUnderTest

SYSTEMS: dict[str, SystemUnderTest] = {
    system.name: system
    for found in pkgutil.iter_modules(__path__)
    if found.name not in ("load", "system")
    for system in [importlib.import_module(f"{__name__}.{found.name}").SYSTEM]
}

APIS: dict[str, Api] = {name: system.api for name, system in SYSTEMS.items() if system.api}


def stored_objects(outputs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Key patterns of the objects that API requests may store, by bucket. `outputs` are the outputs of the stacks."""
    return {outputs[name]["BucketName"]: api.stores for name, api in APIS.items() if api.stores}


__all__ = ["APIS", "SYSTEMS", "Api", "Benchmarked", "SystemUnderTest", "stored_objects"]
