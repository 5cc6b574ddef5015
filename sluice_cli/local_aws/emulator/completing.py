"""Helpers for the completions of ministack."""

from typing import Any


class CompletionError(RuntimeError):
    """The code of ministack that a completion replaces does not exist in the installed version."""


def existing(module: Any, name: str) -> Any:
    """The attribute that a completion wraps or replaces. Raises `CompletionError` if ministack does not have it."""
    if not callable(getattr(module, name, None)):
        where = getattr(module, "__name__", module)
        raise CompletionError(f"{where} has no {name}: adapt sluice_cli/local_aws/emulator to the installed ministack")
    return getattr(module, name)
