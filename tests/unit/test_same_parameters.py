"""A parameter means the same in every public class: one name has one type, a number's unit is in its name, and grants
name whom they are for in the same way."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import modules

# Words that two services of AWS use for different things, or what one argument is a special case of.
OTHERWISE = {
    "authorization": "a route takes authorizers too",
    "environment": "GitHub's environment, a stage in names, and the variables of a function",
    "function": "what polls a queue need not be of Python; an authorizer and a stream need our own function",
    "indexes": "a new table describes its indexes, an existing one names them",
    "source": "what a function is invoked by may be any construct",
    "target": "what is called, by whoever can call it; and where a GitHub workflow deploys to",
}
# Numbers without a unit, which count what the parameter is named after, or are of a metric's own unit.
COUNTS = {
    *("above", "autoscale_to", "batch_size", "burst_limit", "concurrency", "max_concurrency", "max_receives"),
    *(
        "noncurrent_versions_kept",
        "percent",
        "rate_limit",
        "read",
        "requests",
        "reserved_concurrency",
        "retries",
        "write",
    ),
}
UNITS = re.compile(r".*_(seconds|minutes|hours|days|mb|bytes|percent)|minutes")


def parameters() -> Iterator[tuple[str, str, str]]:
    """Verb, parameter and type of each argument of each public class, of its constructor and its public methods."""
    for class_name in modules.__all__:
        made = getattr(modules, class_name)
        if not inspect.isclass(made) or issubclass(made, BaseException):
            continue
        for name, verb in inspect.getmembers(made, inspect.isroutine):
            if name == "__init__" or not name.startswith("_"):
                for one in _signature(verb):
                    if one.name not in ("self", "scope", "id_"):
                        yield f"{class_name}.{name}", one.name, _type(one.annotation)


def _signature(verb: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(verb).parameters.values())
    except ValueError:  # of a class that is not written in Python
        return []


def _type(annotation: Any) -> str:
    """The type as it is written, without modules and without None."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    plain = re.sub(r"[\w.]*\.", "", text.replace("'", ""))
    return re.sub(r"\bint\b", "float", " | ".join(sorted(set(plain.split(" | ")) - {"None"})))


def test_one_name_has_one_type() -> None:
    types: dict[str, set[str]] = {}
    for _, name, kind in parameters():
        types.setdefault(name, set()).add(kind)
    assert {name: kinds for name, kinds in types.items() if len(kinds) > 1 and name not in OTHERWISE} == {}
    assert {name for name in OTHERWISE if len(types[name]) == 1} == set()


def test_numbers_have_their_unit_in_their_names_or_count_what_they_are_named_after() -> None:
    numbers = {name for _, name, kind in parameters() if kind == "float"}
    assert {name for name in numbers if not UNITS.fullmatch(name)} == COUNTS


def test_every_grant_is_for_a_grantee() -> None:
    grants = {
        verb: name for verb, name, _ in reversed(list(parameters())) if verb.rpartition(".")[2].startswith("grant_")
    }
    assert set(grants.values()) == {"grantee"}
    assert len(grants) > 50
