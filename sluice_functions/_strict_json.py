"""JSON as RFC 8259 has it: no NaN, no field twice, no numbers and nesting that only exhaust the parser."""

import json
from collections.abc import Callable
from typing import Any

MOST_DIGITS = 1000  # of a whole number; parsing takes time quadratic in its length


def parse(
    content: str | bytes,
    error: type[Exception],
    *,
    limits: str = "limits",
    parse_float: Callable[[str], Any] = float,
) -> Any:
    """Parse a body. Raises `error` with the reason; `parse_float` may raise it too.

    An object that names a field twice is refused, as readers disagree on which of both counts (RFC 8259, 4).
    """

    def fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        parsed = dict(pairs)
        if len(parsed) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise error(f"the body names {json.dumps(twice)} twice")
        return parsed

    def whole_number(text: str) -> int:
        if len(text) > MOST_DIGITS:
            raise error(f"the body is not JSON within {limits}: a number has {len(text)} digits, {MOST_DIGITS} at most")
        return int(text)

    def constant(name: str) -> None:
        raise error(f"the body is not JSON: {name} is not a JSON number")

    try:
        return json.loads(
            content, object_pairs_hook=fields, parse_constant=constant, parse_float=parse_float, parse_int=whole_number
        )
    except error:
        raise
    except json.JSONDecodeError as found:
        raise error(f"the body is not JSON: line {found.lineno}, column {found.colno}") from found
    except RecursionError as found:
        raise error(f"the body is not JSON within {limits}: it is nested too deeply") from found
    except UnicodeDecodeError as found:
        raise error("the body is not JSON: its bytes are not UTF-8") from found
