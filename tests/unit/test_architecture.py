"""The rooms of the house: which may import which, and no circles.

Read from the sources, so that imports inside of functions and for type checkers count too.
"""

import ast
from collections.abc import Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from checks import ROOT
from scripts.import_graph import ImportGraph, python_files

# A room, and the rooms of ours that it may import. What is not named here is nobody's to import: tests.
ARROWS = {
    "sluice_functions": {"sluice_functions"},
    "modules": {"modules"},
    "settings": {"settings"},
    "stacks": {"stacks", "modules", "settings"},
    "main": {"main", "stacks", "modules", "settings"},
    "sluice_cli": {"sluice_cli"},
    "checks": {"checks", "sluice_cli", "sluice_functions", "stacks", "modules", "settings"},
    "scripts": {"scripts", "checks", "sluice_cli", "stacks", "modules", "settings"},
}
LONGEST = 500  # lines; tests may be longer


@cache
def graph() -> ImportGraph:
    files = python_files(ROOT, (*ARROWS, "tests"))
    return ImportGraph({name: path for name, path in files.items() if "support" not in path.relative_to(ROOT).parts})


def modules() -> Mapping[str, Path]:
    """Every module of ours by its name."""
    return graph().files


@cache
def imports(name: str) -> frozenset[str]:
    return graph().imports(name)


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    wrong = [
        f"{name} imports {other}"
        for name in modules()
        if name.partition(".")[0] == room
        for other in sorted(imports(name))
        if other.partition(".")[0] not in ARROWS[room]
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter({name: imports(name) for name in modules()}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("package", ["sluice_cli", "checks"])
def test_no_folders_of_a_package_import_each_other_in_a_circle(package: str) -> None:
    def folder(name: str) -> str:
        return ".".join(name.split(".")[:2])

    arrows: dict[str, set[str]] = {}
    for name in modules():
        if name.startswith(f"{package}."):
            others = {folder(one) for one in imports(name) if one.startswith(f"{package}.")}
            arrows.setdefault(folder(name), set()).update(others - {folder(name)})
    assert len(arrows) > 8
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_nothing_imports_the_verbs_of_the_tool() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in modules()
        for other in imports(name)
        if other.startswith("sluice_cli.verbs.") or (other.startswith("checks.verbs.") and not name.startswith("tests"))
    ]
    assert wrong == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    lengths = {name: len(file.read_text(encoding="utf-8").splitlines()) for name, file in modules().items()}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST and not name.startswith("tests")}
    assert long == {}, "split it by meaning"


def test_imports_are_seen_wherever_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    file.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from stacks.system import SystemStack\n"
        "def late():\n    import settings\n    from sluice_cli import verbs\n    from .target import Target\n"
    )
    made = ImportGraph({**modules(), "sluice_cli.made": file})
    assert sorted(made.imports("sluice_cli.made")) == [
        "settings",
        "sluice_cli.target",
        "sluice_cli.verbs",
        "stacks.system",
    ]


# Each system has a class of its own under these names, in the same part: that is one word for one thing.
PARTS_OF_A_SYSTEM = {"Environment", "Inputs", "Proofs", "Store"}


def test_a_class_name_stands_for_one_class() -> None:
    classes: dict[str, list[str]] = {}
    for room in (*ARROWS, "lambda"):
        for file in (ROOT / room).rglob("*.py"):
            if "peers" not in file.parts:  # programs of others' that the benchmark compares with
                tree = ast.parse(file.read_text(encoding="utf-8"))
                for node in tree.body:
                    if isinstance(node, ast.ClassDef):
                        classes.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert classes["SystemStack"] == ["stacks/system.py"]
    twice = {name: files for name, files in classes.items() if len(files) > 1 and name not in PARTS_OF_A_SYSTEM}
    assert twice == {}, "give one of each pair a name that says what it is"
