"""One local AWS and one deployment for the whole run.

`local_aws` starts in a second. The deployment takes over a minute, nearly all of it waiting, so it begins with the run,
in the background, if any test needs it, and tests that need it come last.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from commands import deployment as commands_deployment
from commands.local_aws import LocalAws
from tests.support.deployed import Deployment, inventory, local_account
from tests.support.github_roles import DEPLOY, PRODUCTION, as_role, make_roles

# Powertools reads them when function code is imported, which may be before any fixture.
os.environ.update(POWERTOOLS_SERVICE_NAME="tests", POWERTOOLS_METRICS_NAMESPACE="tests")


def pytest_configure(config: pytest.Config) -> None:
    # A cancelled run ends like an interrupted one: what it started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Function code ignores it by itself (shared/observability.py), but pytest sets all warnings anew for each test.
    config.addinivalue_line("filterwarnings", "ignore:No application metrics to publish")


def needs(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (needs(item, "deployment"), needs(item, "destroyed")))


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS of this run's own, over TLS, with IAM enforced."""
    local = LocalAws(tmp_path_factory.mktemp("local-aws"))
    try:
        with pytest.MonkeyPatch.context() as patch:  # failed events are retried after 0.3 and 0.6 s
            patch.setattr("commands.local_aws.RETRY_BASE_SECONDS", "0.3")
            local.start()
        yield local
        shutil.copy(local.folder / "local-aws.log", tmp_path_factory.mktemp("logs"))
    finally:
        local.stop()


@pytest.fixture(scope="session", autouse=True)
def deploying(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[Deployment] | None]:
    """The deployment of all systems on its way, or None when no test of this run needs it."""
    if not any(needs(item, "deployment") for item in request.session.items):
        yield None
        return
    local = request.getfixturevalue("local_aws")
    folder = tmp_path_factory.mktemp("deployment")
    target = local_account(local, folder)

    def deploy() -> Deployment:
        # By the role for workflows, so that each run shows that it may do what it has to.
        make_roles(local, target, tmp_path_factory.mktemp("roles"))
        made = Deployment(local, target, inventory(local))
        commands_deployment.deploy([], as_role(local, target, DEPLOY, PRODUCTION, folder))
        return made

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(deploy)


@pytest.fixture(scope="session")
def deployment(deploying: Future[Deployment]) -> Deployment:
    """All systems, deployed on the local AWS; waits until they are."""
    return deploying.result()


@pytest.fixture(scope="session")
def destroyed(deployment: Deployment) -> Deployment:
    """The deployment once it is destroyed: tests that ask for it come after all others."""
    commands_deployment.destroy([], deployment.target)
    return deployment
