"""Which variable holds a construct: found in the app's Python sources, without running them."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MOST_FILES = 2_000
LARGEST_FILE = 1_000_000  # bytes
SKIPPED_FOLDERS = {"node_modules", "cdktf.out", "site-packages", "__pycache__", "tests", "build", "dist", "imports"}


@dataclass(frozen=True)
class Declaration:
    """`self.orders = Table(self, "Orders", ...)`: where, in which variable, of which class."""

    file: Path
    line: int
    variable: str
    construct: str


def declarations(folder: Path, id_: str) -> list[Declaration]:
    """Where the app's sources make a construct with this id and keep it in a variable."""
    return [one for declared, one in _all(folder) if declared == id_]


@cache
def _all(folder: Path) -> tuple[tuple[str, Declaration], ...]:
    found: list[tuple[str, Declaration]] = []
    for file in _sources(folder):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        found += [(id_, Declaration(file, line, variable, name)) for id_, line, variable, name in _in_tree(tree)]
    return tuple(found)


def _sources(folder: Path) -> Iterator[Path]:
    count = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".") and one not in SKIPPED_FOLDERS and not Path(root, one, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            file = Path(root, name)
            if name.endswith(".py") and file.stat().st_size <= LARGEST_FILE:
                yield file
                count += 1
                if count >= MOST_FILES:
                    return


def _in_tree(tree: ast.AST) -> Iterator[tuple[str, int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if not isinstance(value, ast.Call):
            continue
        id_ = _id(value)
        if id_ is not None:
            name = ast.unparse(value.func).rpartition(".")[2]
            for target in targets:
                if isinstance(target, ast.Name | ast.Attribute):
                    yield id_, node.lineno, ast.unparse(target), name


def _id(call: ast.Call) -> str | None:
    named = next((one.value for one in call.keywords if one.arg in ("id_", "id")), None)
    given = call.args[1] if len(call.args) > 1 else named
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None
