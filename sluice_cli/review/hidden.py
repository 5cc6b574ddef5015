"""Values that Terraform marks as sensitive: wrapped while a plan is read, so that nothing behind can show them."""

from collections.abc import Mapping, Sequence
from typing import Any

SENSITIVE = "(sensitive, not shown)"


class Hidden:
    """A sensitive value: it can be compared and judged; as a text it is always `SENSITIVE`."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(Hidden)

    def __repr__(self) -> str:
        return SENSITIVE


def hide(value: Any, *marks: Any) -> Any:
    """The value with what any of the marks names wrapped.

    Marks are trees of the value's form with `true` at what is sensitive, as in `before_sensitive`. Terraform hides an
    attribute on both sides of a change when it is sensitive on one, so that both sides' marks are given here.
    """
    marks = tuple(one for one in marks if _marks_anything(one))
    if value is None or not marks:
        return value
    if isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in marks):
        return {key: hide(part, *(one.get(key) for one in marks)) for key, part in value.items()}
    if isinstance(value, list) and all(isinstance(one, list) for one in marks):
        return [
            hide(part, *(one[position] for one in marks if position < len(one))) for position, part in enumerate(value)
        ]
    # Marked as a whole, or by a tree of another form: hidden as a whole.
    return value if isinstance(value, Hidden) else Hidden(value)


def hide_attributes(values: Mapping[str, Any] | None, *marks: Any) -> dict[str, Any] | None:
    """A resource's attributes with the sensitive ones wrapped. One that is sensitive as a whole keeps its names."""
    if values is None:
        return None
    if any(one is True for one in marks):
        return {key: hide(part, True) for key, part in values.items()}
    found = hide(dict(values), *marks)
    return found if isinstance(found, dict) else {key: hide(part, True) for key, part in values.items()}


def revealed(value: Any) -> Any:
    """The value itself, for judging only: whatever is made of it must not be shown."""
    if isinstance(value, Hidden):
        return revealed(value._value)
    if isinstance(value, Mapping):
        return {key: revealed(part) for key, part in value.items()}
    return [revealed(part) for part in value] if isinstance(value, list) else value


# Texts that name a resource: they stay texts, and different names stay different.
NAMES = {"address", "previous_address", "module_address", "index", "triggering_resource_address", "to_display"}


def hide_secrets(value: Any, secrets: Sequence[str]) -> Any:
    """The value with every text wrapped that has one of the secrets in it, whatever it is marked as.

    In the names of resources and the keys of maps, each secret is replaced by its number.
    """
    if isinstance(value, Mapping):
        return {
            without(key, secrets): without(part, secrets)
            if key in NAMES and isinstance(part, str)
            else hide_secrets(part, secrets)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [hide_secrets(part, secrets) for part in value]
    return Hidden(value) if isinstance(value, str) and any(one in value for one in secrets) else value


def without(text: str, secrets: Sequence[str]) -> str:
    """A text with each secret replaced by its number: `aws_sqs_queue.Q["(hidden 1)"]`."""
    for number, one in enumerate(secrets, start=1):
        text = text.replace(one, f"(hidden {number})")
    return text


def is_hidden(value: Any) -> bool:
    """Whether a value is sensitive, or has a part that is."""
    if isinstance(value, Mapping):
        return any(map(is_hidden, value.values()))
    return any(map(is_hidden, value)) if isinstance(value, list) else isinstance(value, Hidden)


def _marks_anything(marks: Any) -> bool:
    if isinstance(marks, Mapping):
        return any(map(_marks_anything, marks.values()))
    return any(map(_marks_anything, marks)) if isinstance(marks, list) else bool(marks)
