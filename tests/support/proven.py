"""`pytest --unproven` leaves out test files that an earlier run proved with the same inputs, as `make test` does.

A test file is proven when all of its tests passed, none was skipped, and since then nothing has changed but other test
files: not one other file of this repository, documents included, no lock file's environment, no program that tests
start, no environment variable that could lead them elsewhere. Nothing is guessed from imports, since most tests start
other programs. A fresh clone has no record and runs everything, as CI does; files named on the command line always run.
The record is in pytest's cache folder.
"""

import hashlib
import json
import os
import platform
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from .sources import INSTALLED, OF_PLAIN_MODULES, WRITTEN, sources

RECORD = "sluice/proven"
FORMAT = 1
PROGRAMS = ("terraform", "tofu", "node", "npm", "curl", "git", "chromium", "chromedriver")
STAMPS = (".venv/.*installed", ".tools/*/.installed", "node_modules/.*installed")
# Of the terminal, of the shell, of make and of the run itself.
NOT_READ = re.compile(
    r"_|PWD|OLDPWD|SHLVL|TERM.*|COLUMNS|LINES|COLORTERM|LS_COLORS|SSH_.*|TMUX.*|STY|WINDOWID|DISPLAY|MAKE.*|MFLAGS|"
    r"PYTEST_.*|HIST.*|PS1|POWERTOOLS_.*|XDG_SESSION.*|DBUS_.*|INVOCATION_ID|JOURNAL_STREAM"
)


class Inputs:
    """Hashes of what the test files of a tree depend on."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        files = {
            name: hashlib.sha256((root / name).read_bytes()).hexdigest()
            for name in sorted(sources(root, *INSTALLED, *WRITTEN, *OF_PLAIN_MODULES))
        }
        self._tests = {name: one for name, one in files.items() if is_test(name)}
        stamps = {str(path): path.read_text() for pattern in STAMPS for path in sorted(root.glob(pattern))}
        variables = {name: one for name, one in sorted(environment.items()) if not NOT_READ.fullmatch(name)}
        shared = [
            FORMAT,
            {name: one for name, one in files.items() if name not in self._tests},
            stamps,
            variables,
            [platform.python_version(), platform.platform(), os.cpu_count()],
            [_program(name, environment) for name in PROGRAMS],
        ]
        # Variables may hold secrets: only the hash is kept.
        self._shared = hashlib.sha256(json.dumps(shared).encode()).hexdigest()

    def of(self, name: str) -> str:
        return f"{self._shared} {self._tests.get(name)}"


def inputs_of_all_tests(root: Path, environment: Mapping[str, str]) -> str:
    """A hash of everything but test files that the tests of a tree depend on."""
    return Inputs(root, environment).of("").partition(" ")[0]


def is_test(name: str) -> bool:
    path = Path(name)
    return path.parts[0] == "tests" and path.name.startswith("test_") and "support" not in path.parts


def _program(name: str, environment: Mapping[str, str]) -> list[str | int]:
    """Which version of a program that is, without starting it."""
    found = shutil.which(name, path=environment.get("PATH"))
    if found is None:
        return [name]
    status = Path(found).resolve().stat()
    return [name, str(Path(found).resolve()), status.st_size, status.st_mtime_ns]


class Unproven:
    """Leaves out the proven test files and, in the process that gathers the reports, records those that pass."""

    def __init__(self, config: pytest.Config, cache: pytest.Cache) -> None:
        self._root, self._cache = config.rootpath, cache
        self._inputs = Inputs(self._root, os.environ)
        self._record: dict[str, str] = cache.get(RECORD, {})
        self._is_worker = hasattr(config, "workerinput")
        self._left_out: set[str] = set()
        self._outcomes: dict[str, list[str]] = defaultdict(list)  # by test
        self._collected: set[str] = set()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        name = collection_path.relative_to(self._root).as_posix() if collection_path.is_file() else ""
        return True if self._is_proven(name) else None

    def _is_proven(self, name: str) -> bool:
        return name in self._record and self._record[name] == self._inputs.of(name)

    def pytest_report_header(self) -> str:
        proven = sum(map(self._is_proven, self._record))
        return f"{proven} test files were proven by earlier runs with the same inputs and are left out"

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._collected.update(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._collected.update(item.nodeid for item in session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._outcomes[report.nodeid].append(report.outcome)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        yield
        if self._is_worker:
            return
        proven = {name: one for name, one in self._record.items() if self._is_proven(name)}
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and proven:
            session.exitstatus = pytest.ExitCode.OK
        now = Inputs(self._root, os.environ)
        for name in {test.partition("::")[0] for test in self._collected}:
            tests = [test for test in self._collected if test.partition("::")[0] == name]
            if all(self._outcomes[test] == ["passed"] * 3 for test in tests) and now.of(name) == self._inputs.of(name):
                proven[name] = now.of(name)
        self._cache.set(RECORD, proven)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--unproven", action="store_true", help="leave out test files that passed before with the same inputs"
    )


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("unproven"):
        return
    chosen = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("deselect")
    if chosen or any("::" in argument for argument in config.args):
        raise pytest.UsageError("--unproven is about whole test files: give no tests, -k, -m or --deselect with it")
    cache = getattr(config, "cache", None)
    if cache is not None:
        config.pluginmanager.register(Unproven(config, cache))
