"""The keys of a table and of its indexes, checked as DynamoDB checks them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from constructs import Construct

from . import _limits as limits
from ._checks import is_token, refuse
from ._paths import path
from ._table_options import Index
from .errors import ConfigurationError
from .provider_versions import INDEX_KEY

TYPES = {"string": "S", "number": "N", "binary": "B"}


def attribute_types_of(
    where: Construct,
    partition_key: str,
    sort_key: str | None,
    indexes: Sequence[Index],
    given: Mapping[str, str],
) -> dict[str, str]:
    """DynamoDB's types of all key attributes, each once: `S`, `N` or `B`."""
    _check_pair(where, "", partition_key, sort_key)
    keys = [partition_key, sort_key, *(one for index in indexes for one in (index.partition_key, index.sort_key))]
    names = [one for one in dict.fromkeys(keys) if one is not None]
    for name, type_ in given.items():
        if name not in names:
            raise ConfigurationError(
                f"{path(where)}: attribute_types has {name!r}, which is no key; the keys: {', '.join(names)}"
            )
        if type_ not in TYPES:
            raise refuse(where, f"attribute_types of {name}", type_, ", ".join(TYPES))
    return {name: TYPES[given.get(name, "string")] for name in names}


def check_expiry(where: Construct, attribute: str | None, types: Mapping[str, str]) -> None:
    """Refuse an expiry attribute that is a key of another type than number: items would never expire.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
    """
    if attribute is not None and attribute in types and types[attribute] != TYPES["number"]:
        raise ConfigurationError(
            f"{path(where)}: expiry_attribute is {attribute!r}, a key that is no number; DynamoDB reads the time as a "
            f"number of seconds: attribute_types={{{attribute!r}: 'number'}}"
        )


def check_indexes(where: Construct, indexes: Sequence[Index]) -> None:
    """Refuse indexes that DynamoDB refuses."""
    limits.GLOBAL_INDEXES.check(where, "indexes", indexes)
    for index in indexes:
        limits.INDEX_NAME.check(where, "indexes: name", index.name)
        _check_pair(where, f"index {index.name}: ", index.partition_key, index.sort_key)
        if index.attributes is not None:
            _check_projection(where, index, index.attributes)
    twice = [name for name, times in Counter(index.name for index in indexes).items() if times > 1]
    if twice:
        raise ConfigurationError(f"{path(where)}: two indexes are called {twice[0]}")
    projected = [name for index in indexes for name in index.attributes or ()]
    limits.PROJECTED_ATTRIBUTES.check(where, "indexes: attributes, of all together", projected)


def index_keys(index: Index) -> dict[str, Any]:
    """An index's keys, as the binding's version of the provider has them."""
    if INDEX_KEY is None:
        return {"hash_key": index.partition_key, "range_key": index.sort_key}
    keys = {"HASH": index.partition_key, "RANGE": index.sort_key}
    return {"key_schema": [INDEX_KEY(attribute_name=name, key_type=type_) for type_, name in keys.items() if name]}


def _check_pair(where: Construct, of: str, partition_key: str, sort_key: str | None) -> None:
    limits.ATTRIBUTE_NAME.check(where, f"{of}partition_key", partition_key)
    if sort_key is None:
        return
    limits.ATTRIBUTE_NAME.check(where, f"{of}sort_key", sort_key)
    if partition_key == sort_key:
        raise ConfigurationError(
            f"{path(where)}: {of}partition_key and sort_key are both {sort_key!r}; leave sort_key out"
        )


def _check_projection(where: Construct, index: Index, attributes: Sequence[str]) -> None:
    of = f"index {index.name}: attributes"
    limits.INDEX_ATTRIBUTES.check(where, of, attributes)
    for name in attributes:
        limits.ATTRIBUTE_NAME.check(where, of, name)
    if len(set(attributes)) < len(attributes):
        raise ConfigurationError(f"{path(where)}: {of} has a name twice")
    keys = {index.partition_key, index.sort_key} & {name for name in attributes if not is_token(name)}
    if keys:
        raise ConfigurationError(f"{path(where)}: {of} has {', '.join(sorted(map(str, keys)))}, which is a key of it")
