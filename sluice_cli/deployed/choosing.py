"""Selects functions by the names that people give on the command line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from sluice_cli.deployed.resources import Function
from sluice_cli.errors import InputError, LocalAwsError
from sluice_cli.target import Target


def chosen_function(functions: Sequence[Function], name: str | None) -> Function:
    """The function of that name, construct id, construct path, address or ARN; without `name`, the only one.

    Raises `InputError` with the names to choose from.
    """
    there = ", ".join(one.name for one in functions) or "none"
    if name is None:
        if len(functions) != 1:
            raise InputError(f"which function? The stack has: {there}")
        return functions[0]
    exact = [one for one in functions if name in one.names]
    found = exact or [one for one in functions if name.lower() in {each.lower() for each in one.names}]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{name} names several functions: {', '.join(one.name for one in found)}")
    known = {each: one.name for one in functions for each in one.names[:2]}
    near = get_close_matches(name, known, 1, 0.5)
    raise InputError(f"no function is named {name}{f'; did you mean {near[0]}?' if near else ''} (deployed: {there})")


@contextmanager
def answering(target: Target) -> Iterator[None]:
    """Raises `LocalAwsError` where the local AWS ended while a command used it."""
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import HTTPClientError

    try:
        yield
    except (NoConnection, HTTPClientError) as error:
        if target.local is None or target.local.running() is not None:
            raise
        raise LocalAwsError("the local AWS has ended meanwhile: run `sluice up`") from error
