"""Makes cheaper what jsii's classes do in Python before each call to JavaScript. Checks and messages are unchanged.

Most arguments of a resource are not given, which costs more than those that are:

1. The generated classes ask `typing.get_type_hints` at each call for hints that never change.
2. typeguard accepts None as an `Optional[str]` only after it has failed to be a `str`, with an exception and its
   message.
3. jsii sends a struct with a null for each property that is not set. JavaScript does not tell null from missing.

And each construct is searched for methods that override JavaScript's, generated ones too, which have none.

Where jsii or typeguard are not like the known versions they are left as they are, which is reported.
"""

import functools
import typing
from typing import Any

import typeguard
from jsii import _kernel

from . import notice

# The generated functions that only hold type hints.
STUB = "_typecheckingstub__"

SENT_AS_THEY_ARE = {str, int, float, bool, type(None)}


def install() -> None:
    _cache_type_hints()
    _compare_exact_type_first()
    _omit_unset_properties()
    _skip_override_scan_for_generated_classes()


def _cache_type_hints() -> None:
    ask = typing.get_type_hints
    known = functools.cache(ask)

    def get_type_hints(of: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        if arguments or options or not getattr(of, "__name__", "").startswith(STUB):
            return ask(of, *arguments, **options)
        return known(of)

    typing.get_type_hints = get_type_hints  # type: ignore[assignment]


def _compare_exact_type_first() -> None:
    if not hasattr(typeguard, "origin_type_checkers"):  # version 2
        notice.slower("typeguard is not version 2")
        return
    check = typeguard.check_type

    def check_type(argname: str, value: Any, expected_type: Any, *arguments: Any, **options: Any) -> None:
        very = type(value)
        in_union = getattr(expected_type, "__origin__", None) is typing.Union and very in expected_type.__args__
        if very is not expected_type and not in_union:
            check(argname, value, expected_type, *arguments, **options)

    typeguard.check_type = check_type


def _omit_unset_properties() -> None:
    make = _known("_make_reference_for_native")
    if make is None:
        return

    def make_reference(kernel: Any, value: Any) -> Any:
        if type(value) in SENT_AS_THEY_ARE:
            return value
        if type(value) is list:
            return [make_reference(kernel, one) for one in value]
        # A subclass of a struct may have properties of its own.
        own = vars(type(value))
        names, values = own.get("__jsii_name_mapping__"), getattr(value, "_values", None)
        if names is None or values is None:
            return make(kernel, value)
        data = {names[name]: make_reference(kernel, one) for name, one in values.items()}
        return {"$jsii.struct": {"fqn": own["__jsii_type__"], "data": data}}

    _kernel._make_reference_for_native = make_reference  # type: ignore[assignment]


def _skip_override_scan_for_generated_classes() -> None:
    look = _known("_get_overides")
    if look is None:
        return

    def overrides(klass: type, made: Any) -> Any:
        generated = vars(type(made)).get("__jsii_declared_type__") is not None
        return [] if generated else look(klass, made)

    _kernel._get_overides = overrides  # type: ignore[assignment]


def _known(function: str) -> Any:
    found = getattr(_kernel, function, None)
    if found is None:
        notice.slower(f"this version of jsii has no {function}")
    return found
