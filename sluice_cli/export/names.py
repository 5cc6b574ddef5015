"""Readable names instead of CDKTF's paths and hashes: `recorder_errors` for `Recorder_Alarms_Errors_BB64`."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

Element = tuple[str, str, str]  # `resource` or `data`, the type, and CDKTF's name


def snake_case(text: str) -> str:
    """`DynamoDBTableName` is `dynamo_db_table_name`."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3_\2\4", text)
    name = re.sub(r"[^a-z0-9]+", "_", parts.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"_{name}"


def readable_names(paths: Mapping[Element, str]) -> dict[Element, str]:
    """By path in the stack, a name for each element, unique among those of its type."""
    short = {element: _short(element[1], path) for element, path in paths.items()}
    taken = Counter((kind, type_, short[kind, type_, id_]) for kind, type_, id_ in paths)
    names = {
        (kind, type_, id_): short[kind, type_, id_]
        if taken[kind, type_, short[kind, type_, id_]] == 1
        else snake_case(paths[kind, type_, id_])
        for kind, type_, id_ in paths
    }
    return _without_repeats(names)


def _short(type_: str, path: str) -> str:
    """The words of the path, without those in the type and without repetitions."""
    said = {word.rstrip("s") for word in type_.split("_")}
    kept: list[str] = []
    for place, part in enumerate(path.split("/")):
        words = snake_case(part).split("_")
        while words and words[-1].rstrip("s") in said and (place or len(words) > 1):
            words.pop()
        kept += [word for word in words if word not in kept]
    return snake_case("_".join(kept))


def _without_repeats(names: Mapping[Element, str]) -> dict[Element, str]:
    used: set[tuple[str, str, str]] = set()
    result = {}
    for element in sorted(names):
        name = next(one for one in _numbered(names[element]) if (*element[:2], one) not in used)
        used.add((*element[:2], name))
        result[element] = name
    return result


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1
