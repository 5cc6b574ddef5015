"""Every argument that the provider knows is classified, and every classification judges its own direction."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.review.classification import EVERYWHERE, classified, read_rule
from sluice_cli.review.dangers.arguments import JUDGES
from sluice_cli.review.dangers.directions import DIRECTIONS
from sluice_cli.terraform.mirror import terraform_environment
from tests.review.moves import DANGEROUS, HARMLESS_FROM_NOTHING, block_removed, moved, moves
from tests.review.plans import Values, change, findings, review

ROOT = Path(__file__).parent.parent.parent
COMPLETE = {type_: rules for type_, rules in classified().items() if not rules.partial}
SIMPLE = [
    (type_, argument)
    for type_, rules in classified().items()
    for argument, rule in rules.arguments.items()
    if rule.direction in DANGEROUS
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The resource types of the provider on disk, as Terraform describes them."""
    folder = tmp_path_factory.mktemp("schema")
    source = {"source": "hashicorp/aws"}
    (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": {"aws": source}}}))
    environment = terraform_environment(os.environ, folder / "terraform.rc")

    def terraform(*arguments: str) -> str:
        command = ["terraform", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout

    terraform("init", "-input=false")
    found: dict[str, Any] = json.loads(terraform("providers", "schema", "-json"))
    return dict(found["provider_schemas"]["registry.terraform.io/hashicorp/aws"]["resource_schemas"])


def leaves(block: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Each attribute at the end of a path, and whether a configuration may set it."""
    for name, attribute in block.get("attributes", {}).items():
        settable = bool(attribute.get("optional") or attribute.get("required"))
        if "nested_type" in attribute:
            yield from leaves(attribute["nested_type"], f"{prefix}{name}.")
        else:
            yield from ((path, settable) for path in objects(attribute["type"], prefix + name))
    for name, nested in block.get("block_types", {}).items():
        yield from leaves(nested["block"], f"{prefix}{name}.")


def objects(kind: Any, path: str) -> Iterator[str]:
    if isinstance(kind, list) and kind[0] == "object":
        for name, inner in kind[1].items():
            yield from objects(inner, f"{path}.{name}")
    elif isinstance(kind, list) and kind[0] in ("list", "set", "map"):
        yield from objects(kind[1], path)
    else:
        yield path


def blocks(block: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, nested in block.get("block_types", {}).items():
        yield prefix + name
        yield from blocks(nested["block"], f"{prefix}{name}.")


def own(path: str) -> bool:
    return path.partition(".")[0] not in EVERYWHERE


def test_every_argument_of_every_type_is_classified(schema: dict[str, Any]) -> None:
    missing = [
        f"{type_}.{path}"
        for type_, rules in COMPLETE.items()
        for path, settable in leaves(schema[type_]["block"])
        if settable and own(path) and path not in rules.arguments
    ]
    assert missing == []


def test_nothing_is_classified_that_the_provider_does_not_have(schema: dict[str, Any]) -> None:
    unknown = []
    for type_, rules in classified().items():
        block = schema[type_]["block"]
        known = {*dict(leaves(block)), *blocks(block)}
        unknown += [f"{type_}.{path}" for path in set(rules.arguments) - rules.later - known]
        unknown += [f"{type_}.{path} exists by now" for path in rules.later & known]
        unknown += [f"{type_}.{path} is no computed value" for path in rules.computed - set(dict(leaves(block)))]
    assert unknown == []


def test_what_aws_gives_is_told_from_what_is_configured(schema: dict[str, Any]) -> None:
    wrong = {
        type_: sorted(given ^ rules.computed)
        for type_, rules in COMPLETE.items()
        if (given := {path for path, settable in leaves(schema[type_]["block"]) if not settable and own(path)})
        != rules.computed
    }
    assert wrong == {}


def test_every_type_that_a_module_class_makes_is_classified() -> None:
    made = {
        f"aws_{name}"
        for file in (ROOT / "modules").rglob("*.py")
        for name in re.findall(r"cdktf_cdktf_provider_aws\.(?!data_|provider\b)([a-z0-9_]+)", file.read_text())
    }
    assert len(made) > 40
    assert sorted(made - set(COMPLETE)) == []


def test_every_iam_type_is_classified(schema: dict[str, Any]) -> None:
    assert sorted({name for name in schema if name.startswith("aws_iam_")} - set(COMPLETE)) == []


def test_directions_and_judges_are_those_that_the_tables_name() -> None:
    rules = [rule for one in classified().values() for rule in (*one.arguments.values(), one.destroyed)]
    assert {rule.operand for rule in rules if rule.direction == "whole"} == set(JUDGES)
    elsewhere = {"", "whole", "policy", "key", "block"}
    assert {rule.direction for rule in rules} - elsewhere == set(DIRECTIONS)
    with pytest.raises(ValueError, match="no classification"):
        read_rule("delivery sideways maybe")


def found_in(*changes: Values) -> list[list[str]]:
    """The dangers of each change, from one review of all of them, at addresses of their own."""
    numbered = [{**one, "address": f"{one['address']}{number}"} for number, one in enumerate(changes)]
    dangers = {one.address: one.findings for one in review(*numbered).dangers}
    assert dangers.keys() <= {one["address"] for one in numbered}
    return [[f"{it.danger.value}: {it.what}" for it in dangers.get(one["address"], ())] for one in numbered]


@settings(max_examples=6, deadline=None)
@pytest.mark.parametrize("direction", DANGEROUS)
@given(data=st.data())
def test_a_move_in_the_dangerous_direction_is_dangerous_and_the_other_is_not(direction: str, data: Any) -> None:
    _, way_back_is_harmless = DANGEROUS[direction]
    chosen = [
        (classified()[type_], argument)
        for type_, argument in SIMPLE
        if classified()[type_].arguments[argument].direction == direction
    ]
    drawn = [(rules, argument, *data.draw(moves(rules.arguments[argument]))) for rules, argument in chosen]
    for (rules, argument, before, after), found in zip(drawn, found_in(*(moved(*one) for one in drawn)), strict=True):
        danger = rules.arguments[argument].danger
        assert danger is not None
        case = (rules.type, argument, before, after)
        assert any(one.startswith((danger.value, "Encryption")) for one in found), case
    harmless = []
    if way_back_is_harmless:
        harmless += [(rules, argument, after, before) for rules, argument, before, after in drawn]
    if direction in HARMLESS_FROM_NOTHING:
        harmless += [(rules, argument, None, before) for rules, argument, before, _ in drawn]
    for move, found in zip(harmless, found_in(*(moved(*one) for one in harmless)), strict=True):
        assert found == [], (move[0].type, *move[1:])


def test_a_block_that_is_taken_away_is_dangerous_once_and_one_that_is_added_is_not() -> None:
    removed = [
        (rules, block)
        for rules in COMPLETE.values()
        for block, rule in rules.arguments.items()
        if rule.direction == "block"
    ]
    assert len(removed) == 5
    for rules, block in removed:
        before, after = block_removed(rules, block)
        address = f"{rules.type}.Thing"
        (found,) = findings(change(address, {block: before}, {block: after}))
        assert found.endswith("removed"), found
        assert findings(change(address, {block: after}, {block: before})) == []


@pytest.mark.parametrize("type_", COMPLETE)
def test_harmless_arguments_are_harmless_and_an_unknown_one_is_named(type_: str) -> None:
    rules = COMPLETE[type_]
    harmless = [
        argument
        for argument, rule in rules.arguments.items()
        if rule.kind == "harmless" and not argument.endswith(("_index.name", "replica.region_name"))
    ]
    for argument, found_here in zip(harmless, found_in(*(moved(rules, it, "a", "b") for it in harmless)), strict=True):
        assert found_here == [], argument
    (found,) = findings(moved(rules, "a_later_argument", "a", "b"))
    assert found.startswith("Cannot be judged: ")
    assert f"a_later_argument of {type_}" in found


def test_the_schema_is_not_committed() -> None:
    folder = ROOT / "sluice_cli" / "review" / "classification"
    assert sum(file.stat().st_size for file in folder.glob("*.toml")) < 100_000
