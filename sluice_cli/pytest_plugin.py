"""Sluice's pytest plugin: readable differences, a local AWS, and a project's stacks deployed on it.

It is active wherever Sluice is installed beside pytest, and imports nothing of Sluice before a fixture is used.

Fixtures, each made once for a test run (under pytest-xdist once for each process: `--dist loadgroup` keeps the tests
that share a local AWS in one):

- `local_aws`: a local AWS of this run's own, over TLS, with IAM enforced. `local_aws.client("s3")` is a boto3 client.
  If the environment variable `SLUICE_LOCAL_AWS` names the folder of a running one (`.sluice/local` of a project after
  `sluice up`), that one is used and keeps running.
- `deployed_project`: the stacks of the project in `project_folder` (the tests' own, unless conftest.py overrides it),
  deployed on `local_aws`. `deployed_project.outputs("stack")` has a stack's outputs.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sluice_cli.local_aws.server import LocalAws
    from sluice_cli.testing import DeployedProject

GROUP = "local_aws"
SHARED = "SLUICE_LOCAL_AWS"


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `==` between what `sluice.testing` returns and anything else."""
    if op != "==":
        return None
    for this, other, order in ((left, right, "left is this"), (right, left, "right is this")):
        if hasattr(this, "difference") and hasattr(this, "title"):
            lines = this.difference(other)
            return [f"{this.title or type(this).__name__} is not as expected ({order}):", *lines] if lines else None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(name: str, obj: object) -> list[pytest.Item] | None:
    """CDKTF's class `Testing` has no tests. To warn of it, pytest would parse all of CDKTF, for half a second."""
    of_cdktf = name == "Testing" and getattr(obj, "__module__", None) in ("cdktf", "cdktn")
    return [] if of_cdktf else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what shares a local AWS in one process of pytest-xdist."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        if GROUP in getattr(item, "fixturenames", ()) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(GROUP))


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LocalAws]":
    """A local AWS of this run's own, over TLS, with IAM enforced. It retries failed events after 0.3 and 0.6 s, and the
    messages of a failed batch after 0.3 s."""
    try:
        from sluice_cli.local_aws.server import LocalAws
    except ModuleNotFoundError as error:
        pytest.fail(f'{error.name} is missing: run `pip install "sluice-cdktf[tool,test]"`', pytrace=False)

    shared = os.environ.get(SHARED)
    if shared:
        local = LocalAws(Path(shared))
        if local.running() is None:
            pytest.fail(f"{SHARED} names {shared}, where no local AWS is running", pytrace=False)
        yield local
        return
    with started_local_aws(tmp_path_factory) as local:
        yield local


@contextmanager
def started_local_aws(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LocalAws]":
    """A local AWS like that of `local_aws`, beside it. Its log is kept in pytest's folder."""
    from sluice_cli.errors import SluiceError
    from sluice_cli.local_aws.server import LocalAws
    from sluice_cli.project import PRIVATE_FOLDER

    # Where a project's local AWS is, so that commands with `--project` find it.
    local = LocalAws(tmp_path_factory.mktemp("local-aws") / PRIVATE_FOLDER / "local")
    with stopped_at_the_end(local, tmp_path_factory):
        with quick_retries():
            try:
                local.start()
            except SluiceError as error:
                pytest.fail(str(error), pytrace=False)
        yield local


@contextmanager
def quick_retries() -> Iterator[None]:
    """A local AWS that is started meanwhile retries failed events and messages soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sluice_cli.local_aws.server.RETRY_BASE_SECONDS", "0.3")
        patch.setattr("sluice_cli.local_aws.server.QUEUE_RETRY_SECONDS", "0.3")
        yield


@contextmanager
def stopped_at_the_end(local: "LocalAws", tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stop a local AWS at the end of the context. Its log is kept in pytest's folder."""
    try:
        yield
        shutil.copy(local.folder / "local-aws.log", tmp_path_factory.mktemp("logs"))
    finally:
        local.stop()


@pytest.fixture(scope="session")
def project_folder(request: pytest.FixtureRequest) -> Path:
    """The folder of the CDKTF project: the nearest one with a `cdktf.json` at or above pytest's root folder, or at or
    above the tests, where pytest's configuration is that of a larger repository.

    Override it in conftest.py for a project elsewhere.
    """
    root = request.config.rootpath
    if _project_above(root):
        return root
    using = (item for item in request.session.items if "project_folder" in getattr(item, "fixturenames", ()))
    projects = sorted({found for item in using if (found := _project_above(item.path.parent))})
    if len(projects) > 1:
        several = ", ".join(map(str, projects))
        pytest.fail(f"these tests are of several projects, run those of one: {several}", pytrace=False)
    return projects[0] if projects else root


def _project_above(folder: Path) -> Path | None:
    return next((one for one in (folder, *folder.parents) if (one / "cdktf.json").is_file()), None)


@pytest.fixture(scope="session")
def deployed_project(local_aws: "LocalAws", project_folder: Path) -> "DeployedProject":
    """The project's stacks, deployed with Terraform on `local_aws`."""
    from sluice_cli.errors import SluiceError
    from sluice_cli.testing import DeployedProject

    try:
        return DeployedProject.on(local_aws, project_folder)
    except SluiceError as error:
        pytest.fail(f"{project_folder} could not be deployed on the local AWS: {error}", pytrace=False)
