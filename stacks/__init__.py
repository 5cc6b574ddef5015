"""The ready systems, one module each. A new module with a `SystemStack` in it is registered automatically."""

import importlib
import pkgutil
from collections.abc import Callable

from constructs import Construct

from settings import Settings

from .api_gateway_account import ApiGatewayAccount
from .system import SystemStack


def _systems() -> tuple[Callable[[Construct, Settings], SystemStack], ...]:
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return tuple(
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type)
        and issubclass(one, SystemStack)
        and one.__module__ == module.__name__
        and one not in (SystemStack, ApiGatewayAccount)
    )


SYSTEMS = _systems()

__all__ = ["SYSTEMS", "ApiGatewayAccount", "SystemStack", "add_systems"]


def add_systems(app: Construct, settings: Settings) -> None:
    """Add every system as a stack of its own. Systems share no resource, so each can be destroyed alone."""
    systems = [system(app, settings) for system in SYSTEMS]
    if settings.api_logging_role == "managed":
        account = ApiGatewayAccount(app, settings)
        for system in systems:
            system.add_dependency(account)
