"""A function's environment, read once into a frozen dataclass."""

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Environment = TypeVar("Environment")


class MissingVariable(RuntimeError):
    """An environment variable the function cannot work without is not set."""


def read(kind: type[Environment], variables: Mapping[str, str] = os.environ) -> Environment:
    """Fill a dataclass of strings: the field `table_name` from the variable `TABLE_NAME`.

    Raises `MissingVariable` naming every variable that is missing or empty.
    """
    names = {one.name: one.name.upper() for one in fields(kind)}  # type: ignore[arg-type]
    missing = [name for name in names.values() if not variables.get(name)]
    if missing:
        raise MissingVariable(f"{kind.__name__}: not set: {', '.join(missing)}")
    values: dict[str, Any] = {one: variables[name] for one, name in names.items()}
    return kind(**values)
