"""What differs between a resource before and after, attribute by attribute."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .plan import ResourceChange
from .text import SENSITIVE, UNKNOWN, clean, shown

# Lists of blocks are sets to AWS: these say which block is which, whatever the order.
IDENTITIES = ("name", "id", "sid", "index_name", "attribute_name")
# Repeats of what other attributes say.
REPEATED = {"tags_all"}


@dataclass(frozen=True)
class Difference:
    """One attribute that differs. `before` and `after` are for judging; only the shown texts are for people."""

    path: str
    before: Any
    after: Any
    shown_before: str
    shown_after: str
    unknown: bool = False
    sensitive: bool = False
    replaces: bool = False

    @property
    def name(self) -> str:
        """The path without the positions of blocks: what rules are written for."""
        return ".".join(part for part in self.path.split(".") if not part.startswith("["))

    @property
    def is_policy(self) -> bool:
        return self.name.endswith("policy") and (self.unknown or any(map(is_policy, (self.before, self.after))))


def differences(change: ResourceChange) -> list[Difference]:
    """All differing attributes of a change. What was not set and what is empty count as the same."""
    found = _compare(
        "", change.before or {}, change.after or {}, change.unknown, change.sensitive_before, change.sensitive_after
    )
    replaced = {".".join(str(part) for part in path if isinstance(part, str)) for path in change.replaces}
    return [
        one if not any(one.name == path or one.name.startswith(f"{path}.") for path in replaced) else _replacing(one)
        for one in found
        if one.name.partition(".")[0] not in REPEATED
    ]


def is_policy(value: Any) -> bool:
    return isinstance(value, str) and '"Statement"' in value and isinstance(_document(value), dict)


def _compare(path: str, before: Any, after: Any, unknown: Any, hidden: Any, hidden_after: Any) -> Iterator[Difference]:
    if hidden is True or hidden_after is True:
        if unknown is True or before != after:
            yield Difference(
                path, None, None, _hidden(before), _hidden(after, unknown), unknown is True, sensitive=True
            )
    elif unknown is True:
        yield Difference(path, before, None, _text(path, before), UNKNOWN, unknown=True)
    elif _is_map(before) and _is_map(after) and not (_empty(before) and _empty(after)):
        for key in sorted({*(before or {}), *(after or {}), *(unknown if isinstance(unknown, dict) else {})}):
            yield from _compare(
                f"{path}.{clean(key)}" if path else clean(key),
                *((part or {}).get(key) for part in (before, after)),
                *(_below(part, key) for part in (unknown, hidden, hidden_after)),
            )
    elif _is_blocks(before) and _is_blocks(after) and not (_empty(before) and _empty(after)):
        for label, old, new in _aligned(before or [], after or []):
            yield from _compare(
                f"{path}.{label}" if label else path,
                before[old] if old is not None else None,
                after[new] if new is not None else None,
                _below(unknown, new),
                _below(hidden, old),
                _below(hidden_after, new),
            )
    elif not _same(before, after):
        documents = _document(before), _document(after)
        if all(isinstance(one, dict) for one in documents) and not is_policy(before):
            yield from _compare(path, *documents, None, None, None)
        else:
            yield Difference(path, before, after, _text(path, before), _text(path, after))


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[str, int | None, int | None]]:
    """Which block became which: by what identifies them, else what is equal, else in order."""
    for identity in IDENTITIES:
        keys = [[block.get(identity) for block in blocks] for blocks in (before, after)]
        if all(len(set(map(str, one))) == len(one) and all(isinstance(key, str) for key in one) for one in keys):
            for key in dict.fromkeys([*keys[0], *keys[1]]):
                label = f"[{clean(key)}]" if max(len(before), len(after)) > 1 else ""
                yield (
                    label,
                    keys[0].index(key) if key in keys[0] else None,
                    keys[1].index(key) if key in keys[1] else None,
                )
            return
    left = [number for number, block in enumerate(before) if block not in after]
    right = [number for number, block in enumerate(after) if block not in before]
    several = max(len(before), len(after)) > 1
    for position in range(max(len(left), len(right))):
        old = left[position] if position < len(left) else None
        new = right[position] if position < len(right) else None
        # What is not in the list is unknown as a whole: both have it.
        yield f"[{(new if new is not None else old or 0) + 1}]" if several else "", old, new
    if not left and not right:
        for number, block in enumerate(after):
            yield "", before.index(block), number


def _text(path: str, value: Any) -> str:
    variable = path.startswith("environment.")
    document = _document(value)
    if isinstance(document, dict):
        return f"(JSON, {len(value):,} characters)"
    return shown(value, path, variable=variable)


def _hidden(value: Any, unknown: Any = False) -> str:
    if unknown is True:
        return UNKNOWN
    return "none" if value is None else SENSITIVE


def _replacing(one: Difference) -> Difference:
    return Difference(
        one.path, one.before, one.after, one.shown_before, one.shown_after, one.unknown, one.sensitive, True
    )


def _document(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("{"):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _below(tree: Any, key: Any) -> Any:
    if tree is True or key is None:
        return tree is True
    if isinstance(tree, Mapping):
        return tree.get(key)
    if isinstance(tree, list) and isinstance(key, int) and key < len(tree):
        return tree[key]
    return None


def _is_map(value: Any) -> bool:
    return value is None or isinstance(value, Mapping)


def _is_blocks(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, Mapping) for one in value))


def _same(before: Any, after: Any) -> bool:
    if before == after or (_empty(before) and (_empty(after) or after is False)):
        return True
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return False
    return sorted(map(str, before)) == sorted(map(str, after))


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
