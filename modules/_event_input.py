import json
from collections.abc import Mapping
from typing import Any

from constructs import Construct

from . import _limits as limits
from ._checks import Text, check_templates, is_token
from ._expressions import as_written
from ._paths import path
from .errors import ConfigurationError


def as_text(
    where: Construct,
    value: Mapping[str, Any] | str | None,
    limit: Text = limits.EVENT_INPUT,
    *,
    only_json: bool = True,
) -> str | None:
    """The input that a target gets instead of the event, as JSON. Raises `ConfigurationError` if it is not JSON and the
    target takes `only_json`.
    """
    if value is None:
        return None
    check_templates(where, "input", value)
    try:
        text = value if isinstance(value, str) else json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{path(where)}: input is no JSON: {error}") from error
    limit.check(where, "input", text)
    if only_json and not is_token(text):
        try:
            json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"{path(where)}: input is no JSON: {error}") from error
    return as_written(where, text)
