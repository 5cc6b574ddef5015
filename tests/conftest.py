"""One local AWS and one deployment for all tests that need them.

With several processes (`make test`), the tests of a shared deployment run in one process, and so do the tests of a
file; each process has a local AWS of its own. Fixtures import what they need themselves, so that a single unit test
starts quickly.
"""

import fcntl
import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import kept, provider_mirror
from tests.support.machine import memory

if TYPE_CHECKING:
    from tests.support.deployed import Deployment

# Files that tests copy into another tree, and helpers: they contain no tests of this tree.
collect_ignore = ["support"]

pytest_plugins = ["sluice_cli.pytest_plugin"]  # `local_aws`

# Processes of pytest-xdist, and programs that tests start, find the variable that this sets.
provider_mirror.use(Path(__file__).parent.parent / ".pytest_cache" / provider_mirror.NAME, os.environ)
# Terraform and its provider collect no garbage until they are large, which saves a tenth of their processor time, and
# use one core at a time, as several of them run beside each other: a twentieth.
if "GOGC" not in os.environ:
    os.environ.update(GOGC="off", GOMEMLIMIT="512MiB", GOMAXPROCS="1")
# Tests also run below `make test`: what make leaves in the environment of its commands changes what commands print.
for name in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"):
    os.environ.pop(name, None)
# Hypothesis would load trio, a fifth of a second in each process, to seed trio's random numbers, which no test uses.
os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"
# Powertools reads them when function code is imported, which may happen before any fixture.
os.environ.update(POWERTOOLS_SERVICE_NAME="tests", POWERTOOLS_METRICS_NAMESPACE="tests")


# Fixtures that deploy, or synthesize all systems with two frameworks: the tests that use one share a process.
SHARED = ("deployment", "connections", "synthesize_with")
# Further deployments of all systems, of tests in these folders and files: what they share would take too long.
FURTHER_DEPLOYMENTS = {
    "deployment-2": ("tests/browser", "tests/local/test_console", "tests/local/test_failures_command"),
    "deployment-3": (
        *("tests/review", "tests/bench", "tests/local/test_least_privilege", "tests/local/test_scanners"),
        *("tests/local/test_soak", "tests/local/test_terraform", "tests/local/test_drift"),
    ),
    # It changes the deployment for minutes.
    "deployment-4": ("tests/local/test_delivery_modes",),
}
# What begins first, as it takes longest and mostly waits: groups of tests by these fixtures, then by folder. One
# group makes the deployment that the later ones restore; what needs none begins beside it.
FIRST = (
    "deployment-4",
    "outcomes",
    "connections",
    "tests/package/test_wheel",
    "tests/terraform_modules",
    *(f"tests/local/test_{name}" for name in ("foreign_project", "adding_a_system", "cdk_terrain")),
    "deployment-3",
    "deployment",
    "deployment-2",
    "tests/local",
    "tests/functions",
    "tests/package",
    "tests/bench",
    "synthesize_with",
    "tests/cdktn",
    "tests/docs",
    "tests/properties",
    *(f"tests/unit/test_{name}" for name in ("setup", "provider_binding", "adding_a_system", "deploying", "libraries")),
)


def pytest_configure(config: pytest.Config) -> None:
    # A cancelled run ends like an interrupted one: all started processes are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Shells start programs in the background with interrupts ignored, which started processes would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Function code ignores it (sluice_functions/observability.py), but pytest resets warnings for each test.
    config.addinivalue_line("filterwarnings", "ignore:No application metrics to publish")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """A test file that uses hypothesis needs its profile before it is imported. Other files start a second sooner."""
    if isinstance(collector, pytest.Module) and "from hypothesis" in collector.path.read_text(encoding="utf-8"):
        import tests.support.repeatable  # noqa: F401


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long binary values are named by their argument: gzip's have the time in them, and all processes of a test run
    have to collect the same names.
    """
    return argname if isinstance(val, bytes | bytearray) and len(val) > 12 else None


# pytest's, which names the test that runs, and what importing the classes sets for good.
OWN_VARIABLES = {"PYTEST_CURRENT_TEST", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"}


def environment_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}


INITIAL = environment_variables()
kept.ENVIRONMENT.update(INITIAL)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Tests of other files run in the same process: none may leave other environment variables behind."""
    yield
    if nextitem is None or nextitem.path != item.path:
        assert environment_variables() == INITIAL


