"""Which Python files of this repository import which, read from the sources: imports inside of functions count too."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("sluice_functions", "modules", "settings", "stacks", "main", "sluice_cli", "checks", "scripts", "tests")


def python_files(root: Path = ROOT, rooms: Iterable[str] = ROOMS) -> dict[str, Path]:
    """The files of the rooms by their modules' names."""
    files = [path for room in rooms for path in (root / f"{room}.py", *(root / room).rglob("*.py")) if path.is_file()]
    return {_name(path.relative_to(root)): path for path in files}


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class ImportGraph:
    """The imports between files, given by their modules' names."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files
        self._trees: dict[str, ast.Module] = {}

    def tree(self, name: str) -> ast.Module:
        if name not in self._trees:
            self._trees[name] = ast.parse(self.files[name].read_text(encoding="utf-8"))
        return self._trees[name]

    def imports(self, name: str) -> frozenset[str]:
        """The modules that a module imports, wherever in it."""
        return frozenset(self._imported(name)) - {name}

    def definers(self, name: str) -> frozenset[str]:
        """The modules that define what a module imports: of `from modules import Queue`, `modules.queue`."""
        found = set(self.imports(name))
        for node in ast.walk(self.tree(name)):
            if isinstance(node, ast.ImportFrom):
                found |= {self.definer(name, node, one.name) or name for one in node.names}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(self._exports.get((node.value.id, node.attr), name))
        return frozenset(found - {name})

    def definer(self, name: str, node: ast.ImportFrom, imported: str) -> str | None:
        """The module that defines a name of an `import` statement of a module; None outside of this repository."""
        source = self._source(name, node)
        known = (self._exports.get((source, imported)), f"{source}.{imported}", source)
        return next((one for one in known if one in self.files), None)

    @cached_property
    def _exports(self) -> dict[tuple[str, str], str]:
        """By package and name: the module from which the package takes a name that it exports."""
        return {
            (package, one.asname or one.name): source
            for package, path in self.files.items()
            if path.name == "__init__.py"
            for node in ast.walk(self.tree(package))
            if isinstance(node, ast.ImportFrom)
            for source in [self._source(package, node)]
            if source in self.files
            for one in node.names
        }

    def _imported(self, name: str) -> Iterator[str]:
        for node in ast.walk(self.tree(name)):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names if one.name in self.files)
            elif isinstance(node, ast.ImportFrom):
                source = self._source(name, node)
                for one in node.names:
                    found = next((full for full in (f"{source}.{one.name}", source) if full in self.files), None)
                    if found:
                        yield found

    def _source(self, name: str, node: ast.ImportFrom) -> str:
        """The absolute name of the module in `from ... import`."""
        package = name if self.files[name].name == "__init__.py" else name.rpartition(".")[0]
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])
