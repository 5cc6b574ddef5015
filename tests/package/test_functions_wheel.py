"""The wheel of the handler toolkit, and a function that gets it into its archive, outside of this repository."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.support.known_types import known_types

from .conftest import ROOT

STACK = """
import sys
from pathlib import Path
from sluice import PythonFunction
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

app = App(outdir=sys.argv[1])
stack = TerraformStack(app, "Toolkit")
AwsProvider(stack, "Aws", region="us-east-1")
PythonFunction(stack, "Worker", name="worker", packages=[Path("worker")], installed=["sluice-functions"])
app.synth()
"""

HANDLER = """
from typing import Any

from sluice_functions import sqs
from sluice_functions.observability import instrumented


@instrumented
def handle(event: dict[str, Any], context: Any) -> sqs.Answer:
    return sqs.for_each_message(event, process)


def process(message: sqs.QueueMessage) -> None:
    if message.json()["amount"] < 0:
        raise ValueError("negative")
"""

CALL = """
import sys
from types import SimpleNamespace
from worker.handler import handle
import sluice_functions, aws_lambda_powertools
event = {"Records": [{"messageId": name, "body": body} for name, body in (("a", '{"amount": 1}'), ("b", '{"amount": -1}'))]}
context = SimpleNamespace(function_name="w", memory_limit_in_mb=128, invoked_function_arn="a", aws_request_id="r")
print(handle(event, context), [module.__file__.startswith(sys.path[0]) for module in (sluice_functions, aws_lambda_powertools)])
"""  # noqa: E501


def test_an_editable_installation_puts_the_package_itself_on_the_import_path(tmp_path: Path) -> None:
    run = [sys.executable, "-c", "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"]
    subprocess.run([*run, str(tmp_path)], cwd=ROOT / "sluice_functions", check=True, capture_output=True)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pth")]
        on_path = archive.read(name).decode().split()
    assert [Path(folder).resolve() for folder in on_path] == [ROOT]


def test_the_wheel_holds_the_toolkit_alone_typed_and_needs_powertools_alone(functions_wheel: Path, dist: Path) -> None:
    with zipfile.ZipFile(functions_wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        required = Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])
    modules = {f"sluice_functions/{path.name}" for path in (ROOT / "sluice_functions").glob("*.py")}
    assert names == {*modules, "sluice_functions/py.typed"}
    assert required == ["aws-lambda-powertools<4,>=3", "botocore>=1.35; extra == 'sdk'"]
    (source,) = dist.glob("sluice_functions-*.tar.gz")
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.partition("/")[2] for name in names} < inside


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheel: Path, functions_wheel: Path) -> dict[str, str]:
    """Both wheels, installed; the rest of what they need is this environment's."""
    installed = tmp_path_factory.mktemp("installed")
    for one in (wheel, functions_wheel):
        with zipfile.ZipFile(one) as archive:
            archive.extractall(installed)  # noqa: S202 - our own
    own = {name: one for name, one in os.environ.items() if not name.startswith(("PYTHON", "MYPY", "AWS_"))}
    of_mypy = {"MYPYPATH": str(installed), "MYPY_CACHE_DIR": str(known_types(tmp_path_factory.mktemp("types")))}
    return {**own, **of_mypy, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}


def run(environment: dict[str, str], folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_documented_handlers_are_typed(environment: dict[str, str], tmp_path: Path) -> None:
    pages = "".join((ROOT / "docs" / name).read_text() for name in ("functions.md", "systems.md"))
    examples = re.findall(r"<!-- checked by tests/package -->\n```python\n(.*?)```", pages, re.DOTALL)
    files = [tmp_path / f"example_{number}.py" for number, _ in enumerate(examples)]
    for file, example in zip(files, examples, strict=True):
        file.write_text(example)
    checked = run(environment, tmp_path, "-m", "mypy", "--strict", *(file.name for file in files))
    assert checked == f"Success: no issues found in {len(files)} source files\n"
    assert len(files) == 3


def test_a_function_gets_the_toolkit_into_its_archive_off_line(environment: dict[str, str], tmp_path: Path) -> None:
    worker = tmp_path / "worker"
    worker.mkdir()
    (worker / "__init__.py").write_text("")
    (worker / "handler.py").write_text(HANDLER)
    assert run(environment, tmp_path, "-m", "mypy", "--strict", "worker/handler.py").startswith("Success")

    run(environment, tmp_path, "-c", STACK, str(tmp_path / "out"))
    (archive,) = (tmp_path / "out").rglob("*.zip")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(archive) as opened:
        tops = {re.split(r"/|-\d", name)[0] for name in opened.namelist()}
        opened.extractall(unpacked)  # noqa: S202 - our own
    assert tops == {"worker", "sluice_functions", "aws_lambda_powertools", "typing_extensions", "typing_extensions.py"}
    called = {**environment, "PYTHONPATH": str(unpacked), "POWERTOOLS_METRICS_NAMESPACE": "tests"}
    *_, answer = run(called, tmp_path, "-c", CALL).splitlines()
    assert answer == "{'batchItemFailures': [{'itemIdentifier': 'b'}]} [True, True]"