def pytest_xdist_auto_num_workers() -> int | None:
    """Four processes a core, as deployments mostly wait, where the memory is enough for a local AWS, Terraform and its
    provider in each: 2.5 GiB.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # as pytest-xdist reads it
    return max(2, min(4 * (os.cpu_count() or 1), int(memory() / (2.5 * 2**30))))


def needs(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())


@cache
def file_of(path: Path, root: Path) -> str:
    return path.relative_to(root).with_suffix("").as_posix()


def group(item: pytest.Item) -> str:
    """What shares a process: the tests of a shared deployment, or of a file."""
    file = file_of(item.path, item.config.rootpath)
    if needs(item, "deployment") and not needs(item, "destroyed"):
        return next((name for name, files in FURTHER_DEPLOYMENTS.items() if file.startswith(files)), "deployment")
    return next((fixture for fixture in SHARED if needs(item, fixture)), file)


@cache
def rank(group: str, fixtures: frozenset[str]) -> int:
    return next((n for n, one in enumerate(FIRST) if one in fixtures or group.startswith(one)), len(FIRST))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each group has a deployment of its own, also where several of them run in one process."""
    if "deployment" in metafunc.fixturenames:
        name = pytest.param(group(metafunc.definition), id=pytest.HIDDEN_PARAM)
        metafunc.parametrize("deployment", [name], indirect=True, scope="session")


# Made at the end of the first collection, beside what that compiled.
COMPILED = Path(cache_from_source(__file__)).with_name("collected")


@contextmanager
def alone_where_nothing_is_compiled(session: pytest.Session) -> Iterator[None]:
    """In a new clone one process compiles what all of them import; the others wait for it."""
    if COMPILED.exists() or sys.dont_write_bytecode:
        yield
        return
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not COMPILED.exists():
            yield
            if session.testscollected:  # pytest-xdist's first process collects nothing
                COMPILED.parent.mkdir(parents=True, exist_ok=True)
                COMPILED.touch()
            return
    yield


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What is collected lives until the end: Python need not look for garbage in it again and again. In what
    tests make it looks less often, which saves a twentieth of their processor time.
    """
    gc.disable()
    try:
        with alone_where_nothing_is_compiled(session):
            return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Group tests for pytest-xdist: the slowest groups begin first, and tests that destroy the deployment end its
    group.
    """
    groups = {id(item): group(item) for item in items}  # by identity: pytest-xdist changes the hash of items
    ranks: dict[str, int] = {}
    for item in items:
        name = groups[id(item)]
        item.add_marker(pytest.mark.xdist_group(name))
        fixtures = frozenset(FIRST).intersection(getattr(item, "fixturenames", ()))
        ranks[name] = min(rank(name, fixtures), ranks.get(name, len(FIRST)))
    yield
    items.sort(key=lambda item: (ranks[groups[id(item)]], needs(item, "destroyed")))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Deployment]":
    """All systems, deployed on a local AWS of their own, whose names other tests use on theirs."""
    from tests.support.shared_deployment import shared_deployment

    with shared_deployment(tmp_path_factory) as made:
        yield made


@pytest.fixture(scope="session")
def destroyed(deployment: "Deployment") -> "Deployment":
    """The deployment after it is destroyed: tests that use it run after all others."""
    from sluice_cli.deployment.applying import destroy
    from sluice_cli.stack import synthesized_stacks

    destroy(synthesized_stacks(deployment.target), deployment.target)
    return deployment
