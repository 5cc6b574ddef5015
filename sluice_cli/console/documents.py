"""Reads the OpenAPI document of an API, which is JSON or YAML, as JSON's values."""

import json
from typing import Any

Document = dict[str, Any]

# Aliases repeat what they name: a few lines can stand for more than fits into memory, or contain themselves.
MOST_PARTS = 200_000
DEEPEST = 200


def document_of(text: Any) -> Document | None:
    """The object that a text of JSON or YAML describes; None for anything else."""
    if not (isinstance(text, str) and text.strip()):
        return None
    try:
        found = json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        found = _yaml(text)
    return found if isinstance(found, dict) else None


def _yaml(text: str) -> Any:
    import yaml  # only documents in YAML need it

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Keys are texts as written, such as `200` and `on`; times stay texts, too, as in JSON."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - the library's name
            first: [one for one in known if not one[0].endswith(":timestamp")]
            for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    key.tag = "tag:yaml.org,2002:str"
            return dict(super().construct_mapping(node, deep))

    try:
        return _Plain().of(Loader(text).get_single_data())
    except (yaml.YAMLError, ValueError, RecursionError):  # also dates that no calendar has
        return None


class _Plain:
    """Turns YAML's values into JSON's. Raises `ValueError` where these would be too many."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def of(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise ValueError("too large")
        if isinstance(value, dict):
            return {str(name): self.of(one, depth + 1) for name, one in value.items()}
        if isinstance(value, list | tuple | set):
            return [self.of(one, depth + 1) for one in value]
        return value if value is None or isinstance(value, str | int | float) else str(value)
