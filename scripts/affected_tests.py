"""Prints the quick test files for what changed: unit tests, and the tests of files that differ from the main branch.

    python -m scripts.affected_tests [COMMIT]

Compared with COMMIT, by default with where this branch left `origin/HEAD` or `main`, and with what is not committed. A
test file is one of a changed file's if it is that file, imports what the file defines, or names it or its folder; so
are tests whose helpers in tests/ do. Tests that only reach a file by way of other code are left to `make test`, and so
are those of folders that deploy, install or draw, which take minutes: they are listed on standard error.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from scripts.import_graph import ROOT, ImportGraph, python_files

# Run in full, but for files that start synths, installations or test runs: each takes 5 to 40 s of processor time.
ALWAYS = "tests/unit"
SLOW = {
    f"{ALWAYS}/test_{name}.py"
    for name in (
        *("adding_a_system", "bad_input", "jsii_process", "libraries", "local_aws_environment", "proven"),
        *("provider_binding", "pytest_plugin", "setup"),
    )
}
# Their tests start at most a bare local AWS, without the fixtures that deploy.
QUICK = ("tests/unit", "tests/review", "tests/properties", "tests/soak", "tests/functions")
DEPLOYING = {"deployment", "destroyed", "connections"}
# Folders whose files are read as a whole.
READ = ("docs", "samples", "examples")
# Python files that nothing imports by their full names: functions and projects are loaded from folders.
LOADED_BY_NAME = ("lambda/", "examples/", "tests/support/")
VERBS = ("sluice_cli/verbs/", "checks/verbs/")
# The local AWS runs in a process of its own; `test_local_aws_queues` tests its `queues.py`.
TESTED_BY_NAME = "sluice_cli/local_aws/emulator/"
BASES = ("origin/HEAD", "origin/main", "main", "origin/master", "master")


def affected_tests(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """The test files of changed files; all are given and returned as paths relative to the root."""
    graph = ImportGraph(python_files(root))
    paths = {name: path.relative_to(root).as_posix() for name, path in graph.files.items()}
    changed_paths = set(changed)
    changed_names = {name for name, path in paths.items() if path in changed_paths}
    words = {word for path in changed_paths for word in _words(path)}
    stems = {Path(path).stem for path in changed_paths if path.startswith(TESTED_BY_NAME)}
    tests = {name for name, path in paths.items() if path.startswith("tests/")}
    found = changed_names & tests
    fixtures: set[tuple[str, str]] = set()  # by folder: what a conftest.py hands on to its tests
    for name in tests:
        if name.endswith("conftest"):
            fixtures |= {(name.removesuffix("conftest"), one) for one in _fixtures(graph, name, changed_names, words)}
        elif graph.definers(name) & changed_names or words & _named(graph.tree(name)) or _is_named_for(name, stems):
            found.add(name)
    while True:
        handed_on = {
            name
            for name in tests - found
            if found & tests & graph.imports(name)
            or any(name.startswith(folder) and one in _parameters(graph.tree(name)) for folder, one in fixtures)
        }
        if not handed_on:
            return sorted(paths[name] for name in found if _is_test(paths[name]))
        found |= handed_on


def _fixtures(graph: ImportGraph, conftest: str, changed: Set[str], words: Set[str]) -> set[str]:
    """The fixtures of a conftest.py that use what changed."""
    tree = graph.tree(conftest)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if conftest in changed:
        return set(functions)
    uses = {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if graph.definer(conftest, node, one.name) in changed
    }
    found = {
        name
        for name, node in functions.items()
        if words & _named(node) or uses & {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    }
    while more := {name for name, node in functions.items() if found & _parameters(node)} - found:
        found |= more
    return found


def _parameters(tree: ast.AST) -> set[str]:
    """The names of parameters of all functions: pytest's fixtures among them."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {one.arg for node in functions for one in node.args.args}


def _words(path: str) -> set[str]:
    """By which strings a test names a file, or the folder of a file that it does not import."""
    parts = Path(path).parts
    if path.startswith(VERBS):
        return {path, Path(path).stem}
    if path.endswith(".py") and not path.startswith(LOADED_BY_NAME):
        return {path}
    folders = parts[1:-1] if parts[0] not in READ else parts[:-1]
    return {path, *folders, *([] if path.endswith(".py") else [parts[-1]])} - {"support"}


def _is_named_for(test: str, stems: Set[str]) -> bool:
    return any(test.endswith(f"_{stem}") for stem in stems)


def _named(tree: ast.AST) -> set[str]:
    """The words of strings, without prose: whole strings, and the parts of paths."""
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {word for one in strings if not set(one) & set(" \n") for word in (one, *one.split("/"))}


def _is_test(path: str) -> bool:
    return Path(path).name.startswith("test_") and "support" not in Path(path).parts


def changed_files(commit: str | None = None, root: Path = ROOT) -> list[str]:
    """The files that differ from a commit, by default from where this branch left the main branch; with new ones."""

    def git(*arguments: str) -> list[str] | None:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else None

    if git("rev-parse", "HEAD") is None:
        return []
    if commit is not None and git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is None:
        raise SystemExit(f"{commit!r} is no commit of this repository: give one, such as HEAD~1 or main")
    bases = [commit] if commit else BASES
    left_at = next((found[0] for base in bases if (found := git("merge-base", "HEAD", base))), "HEAD")
    differing = git("diff", "--name-only", "--relative", left_at) or []
    return sorted({*differing, *(git("ls-files", "--others", "--exclude-standard") or [])})


def is_quick(path: str, root: Path = ROOT) -> bool:
    """Whether a test file needs no deployment, installation or browser."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    return path.startswith(QUICK) and not DEPLOYING & _parameters(tree)


def main(arguments: Sequence[str]) -> int:
    changed = changed_files(arguments[0] if arguments else None)
    found = affected_tests(changed)
    unit = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / ALWAYS).glob("test_*.py"))]
    quick = [path for path in found if is_quick(path) and path not in unit]
    left = sorted(SLOW - set(found)) + [path for path in found if not is_quick(path)]
    print(*[path for path in unit if path not in SLOW or path in found], *quick, sep="\n")
    print(f"{len(changed)} changed files: the unit tests and {len(quick)} more test files", file=sys.stderr)
    print(f"Left to `make test`, as they take long: {', '.join(left)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
