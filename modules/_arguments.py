"""Checks the types of the arguments of every public class and verb against their annotations.

Without these checks, a wrong argument fails only in `App.synth`, far from its cause, or is accepted with another
meaning. With them, a queue instead of a function, a string instead of a list, or a token instead of `True` raises a
`ConfigurationError` that names the argument. Errors of cdktf itself (a duplicate id, a construct outside of a stack)
become `ConfigurationError`s here too.
"""

from __future__ import annotations

import functools
import inspect
import os
import types
import typing
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from constructs import Construct

from ._checks import is_token, shown
from ._paths import path
from ._synth_errors import in_words
from .errors import ConfigurationError

Kind = TypeVar("Kind", bound=type)
Checker = Callable[[Any], bool]


def check_arguments(kind: Kind, names: Mapping[str, Any]) -> Kind:
    """Check the arguments of a class's constructor and public methods; `names` are the package's, for annotations."""
    for name, member in list(vars(kind).items()):
        static = isinstance(member, staticmethod | classmethod)
        function = member.__func__ if static else member
        public = name == "__init__" or not name.startswith("_")
        if public and inspect.isfunction(function) and not hasattr(function, "checks_arguments"):
            checked = _Checked(function, kind, names).wrapper
            setattr(kind, name, type(member)(checked) if static else checked)
    return kind


class _Checked:
    """One function whose arguments are checked; its annotations are read when it is first called."""

    def __init__(self, function: Callable[..., Any], kind: type, names: Mapping[str, Any]) -> None:
        self._function = function
        self._kind = kind
        self._names = names

        @functools.wraps(function)
        def wrapper(*arguments: Any, **options: Any) -> Any:
            return self.call(*arguments, **options)

        vars(wrapper)["checks_arguments"] = True
        self.wrapper = wrapper

    def call(self, *arguments: Any, **options: Any) -> Any:
        try:
            given = self._signature.bind(*arguments, **options).arguments
        except TypeError:  # Python's own words for a missing or unknown argument
            return self._function(*arguments, **options)
        wrong = next(self._problems(given), None)
        try:
            result = self._function(*arguments, **options)
        except ConfigurationError:  # says more precisely what is wrong
            raise
        except Exception as error:
            if wrong:
                raise self._error(given, wrong) from error
            words = in_words(error)
            if words is None:
                raise
            raise ConfigurationError(f"{self._place(given)}: {words}") from error
        if wrong:
            raise self._error(given, wrong)
        return result

    def _problems(self, given: Mapping[str, Any]) -> Iterator[_Problem]:
        for parameter, check in self._checkers.items():
            if parameter in given and not check(given[parameter]):
                yield _Problem(parameter, given[parameter], self._hints[parameter])
        if "id_" in given and is_token(given["id_"]):
            yield _Problem("id_", given["id_"], str)

    @functools.cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @functools.cached_property
    def _hints(self) -> dict[str, Any]:
        annotations = {name: hint for name, hint in self._function.__annotations__.items() if name != "return"}
        variable = {
            name
            for name, parameter in self._signature.parameters.items()
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }
        holder = types.SimpleNamespace(
            __annotations__={name: hint for name, hint in annotations.items() if name not in variable}
        )
        known = ChainMap(self._function.__globals__, dict(self._names))
        return typing.get_type_hints(holder, self._function.__globals__, known)

    @functools.cached_property
    def _checkers(self) -> dict[str, Checker]:
        return {name: _checker(hint) for name, hint in self._hints.items()}

    def _place(self, given: Mapping[str, Any]) -> str:
        scope, this = given.get("scope", given.get("stack")), given.get("self")
        if isinstance(scope, Construct):
            return "/".join(filter(None, [path(scope), str(given.get("id_", ""))]))
        return (
            path(this) if isinstance(this, Construct) and self._function.__name__ != "__init__" else _name(self._kind)
        )

    def _error(self, given: Mapping[str, Any], wrong: _Problem) -> ConfigurationError:
        return ConfigurationError(f"{self._place(given)}: {wrong}")


class _Problem:
    """An argument that is not of the annotated type."""

    def __init__(self, parameter: str, value: object, hint: Any) -> None:
        self.parameter = parameter
        self._value = value
        self._hint = hint

    def __str__(self) -> str:
        parameter = self.parameter.rstrip("_")
        if is_token(self._value) and self._hint in (bool, bool | None, str):
            return f"{parameter} is known to Terraform only, and decides what is synthesized; give {_words(self._hint)}"
        return f"{parameter} is {_shown(self._value)}; give {_words(self._hint)}"


def _shown(value: object) -> str:
    if isinstance(value, Construct):
        return f"{path(value)}, {_a(type(value))}"
    text = shown(value)
    return _a(type(value)) if " object at 0x" in text else text


def _checker(hint: Any) -> Checker:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        any_of = [_checker(one) for one in inner]
        return lambda value: any(check(value) for check in any_of)
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        of_key, of_value = map(_checker, inner)
        return lambda value: (
            isinstance(value, Mapping) and all(of_key(name) and of_value(item) for name, item in value.items())
        )
    if origin is not None and isinstance(origin, type) and issubclass(origin, Sequence):
        of_item = _checker(inner[0])
        return lambda value: (
            not isinstance(value, str) and isinstance(value, Sequence) and all(of_item(item) for item in value)
        )
    if getattr(hint, "_is_protocol", False):
        members = [name for name in (*vars(hint), *hint.__annotations__) if not name.startswith("_")]
        return lambda value: not isinstance(value, type) and all(hasattr(value, name) for name in members)
    if isinstance(hint, type):
        return lambda value: isinstance(value, hint)
    return lambda value: True


SIMPLE: dict[Any, Checker] = {
    Any: lambda value: True,
    types.NoneType: lambda value: value is None,
    str: lambda value: isinstance(value, str) or is_token(value),
    int: lambda value: (isinstance(value, int | float) and not isinstance(value, bool)) or is_token(value),
    float: lambda value: (isinstance(value, int | float) and not isinstance(value, bool)) or is_token(value),
    bool: lambda value: isinstance(value, bool),
    Path: lambda value: isinstance(value, str | os.PathLike),
}
WORDS = {
    types.NoneType: "None",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "True or False",
    Path: "a path",
}
# What people make in the place of what has these names.
KNOWN_AS = {"Grantee": "PythonFunction or Role", "AlarmTopic": "Topic", "AnyFunction": "PythonFunction"}


def _words(hint: Any) -> str:
    """What to give in the place of a wrong argument."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(one) for one in inner))
    if hint in WORDS:
        return WORDS[hint]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a dict of {_several(inner[1])}"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"a list of {_several(inner[0])}"
    return _a(hint) if isinstance(hint, type) else "another value"


def _several(hint: Any) -> str:
    return {str: "texts", float: "numbers", int: "numbers", Path: "paths", Any: "values"}.get(hint) or (
        " or ".join(_name(one) for one in typing.get_args(hint) or [hint])
    )


def _a(kind: type) -> str:
    name = _name(kind)
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


def _name(kind: Any) -> str:
    name = getattr(kind, "__name__", str(kind))
    return KNOWN_AS.get(name, name.removeprefix("Any").removeprefix("Existing"))
