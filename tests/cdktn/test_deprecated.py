"""With CDK Terrain's binding, nothing is used that version 6 of the AWS provider deprecates.

A binding does not say what is deprecated. `deprecated.json` has it for each type in use, as provider 6.47.0's schema
marks it (`terraform providers schema -json`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT

from .conftest import Synthesize
from .test_synth import SETTINGS

DEPRECATED: dict[str, list[str]] = json.loads(Path(__file__).with_name("deprecated.json").read_text())
SUBMODULE = re.compile(r"cdktf_cdktf_provider_aws\.(data_)?(?:aws_)?([a-z0-9_]+)")
REFERENCE = re.compile(r"((?:\bdata\.)?aws_\w+)\.[\w-]+(?:\[[^\]]*\])?\.(\w+)")


def arguments(block: Any, prefix: str = "") -> Iterator[str]:
    """The path of each argument and block: `global_secondary_index.hash_key`."""
    if isinstance(block, list):
        for one in block:
            yield from arguments(one, prefix)
    elif isinstance(block, dict):
        for name, value in block.items():
            yield f"{prefix}{name}"
            yield from arguments(value, f"{prefix}{name}.")


def uses(stack: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each type's arguments that are set, and its attributes that are referenced."""
    for part, prefix in (("resource", ""), ("data", "data.")):
        for kind, blocks in stack.get(part, {}).items():
            for block in blocks.values():
                yield from ((f"{prefix}{kind}", path) for path in arguments(block))
    yield from REFERENCE.findall(json.dumps(stack))


def deprecated(stack: dict[str, Any]) -> list[str]:
    return sorted({f"{kind}: {path}" for kind, path in uses(stack) if path in DEPRECATED.get(kind, ())})


def test_the_list_has_every_type_that_is_used() -> None:
    files = [one for room in ("modules", "stacks") for one in (ROOT / room).rglob("*.py")]
    used = {found for one in files for found in SUBMODULE.findall(one.read_text(encoding="utf-8"))}
    types = {f"{'data.' if data else ''}aws_{name}" for data, name in used if name != "provider"}
    assert types == set(DEPRECATED)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_systems_use_nothing_deprecated(synthesize_with: Synthesize, settings: str) -> None:
    found = {name: deprecated(stack) for name, stack in synthesize_with("cdktn", SETTINGS[settings]).stacks.items()}
    assert found == {name: [] for name in found}


def test_what_cdktfs_binding_has_to_use_is_found(synthesize_with: Synthesize) -> None:
    """The check itself: provider 5 knows only what 6 deprecates."""
    stacks = synthesize_with("cdktf", {}).stacks
    assert deprecated(stacks["file-metadata"]) == [
        "aws_dynamodb_table: global_secondary_index.hash_key",
        "aws_dynamodb_table: global_secondary_index.range_key",
    ]
    assert deprecated(stacks["upload-api"]) == ["data.aws_region: name"]
