"""Sluice's pytest plugin as users see it, in a pytest process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NOT_LOADED = ("cacheprovider", "hypothesispytest", "anyio")


def run_pytest(folder: Path, test: str, *options: str) -> str:
    (folder / "test_it.py").write_text(test)
    # Without plugins that take longer to load than everything else.
    plugins = [f"-p{one}" for one in ("sluice_cli.pytest_plugin", *map("no:{}".format, NOT_LOADED))]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_failed_comparison_shows_construct_paths_and_both_values(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
from modules.testing import SynthesizedStack
from cdktf import TerraformStack, Testing
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

stack = TerraformStack(Testing.app(), "stack")
SqsQueue(Construct(stack, "Orders"), "Queue", name="orders", tags={"Owner": "team"})

def test_all():
    assert SynthesizedStack(stack).resources("aws_sqs_queue") == {"Orders/Queue": {"name": "order"}}

def test_one():
    assert {"name": "order", "tags": {"Owner": "team"}} == SynthesizedStack(stack).resource("aws_sqs_queue")
""",
    )
    assert "PytestCollectionWarning" not in said  # of `Testing`: pytest reads all of CDKTF for it
    errors = [line.removeprefix("E").strip() for line in said.splitlines() if line.startswith("E  ")]
    assert [line for line in errors if line] == [
        "AssertionError: assert aws_sqs_queue is not as expected (left is this):",
        "Orders/Queue.name: 'orders' != 'order'",
        "Orders/Queue.tags: only in this: {'Owner': 'team'}",
        "AssertionError: assert aws_sqs_queue.Orders/Queue is not as expected (right is this):",
        "name: 'orders' != 'order'",
    ]


def test_a_run_that_needs_no_fixture_of_the_plugins_loads_nothing_of_sluice(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
import sys

def test_nothing():
    assert [one for one in sys.modules if one.startswith(("sluice_cli.", "modules", "jsii", "boto"))] == [
        "sluice_cli.pytest_plugin"
    ]
""",
    )
    assert "1 passed" in said


def test_tests_of_one_local_aws_share_a_process_of_xdist(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
import pytest

@pytest.fixture(scope="session")
def local_aws(worker_id):
    with open("workers", "a") as workers:
        print(worker_id, file=workers)

@pytest.mark.parametrize("number", range(6))
def test_worker(local_aws, number):
    pass

@pytest.mark.parametrize("number", range(6))
def test_other(number):
    pass
""",
        "-n",
        "2",
        "--dist",
        "loadgroup",
    )
    assert "12 passed" in said
    assert len((tmp_path / "workers").read_text().split()) == 1


def test_a_fixture_whose_libraries_are_not_installed_says_what_installs_them(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "boto3":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

def test_anything(local_aws):
    pass
""",
    )
    assert 'boto3 is missing: run `pip install "sluice-cdktf[tool,test]"`' in said
    assert "Traceback" not in said
    assert "1 error" in said


def test_a_folder_without_a_project_fails_with_a_message(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
import pytest

@pytest.fixture(scope="session")
def local_aws():
    return None  # it is not asked for anything

def test_anything(deployed_project):
    pass
""",
    )
    assert f"{tmp_path} could not be deployed on the local AWS: no cdktf.json in {tmp_path}" in said
    assert "Traceback" not in said


def test_a_project_below_the_folder_of_pytests_configuration_is_found(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    for name in ("shop", "billing"):
        tests = tmp_path / "services" / name / "tests"
        tests.mkdir(parents=True)
        (tests.parent / "cdktf.json").write_text("{}")
        (tests / f"test_{name}.py").write_text(
            f"def test_it(project_folder):\n    assert project_folder.name == {name!r}\n"
        )
    said = run_pytest(tmp_path, "", "services/shop")
    assert "1 passed" in said
    said = run_pytest(tmp_path, "", "services")
    assert "2 errors" in said
    assert f"these tests are of several projects, run those of one: {tmp_path}/services/billing, {tmp_path}" in said
