"""Answers with its version."""

from typing import Any

VERSION = "first"


def handle(event: dict[str, Any], context: Any) -> str:
    return VERSION
