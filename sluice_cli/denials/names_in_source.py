"""Finds the variable that holds a construct by parsing the app's Python sources, without running them."""

import ast
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MOST_FILES = 2_000
LARGEST_FILE = 1_000_000  # bytes
SKIPPED_FOLDERS = {"node_modules", "cdktf.out", "site-packages", "__pycache__", "tests", "build", "dist", "imports"}


@dataclass(frozen=True)
class Declaration:
    """A construct assigned to a variable: `self.orders = Table(self, "Orders", ...)`."""

    file: Path
    line: int
    variable: str
    construct: str


def declarations(folder: Path, id_: str) -> list[Declaration]:
    """The declarations of constructs with this id in the app's sources."""
    return [one for file, changed in _sources(folder) for declared, one in _in_file(file, changed) if declared == id_]


# `sluice watch` reads the sources again after each change.
@lru_cache(MOST_FILES)
def _in_file(file: Path, changed: int) -> tuple[tuple[str, Declaration], ...]:
    """The declarations in a file, each with its construct's id. `changed`, the time of the file's last change, is part
    of the cache key.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ()
    return tuple((id_, Declaration(file, line, variable, name)) for id_, line, variable, name in _in_tree(tree))


def _sources(folder: Path) -> Iterator[tuple[Path, int]]:
    """The app's sources with the time of their last change, in nanoseconds."""
    count = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".") and one not in SKIPPED_FOLDERS and not Path(root, one, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            if not name.endswith(".py"):
                continue
            try:
                status = Path(root, name).stat()
            except OSError:  # a dangling link (Emacs makes one beside an open file), or a file that was just removed
                continue
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_FILE:
                yield Path(root, name), status.st_mtime_ns
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
