"""Arguments are checked against hints that are worked out once."""

import typing
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformStack

from modules import Key


def test_an_argument_of_a_wrong_type_is_refused_each_time(stack: TerraformStack) -> None:
    not_text: Any = 7
    for number in range(2):
        with pytest.raises(TypeError, match="description must be"):
            TerraformOutput(stack, f"Output{number}", value="x", description=not_text)


def test_hints_of_other_functions_are_not_kept() -> None:
    def changing(value: int) -> None: ...

    assert typing.get_type_hints(changing)["value"] is int
    changing.__annotations__["value"] = str
    assert typing.get_type_hints(changing)["value"] is str


def test_hints_of_the_generated_functions_are_worked_out_once(key: Key) -> None:
    everything = type(key.resource).__init__.__globals__
    stub = next(value for name, value in everything.items() if name.startswith("_typecheckingstub__"))
    assert typing.get_type_hints(stub) is typing.get_type_hints(stub)
