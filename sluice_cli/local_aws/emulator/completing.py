"""What completions of ministack share."""

from typing import Any


class CompletionError(RuntimeError):
    """ministack has changed: what a completion replaces is not there."""


def existing(module: Any, name: str) -> Any:
    """What a completion builds on or replaces. Raises `CompletionError` where ministack does not have it."""
    if not callable(getattr(module, name, None)):
        where = getattr(module, "__name__", module)
        raise CompletionError(f"{where} has no {name}: adapt sluice_cli/local_aws/emulator to the installed ministack")
    return getattr(module, name)
