"""A function's environment, read once into a frozen dataclass."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from .errors import ExplainedError

Environment = TypeVar("Environment")


class MissingVariable(ExplainedError):
    """An environment variable the function cannot work without is not set."""


def read(kind: type[Environment], variables: Mapping[str, str] = os.environ) -> Environment:
    """Fill a dataclass of strings: the field `table_name` from the variable `TABLE_NAME`.

    A field with a default keeps it where its variable is missing or empty. Raises `MissingVariable` naming every other
    variable that is.
    """
    optional = {one.name for one in fields(kind) if one.default is not MISSING}  # type: ignore[arg-type]
    given = {one.name: one.name.upper() for one in fields(kind)}  # type: ignore[arg-type]
    names = {one: name for one, name in given.items() if one not in optional or variables.get(name)}
    missing = [name for name in names.values() if not variables.get(name)]
    if missing:
        raise MissingVariable(f"environment variables of the function are not set: {', '.join(missing)}")
    values: dict[str, Any] = {one: variables[name] for one, name in names.items()}
    return kind(**values)
