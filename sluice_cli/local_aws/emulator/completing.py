"""Helpers for the completions of ministack."""

import inspect
from typing import Any


class CompletionError(RuntimeError):
    """The code of ministack that a completion replaces does not exist in the installed version."""


def existing(module: Any, name: str) -> Any:
    """The attribute that a completion wraps or replaces. Raises `CompletionError` if ministack does not have it."""
    if not callable(getattr(module, name, None)):
        where = getattr(module, "__name__", module)
        raise CompletionError(f"{where} has no {name}: adapt sluice_cli/local_aws/emulator to the installed ministack")
    return getattr(module, name)


def replaced(text: str, old: str, new: str, what: str) -> str:
    """ministack's text with a part of it replaced. Raises `CompletionError` unless it has the part exactly once."""
    if text.count(old) != 1:
        raise CompletionError(f"ministack's {what} has {old!r} {text.count(old)} times, not once")
    return text.replace(old, new)


def insert_before(module: Any, name: str, line: str, new: str) -> None:
    """Insert a line into a function of ministack, before a line of it that is there exactly once. Raises
    `CompletionError`.
    """
    source = inspect.getsource(existing(module, name))
    indent = " " * (len(line) - len(line.lstrip()))
    changed = replaced(source, f"\n{line}\n", f"\n{indent}{new}\n{line}\n", name)
    exec(compile(changed, module.__file__, "exec"), vars(module))  # noqa: S102 - ministack's own source
