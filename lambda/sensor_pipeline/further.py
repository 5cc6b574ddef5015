"""Additional fields of a reading, stored in its row up to a size limit: pure functions."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sluice_functions.items import NUMBERS

from .documents import RefusedValue

MOST_CHARACTERS = 2048  # total size of names and values


def kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`further`: texts, numbers and booleans as they are, anything else as JSON text; left out if all fields are null.
    `furtherCut` says that some fields were dropped.
    """
    found: dict[str, Any] = {}
    left, cut = MOST_CHARACTERS, False
    for name, one in fields.items():
        if one is None:
            continue
        value = _kept(one, left)
        size = len(name) + len(str(value))
        if not name or size > left:
            cut = True
            continue
        left -= size
        found[_encodable(name)] = value
    if not found:
        return {"further": {}, "furtherCut": True} if cut else {}
    return {"further": found, **({"furtherCut": True} if cut else {})}


def _kept(value: Any, longest: int) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return value if _is_exact(value) else str(value)[: longest + 1]
    if isinstance(value, str):
        return _encodable(value[: longest + 1])
    parts: list[str] = []
    for part in ENCODER.iterencode(value):
        parts.append(part)
        longest -= len(part)
        if longest < 0:
            break
    return _encodable("".join(parts))


def _is_exact(value: Decimal) -> bool:
    try:
        NUMBERS.create_decimal(value)
    except ArithmeticError:
        return False
    return True


def _plain(value: Any) -> Any:
    return value.reason if isinstance(value, RefusedValue) else str(value)


ENCODER = json.JSONEncoder(ensure_ascii=False, default=_plain)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
