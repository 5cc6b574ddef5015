"""Differences of a resource's attributes before and after."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sluice_cli.text import clean

from .hidden import SENSITIVE, Hidden
from .plan import ResourceChange
from .text import UNKNOWN, shown

# Lists that AWS treats as sets of blocks, with the arguments that identify a block.
IDENTITIES = ("name", "id", "sid", "index_name", "attribute_name", "region_name")
# Attributes that repeat others.
REPEATED = {"tags_all"}


@dataclass(frozen=True)
class Block:
    """The innermost repeated block of an attribute: its name, identity, and what happens to it."""

    name: str
    label: str = ""
    added: bool = False
    removed: bool = False


@dataclass(frozen=True)
class Difference:
    """A changed attribute. `before` and `after` are for judging; only the shown texts are displayed."""

    path: str
    before: Any
    after: Any
    shown_before: str
    shown_after: str
    unknown: bool = False
    sensitive: bool = False
    replaces: bool = False
    # The path without positions of blocks, as in the provider's schema.
    name: str = ""
    block: Block | None = field(default=None, repr=False)

    @property
    def is_policy(self) -> bool:
        last = self.name.rpartition(".")[2]
        return last.endswith("policy") and (self.unknown or any(map(is_policy, (self.before, self.after))))


@dataclass(frozen=True)
class _Place:
    """The position of a comparison: the path for display, the name in the schema, the enclosing block."""

    path: str = ""
    name: str = ""
    block: Block | None = None
    # Within JSON texts, empty and unset values differ.
    document: bool = False

    def attribute(self, key: str) -> "_Place":
        shown_key = clean(str(key))
        return _Place(
            f"{self.path}.{shown_key}" if self.path else shown_key,
            f"{self.name}.{shown_key}" if self.name else shown_key,
            self.block,
            self.document,
        )

    def element(self, position: str, label: str, *, added: bool, removed: bool) -> "_Place":
        path = f"{self.path}.{position}" if position else self.path
        return _Place(path, self.name, Block(self.name, label, added, removed), self.document)


def differences(change: ResourceChange) -> list[Difference]:
    """All changed attributes of a change. Unset and empty count as equal."""
    found = _compare(_Place(), change.before or {}, change.after or {}, change.unknown)
    replaced = {".".join(str(part) for part in path if isinstance(part, str)) for path in change.replaces}
    return [
        replace(one, replaces=any(one.name == path or one.name.startswith(f"{path}.") for path in replaced))
        for one in found
        if one.name.partition(".")[0] not in REPEATED
    ]


def is_policy(value: Any) -> bool:
    return isinstance(value, str) and '"Statement"' in value and isinstance(_document(value), dict)


def same(before: Any, after: Any) -> bool:
    """Whether two values are equal for AWS: unset and empty, and lists in any order."""
    if before == after or (_empty(before) and (_empty(after) or after is False)):
        return True
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return False
    if all(isinstance(one, str) for one in (*before, *after)):
        return sorted(before) == sorted(after)
    left = list(after)
    for one in before:
        if one not in left:
            return False
        left.remove(one)
    return True


def _compare(place: _Place, before: Any, after: Any, unknown: Any) -> Iterator[Difference]:
    if isinstance(before, Hidden) or isinstance(after, Hidden):
        if unknown is True or before != after:
            yield _difference(place, before, after, unknown=unknown is True, sensitive=True)
    elif unknown is True:
        yield _difference(place, before, None, unknown=True)
    elif _is_map(before) and _is_map(after) and not (_empty(before) and _empty(after)):
        for key in sorted({*(before or {}), *(after or {}), *(unknown if isinstance(unknown, dict) else {})}):
            old, new = ((part or {}).get(key) for part in (before, after))
            yield from _compare(place.attribute(key), old, new, _below(unknown, key))
    elif _is_blocks(before) and _is_blocks(after) and not (_empty(before) and _empty(after)):
        for position, label, old, new in _aligned(before or [], after or []):
            element = place.element(position, label, added=old is None, removed=new is None)
            was, becomes = before[old] if old is not None else None, after[new] if new is not None else None
            later = _below(unknown, new)
            if {} in (was, becomes) and None in (was, becomes) and not later:
                yield _empty_block(element, added=was is None)
            yield from _compare(element, was, becomes, later)
    elif not same(before, after) or (place.document and before != after):
        documents = _document(before), _document(after)
        if all(isinstance(one, dict) for one in documents) and not is_policy(before):
            yield from _compare(replace(place, document=True), *documents, None)
        else:
            yield _difference(place, before, after)


def _empty_block(place: _Place, *, added: bool) -> Difference:
    """A block without arguments says something by being there: `allow {}`."""
    before, after = ("none", "{}") if added else ("{}", "none")
    return Difference(place.path, not added, added, before, after, name=place.name, block=place.block)


def _difference(
    place: _Place, before: Any, after: Any, *, unknown: bool = False, sensitive: bool = False
) -> Difference:
    if sensitive:
        texts = ["none" if one is None else SENSITIVE for one in (before, after)]
    else:
        texts = [_text(place.path, one) for one in (before, after)]
    shown_after = UNKNOWN if unknown else texts[1]
    return Difference(
        place.path, before, after, texts[0], shown_after, unknown, sensitive, False, place.name, place.block
    )


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[str, str, int | None, int | None]]:
    """Pairs of blocks with position and identity: matched by identifying arguments, else by equality, else by order."""
    several = max(len(before), len(after)) > 1
    for identity in IDENTITIES:
        keys = [[block.get(identity) for block in blocks] for blocks in (before, after)]
        if all(len(set(map(str, one))) == len(one) and all(isinstance(key, str) for key in one) for one in keys):
            positions = [{key: number for number, key in enumerate(one)} for one in keys]
            for key in dict.fromkeys([*keys[0], *keys[1]]):
                yield f"[{clean(key)}]" if several else "", clean(key), positions[0].get(key), positions[1].get(key)
            return
    left = [number for number, block in enumerate(before) if block not in after]
    right = [number for number, block in enumerate(after) if block not in before]
    for position in range(max(len(left), len(right))):
        old = left[position] if position < len(left) else None
        new = right[position] if position < len(right) else None
        # An element that is missing in the list is unknown as a whole.
        label = str((new if new is not None else old or 0) + 1)
        yield f"[{label}]" if several else "", "", old, new
    if not left and not right:
        for number, block in enumerate(after):
            yield "", "", before.index(block), number


def _text(path: str, value: Any) -> str:
    variable = path.startswith("environment.")
    document = _document(value)
    if isinstance(document, dict):
        return f"(JSON, {len(value):,} characters)"
    return shown(value, path, variable=variable)


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


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
