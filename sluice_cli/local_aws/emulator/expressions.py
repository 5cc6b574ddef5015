"""DynamoDB's expressions are parsed and checked once: ministack 1.5.33 does both for each row that it filters."""

from functools import lru_cache
from typing import Any

from ministack.services import dynamodb

from completing import existing

KEPT = 1_000  # expressions

_plain_tokens = existing(dynamodb, "_tokenize")
_plain_error = existing(dynamodb, "_condition_syntax_error")


@lru_cache(KEPT)
def _parsed(expression: str) -> tuple[Any, ...]:
    return tuple(_plain_tokens(expression))


def _tokens(expression: str) -> list[Any]:
    return list(_parsed(expression))


dynamodb._tokenize = _tokens
dynamodb._condition_syntax_error = lru_cache(KEPT)(_plain_error)
