"""Finds event loops at synth: a function that triggers itself, directly or through queues and topics.

Each connection and each grant to write adds an edge between two constructs. Edges of buckets are limited to some
objects, so that a function may listen to `in/` and write under `out/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from constructs import Construct

from ._checks import is_token
from ._paths import path
from .errors import ConfigurationError


@dataclass(frozen=True)
class Objects:
    """The objects of a bucket with a prefix and a suffix, and what happens to them: `created`."""

    event: str
    prefix: str = ""
    suffix: str = ""

    def overlaps(self, other: Objects) -> bool:
        """Whether one event can match both, as S3 compares notification filters.

        A text that only Terraform knows overlaps with itself and with the empty text.
        """
        return (
            self.event == other.event
            and _may_agree(self.prefix, other.prefix, str.startswith)
            and _may_agree(self.suffix, other.suffix, str.endswith)
        )

    def __str__(self) -> str:
        filters = [f"{name} {value!r}" for name, value in (("prefix", self.prefix), ("suffix", self.suffix)) if value]
        return f"objects {self.event}" + (" with " + " and ".join(filters) if filters else "")


def _may_agree(one: str, other: str, extends: Callable[[str, str], bool]) -> bool:
    if is_token(one) or is_token(other):
        return one == other or not one or not other
    return extends(one, other) or extends(other, one)


@dataclass(frozen=True)
class _Edge:
    """An effect of one construct on another. In buckets it is limited: the source's events are about objects `heard`,
    its writes about objects `written`.
    """

    target: Construct
    heard: Objects | None
    written: Objects | None

    def __str__(self) -> str:
        objects = self.heard or self.written
        return path(self.target) + (f" ({objects})" if objects else "")


_edges: WeakKeyDictionary[Construct, list[_Edge]] = WeakKeyDictionary()


def connect(
    source: Construct, target: Construct, *, heard: Objects | None = None, written: Objects | None = None
) -> None:
    """Record an effect of one construct on another. Raises `ConfigurationError` for a loop."""
    edge = _Edge(target, heard, written)
    loop = _path_back(source, edge, [edge])
    if loop:
        raise ConfigurationError(
            f"{path(source)}: it would wake itself without end: {' -> '.join([path(source), *map(str, loop)])}. Write "
            "to another resource, or under a prefix of its own. Where the functions end the loop themselves, grant the "
            "write with function.allow(resource, verb, Statement(...))"
        )
    _edges.setdefault(source, []).append(edge)


def _path_back(source: Construct, first: _Edge, taken: list[_Edge]) -> list[_Edge] | None:
    """A path of edges from `first` back to its beginning, or None."""
    last = taken[-1]
    if last.target is source and _continues(last, first):
        return taken
    for edge in _edges.get(last.target, ()):
        if not any(edge is one for one in taken) and _continues(last, edge):
            found = _path_back(source, first, [*taken, edge])
            if found:
                return found
    return None


def _continues(arriving: _Edge, leaving: _Edge) -> bool:
    """Whether events can pass from one edge to the next: in a bucket, only for the same objects."""
    return arriving.written is None or leaving.heard is None or arriving.written.overlaps(leaving.heard)
