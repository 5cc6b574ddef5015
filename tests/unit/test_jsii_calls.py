"""Arguments are checked and sent as jsii does it, in less time."""

import json
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest
import typeguard
from cdktf import TerraformOutput, TerraformResourceLifecycle, TerraformStack, Testing
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from jsii import _kernel

from checks import ROOT
from modules import Key
from modules._framework import install


def test_an_argument_of_a_wrong_type_is_refused_each_time(stack: TerraformStack) -> None:
    not_text: Any = 7
    for number in range(2):
        with pytest.raises(TypeError, match="description must be"):
            TerraformOutput(stack, f"Output{number}", value="x", description=not_text)


def test_importing_the_classes_imports_no_mocks_which_are_accepted_all_the_same() -> None:
    """And garbage is collected afterwards, as before."""
    program = """
import gc, sys
before = gc.get_threshold()
import modules, typeguard
print("unittest.mock" in sys.modules, "asyncio" in sys.modules, gc.isenabled() and gc.get_threshold() == before)
from unittest.mock import MagicMock
typeguard.check_type("argument", MagicMock(), int)
typeguard.check_type("argument", "a", int)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "False False True\n"
    assert done.stderr.endswith("TypeError: type of argument must be int; got str instead\n")


@pytest.mark.parametrize("module", ["modules._framework", "modules.vpc"])
def test_garbage_is_collected_after_an_import_that_failed(module: str) -> None:
    program = f"""
import gc, sys
sys.modules[{module!r}] = None
try:
    import modules
except ImportError:
    print(gc.isenabled())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_typeguard_that_needs_more_of_mocks_is_imported_as_always(tmp_path: Path) -> None:
    package = tmp_path / "typeguard"
    package.mkdir()
    (package / "__init__.py").write_text("import unittest.mock\nfrom . import part\nANY = unittest.mock.ANY\n")
    (package / "part.py").write_text("from unittest import mock\n")
    program = f"""
import runpy, sys
sys.path.insert(0, {str(tmp_path)!r})
runpy.run_path("modules/_synth/typeguard_alone.py")["install"]()
print([name for name in sys.modules if "typeguard" in name or name == "unittest.mock"])
import typeguard
print(typeguard.ANY, typeguard.part.mock.MagicMock.__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n<ANY> MagicMock\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, typing.Optional[str]), ("a", str), ("a", str | int), (True, int), (1, float), ([], list[str])],  # noqa: UP045
    ids=str,
)
def test_values_of_the_annotated_type_are_accepted(value: object, expected: Any) -> None:
    typeguard.check_type("value", value, expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, str),
        (1, typing.Optional[str]),  # noqa: UP045
        ("a", typing.List[str]),  # noqa: UP006 - as generated code has it
        ([1], typing.Optional[typing.List[str]]),  # noqa: UP006, UP045
        ({"a": 1}, typing.Union[int, typing.Dict[str, str]]),  # noqa: UP006, UP007
    ],
    ids=str,
)
def test_values_of_another_type_are_refused_with_the_argument_name(value: object, expected: Any) -> None:
    with pytest.raises(TypeError, match="argument value"):
        typeguard.check_type("argument value", value, expected)


def test_only_set_properties_of_a_struct_are_sent() -> None:
    lifecycle = TerraformResourceLifecycle(prevent_destroy=True, ignore_changes=["tags"])
    no_kernel: Any = None
    sent = _kernel._make_reference_for_native(no_kernel, lifecycle)
    assert sent == {
        "$jsii.struct": {
            "fqn": f"{install().library}.TerraformResourceLifecycle",
            "data": {"preventDestroy": True, "ignoreChanges": ["tags"]},
        }
    }


def test_a_struct_with_properties_of_somebodys_own_keeps_them(stack: TerraformStack) -> None:
    class Kept(TerraformResourceLifecycle):
        @property
        def prevent_destroy(self) -> bool:
            return True

    SnsTopic(stack, "Topic", name="topic", lifecycle=Kept())
    assert '"prevent_destroy": true' in Testing.synth(stack)


def test_hints_of_other_functions_are_not_kept() -> None:
    def changing(value: int) -> None: ...

    assert typing.get_type_hints(changing)["value"] is int
    changing.__annotations__["value"] = str
    assert typing.get_type_hints(changing)["value"] is str


def test_hints_of_the_generated_functions_are_worked_out_once(key: Key) -> None:
    everything = type(key.resource).__init__.__globals__
    stub = next(value for name, value in everything.items() if name.startswith("_typecheckingstub__"))
    assert typing.get_type_hints(stub) is typing.get_type_hints(stub)


def test_a_method_of_somebodys_own_class_overrides_javascripts() -> None:
    class Renaming(TerraformStack):
        def _allocate_logical_id(self, tf_element: object) -> str:
            return "renamed"

    stack = Renaming(Testing.app(), "stack")
    SnsTopic(stack, "Topic", name="topic")
    assert list(json.loads(Testing.synth(stack))["resource"]["aws_sns_topic"]) == ["renamed"]
