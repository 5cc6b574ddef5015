"""Texts of a plan made safe to show: no control characters, no secrets, limited length."""

import json
import re
from typing import Any

from sluice_cli.text import clean

from .hidden import SENSITIVE, Hidden

LONGEST = 240

UNKNOWN = "(known after apply)"
SECRET = "(looks like a secret, not shown)"  # noqa: S105

# Shorter values are too likely to occur in unrelated text.
SHORTEST_NAMED_SECRET = 6

SECRET_NAME = re.compile(
    r"secret|passw|pwd|token|credential|private_?key|api_?key|access_?key|auth_?key|encryption_?key$|signing_?key"
    r"|connection_?string|dsn$",
    re.IGNORECASE,
)
# Names that look like secrets but are not.
NO_SECRET_NAMES = {"api_key_source", "token_validity_units", "client_token_source"}
SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{8,}\.[\w-]{8,}\.|://[^/\s:@]+:[^/\s@]+@"
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[abprs]-[\w-]{10,}|\b[sr]k[-_](live|test|proj)[-_]\w{10,}"
)
# Letters of both cases and digits, longer than any name or ARN.
RANDOM = re.compile(r"(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*[0-9])[A-Za-z0-9+/=_-]{24,}")
# SHA-1, SHA-256 and the like, which are shortened.
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|[A-Za-z0-9+/]{43}=")


def shown(value: Any, name: str, *, variable: bool = False) -> str:
    """A value for display; `name` is the attribute's, `variable` marks an environment variable."""
    if isinstance(value, Hidden):
        return SENSITIVE
    if value is None or value == "":
        return "none" if value is None else '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if is_secret(value, name, variable=variable):
            return SECRET
        return f"{value[:10]}…" if DIGEST.fullmatch(value) else _short(clean(value))
    if isinstance(value, list | dict):
        return _short(clean(json.dumps(_masked(value, name), ensure_ascii=False)))
    return str(value)


def is_secret(value: str, name: str, *, variable: bool = False) -> bool:
    last = name.rpartition(".")[2]
    if SECRET_NAME.search(last) and last not in NO_SECRET_NAMES and not value.startswith("arn:"):
        return True
    return bool(SECRET_VALUE.search(value) or (variable and RANDOM.fullmatch(value)))


def _masked(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _masked(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, name) for one in value]
    if isinstance(value, Hidden):
        return SENSITIVE
    return SECRET if isinstance(value, str) and value and is_secret(value, name) else value


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
