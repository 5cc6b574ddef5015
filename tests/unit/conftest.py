from collections.abc import Callable
from pathlib import Path

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import App, TerraformStack, Testing

NewApp = Callable[[], App]
NewStack = Callable[[], TerraformStack]


@pytest.fixture(scope="session")
def new_app(tmp_path_factory: pytest.TempPathFactory) -> NewApp:
    output = str(tmp_path_factory.mktemp("cdktf"))
    return lambda: Testing.app(outdir=output)


@pytest.fixture(scope="session")
def new_stack(new_app: NewApp) -> NewStack:
    """Creates empty stacks, each in an app of its own, so that equal stacks synthesize to equal Terraform."""
    return lambda: TerraformStack(new_app(), "stack")


@pytest.fixture
def stack(new_stack: NewStack) -> TerraformStack:
    return new_stack()


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A function's source folder."""
    folder = tmp_path_factory.mktemp("code") / "worker"
    folder.mkdir()
    (folder / "handler.py").write_text("def handle(event, context):\n    return event\n")
    return folder


@pytest.fixture
def worker(stack: TerraformStack, code: Path) -> modules.PythonFunction:
    return modules.PythonFunction(stack, "Worker", name="worker", packages=[code])


@pytest.fixture
def key(stack: TerraformStack) -> modules.Key:
    return modules.Key(stack, "Key", alias="alias/messages", description="Encrypts messages", account_id="123456789012")
