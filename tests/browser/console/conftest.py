"""One console of the deployment of all systems for all tests of the page."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from sluice_cli.console.server import Server
from tests.support.commands import project_of
from tests.support.console_page import ConsolePage, serving
from tests.support.deployed import Deployment
from tests.support.waiting import eventually


@pytest.fixture(scope="session")
def console(deployment: Deployment) -> Iterator[Server]:
    with serving(project_of(deployment.local), deployment.local) as server:
        yield server


@pytest.fixture(scope="session")
def page(console: Server, browser: Chrome, deployment: Deployment) -> ConsolePage:
    """The page of a console that has something to show."""
    made = ConsolePage(browser, console)
    bucket = deployment.outputs("file-metadata")["BucketName"]
    deployment.local.client("s3").put_object(Bucket=bucket, Key="console.txt", Body=b"first")
    eventually(lambda: made.get("/api/happenings", kind="row.written")["happenings"])
    return made
