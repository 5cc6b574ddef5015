"""Checks that are possible only when the app is synthesized."""

from __future__ import annotations

from collections.abc import Callable

import jsii
from constructs import Construct, IValidation

from ._paths import path


def require(construct: Construct, is_there: Callable[[], bool], missing: str) -> None:
    """Refuse to synthesize a construct to which nothing was added."""
    construct.node.add_validation(_Required(construct, is_there, missing))


@jsii.implements(IValidation)
class _Required:
    def __init__(self, construct: Construct, is_there: Callable[[], bool], missing: str) -> None:
        self._construct = construct
        self._is_there = is_there
        self._missing = missing

    def validate(self) -> list[str]:
        return [] if self._is_there() else [f"{path(self._construct)}: {self._missing}"]
