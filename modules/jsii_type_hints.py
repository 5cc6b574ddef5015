"""Type hints that jsii's classes check arguments against, worked out once.

The generated classes ask `typing.get_type_hints` at each call for hints that never change: a tenth of a synth. What
they check, and how, stays as it is.
"""

import functools
import typing
from typing import Any

# The generated functions that hold nothing but the hints.
STUB = "_typecheckingstub__"


def install() -> None:
    ask = typing.get_type_hints
    known = functools.cache(ask)

    def get_type_hints(of: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        if arguments or options or not getattr(of, "__name__", "").startswith(STUB):
            return ask(of, *arguments, **options)
        return known(of)

    typing.get_type_hints = get_type_hints  # type: ignore[assignment]
