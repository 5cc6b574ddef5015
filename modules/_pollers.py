from collections.abc import Mapping
from typing import Any

from constructs import Construct

from ._any_function import AnyFunction
from ._paths import path
from .errors import ConfigurationError

Pattern = Mapping[str, Any]


class Pollers:
    """The functions that poll one source. AWS allows one mapping for each source and function."""

    def __init__(self, source: Construct) -> None:
        self._source = source
        self._functions: list[AnyFunction] = []

    def __len__(self) -> int:
        return len(self._functions)

    def add(self, function: AnyFunction) -> None:
        if function in self._functions:
            raise ConfigurationError(
                f"{path(self._source)}: {function.name} polls it already, and AWS allows that once; merge the filters"
            )
        self._functions.append(function)
