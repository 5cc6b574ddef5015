"""Execution environments of Python functions are forks of a Python that has imported boto3, and behave as if each were
a start of Python."""

import io
import json
import os
import select
import signal
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.pytest_plugin import started_local_aws
from tests.support.bare_aws import LOGS, BareAws, allow, bare_aws
from tests.support.waiting import eventually

forks = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="functions are forked on Linux only")

REPORT = """
import os, sys, time, boto3, six

def operations(boto3):
    if hasattr(boto3, "client"):
        return boto3.Session().client("sqs", region_name="us-east-1").meta.service_model.operation_names

def handle(event, context):
    import later
    own = os.path.dirname(sys.modules["__main__"].__file__)
    return {
        "parent": os.getppid(),
        "number": os.getpid(),
        "folder": os.path.dirname(__file__),
        "is_compiled": os.path.exists(__cached__),
        "boto3": getattr(boto3, "VERSION", "of the runtime"),
        "six": six.__version__,
        "later": later.VALUE,
        "zone": time.timezone,
        "process": {
            "arguments": [one.replace(own, "") for one in sys.argv],
            "path": [one.replace(own, "") for one in sys.path],
            "main": [__name__, sys.modules["__main__"].__name__, vars(sys.modules["__main__"])["__file__"][len(own):]],
            "folder": os.getcwd() == os.path.dirname(__file__),
            "variables": sorted(set(os.environ) - {"PYTHONWARNINGS"}),
            "streams": [one.fileno() for one in (sys.stdin, sys.__stdout__, sys.stderr)],
            "operations": [operations(boto3) for _ in range(2)],
        },
    }
"""
OWN_PACKAGE = {"boto3/__init__.py": "VERSION = 'of the function'"}


@contextmanager
def functions(local: LocalAws) -> Iterator["Functions"]:
    with bare_aws(local) as aws:
        yield Functions(aws, aws.role("starts", allow(LOGS)))


class Functions:
    """Makes functions that report how they were started."""

    def __init__(self, aws: BareAws, role: str) -> None:
        self.aws, self.role, self._count = aws, role, 0

    def new(self, variables: dict[str, str] | None = None, **options: Any) -> str:
        self._count += 1
        return self.aws.function(
            f"starts-{self._count}",
            self.role,
            "",
            Environment={"Variables": variables or {}},
            **{"Code": {"ZipFile": archive()}, **options},
        )

    def report(self, function: str) -> dict[str, Any]:
        answer = self.aws.client("lambda").invoke(FunctionName=function)
        return dict(json.loads(answer["Payload"].read()))


def archive(files: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in {"code.py": REPORT, "later.py": "VALUE = 1", **(files or {})}.items():
            made.writestr(zipfile.ZipInfo(name), content)  # the same bytes at any time
    return out.getvalue()


@pytest.fixture(scope="module")
def made(local_aws: LocalAws) -> Iterator[Functions]:
    with functions(local_aws) as found:
        yield found


def started_anew(made: Functions, report: dict[str, Any]) -> bool:
    """Whether the local AWS itself has started the process."""
    running = made.aws.local.running()
    assert running is not None
    return bool(report["parent"] == running.pid)


@forks
def test_an_environment_is_like_one_that_python_is_started_for(made: Functions) -> None:
    forked = made.report(made.new())
    ordinary = made.report(made.new({"PYTHONWARNINGS": "default"}))  # read by Python when it starts
    assert forked["process"] == ordinary["process"]
    assert [started_anew(made, one) for one in (forked, ordinary)] == [False, True]
    elsewhere = made.report(made.new({"TZ": "EST+5"}))
    assert (elsewhere["parent"], elsewhere["zone"]) == (forked["parent"], 5 * 3600)


def test_a_function_gets_its_own_version_of_a_package_of_the_runtime(made: Functions) -> None:
    assert made.report(made.new(Code={"ZipFile": archive(OWN_PACKAGE)}))["boto3"] == "of the function"
    layers = made.aws.client("lambda")
    content = archive({f"python/{name}": one for name, one in OWN_PACKAGE.items()})
    layer = layers.publish_layer_version(LayerName=made.aws.prefix, Content={"ZipFile": content})
    made.aws.cleanup(layers.delete_layer_version, LayerName=made.aws.prefix, VersionNumber=layer["Version"])
    assert made.report(made.new(Layers=[layer["LayerVersionArn"]]))["boto3"] == "of the function"


@forks
def test_a_function_that_brings_the_same_package_as_the_runtime_is_forked_too(made: Functions) -> None:
    (six,) = (python_of_local_aws().parent.parent / "lib").glob("python3*/site-packages/six.py")
    assert not started_anew(made, made.report(made.new(Code={"ZipFile": archive({"six.py": six.read_text()})})))
    other = f"{six.read_text()}\n__version__ = 'other'\n"
    assert made.report(made.new(Code={"ZipFile": archive({"six.py": other})}))["six"] == "other"


def test_environments_with_the_same_code_share_its_folder_and_what_is_compiled(made: Functions) -> None:
    first, second = (made.report(made.new()) for _ in range(2))
    other = made.report(made.new(Code={"ZipFile": archive({"further.py": ""})}))
    assert first["folder"] == second["folder"] != other["folder"]
    assert first["is_compiled"]


def test_code_that_no_environment_uses_any_more_is_removed(made: Functions) -> None:
    client, used, changed = made.aws.client("lambda"), made.new(), made.new()
    folders = set()
    for number in range(8):
        client.update_function_code(FunctionName=changed, ZipFile=archive({"number.py": f"{number}"}))
        eventually(lambda: client.get_function_configuration(FunctionName=changed)["LastUpdateStatus"] == "Successful")
        folders.add(made.report(changed)["folder"])
        if number == 0:
            in_use = made.report(used)["folder"]
    assert len(folders) == 8
    assert sum(Path(one).is_dir() for one in folders) < 8
    assert Path(in_use).is_dir()


def test_functions_that_start_at_once_keep_their_code(tmp_path_factory: pytest.TempPathFactory) -> None:
    with started_local_aws(tmp_path_factory) as local, functions(local) as made:
        started = [made.new(Code={"ZipFile": archive({"number.py": f"{number}"})}) for number in range(10)]
        with ThreadPoolExecutor(len(started)) as pool:
            assert [report["later"] for report in pool.map(made.report, started)] == [1] * len(started)


def ended(process: int) -> bool:
    """Also if nobody reaps it, as where the first process of a container is a shell."""
    try:
        opened = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    with os.fdopen(opened) as file:
        return bool(select.select([file], [], [], 0)[0])


@forks
def test_functions_work_without_the_process_that_forks(tmp_path_factory: pytest.TempPathFactory) -> None:
    with started_local_aws(tmp_path_factory) as local, functions(local) as made:
        forked = made.new()
        before = made.report(forked)
        os.kill(before["parent"], signal.SIGKILL)
        assert started_anew(made, made.report(made.new()))
        assert made.report(forked)["later"] == 1


@forks
def test_forking_can_be_turned_off(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_FUNCTION_START", "ordinary")
    with started_local_aws(tmp_path_factory) as local, functions(local) as made:
        assert started_anew(made, made.report(made.new()))


@forks
def test_the_process_that_forks_and_its_forks_end_with_the_local_aws(tmp_path_factory: pytest.TempPathFactory) -> None:
    with started_local_aws(tmp_path_factory) as local:
        aws = BareAws(local)  # nothing is left to remove
        made = Functions(aws, aws.role("starts", allow(LOGS)))
        report, running = made.report(made.new()), local.running()
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        assert eventually(lambda: ended(report["parent"]) and ended(report["number"]))
