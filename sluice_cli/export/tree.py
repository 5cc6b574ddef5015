"""A configuration in the form of Terraform JSON with conditional parts and values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True)
class When:
    """A value that exists under a condition only, which is a Terraform expression.

    A resource gets `count`, a nested block becomes `dynamic`, an argument is null otherwise, and an item of a list or
    map is left out.
    """

    condition: str
    value: Any


@dataclass(frozen=True)
class Either:
    """One of two values, selected by a condition."""

    condition: str
    yes: Any
    no: Any


class Expression(str):
    """An expression of the Terraform language; other strings are templates."""

    __slots__ = ()


def map_texts(value: Any, change: Callable[[str], Any]) -> Any:
    """The same tree with every string changed, including keys of maps."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key if key == "//" else change(key): map_texts(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [map_texts(item, change) for item in value]
    if isinstance(value, When):
        return When(value.condition, map_texts(value.value, change))
    if isinstance(value, Either):
        return Either(value.condition, map_texts(value.yes, change), map_texts(value.no, change))
    return value


def texts_of(value: Any) -> Iterator[str]:
    """Every string of a tree, including conditions, without comments (`//`)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "//":
                yield key
                yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, When):
        yield f"${{{value.condition}}}"
        yield from texts_of(value.value)
    elif isinstance(value, Either):
        yield f"${{{value.condition}}}"
        yield from texts_of(value.yes)
        yield from texts_of(value.no)


def present(value: Any) -> Any:
    """The value of a conditional element when its condition holds."""
    return value.value if isinstance(value, When) else value


def blocks_of(value: Any) -> list[Any]:
    """Terraform JSON has a single block as an object, and several as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
