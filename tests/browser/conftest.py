"""One browser for all tests of pages on the deployment, and the server of the web applications among them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver import Chrome

from sluice_cli.local_aws.server import LOOPBACK
from tests.support.browser import chromium


@pytest.fixture(scope="session")
def pages() -> Iterator[ThreadingHTTPServer]:
    """What answers at the origins, whatever host name it is asked by: a file's tests set how."""
    with ThreadingHTTPServer((LOOPBACK, 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="session")
def browser(pages: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    # All names of origins lead to the same server, so that nothing but the origin differs.
    origins = f"MAP *.example.com {LOOPBACK}:{pages.server_port}"
    with chromium(
        tmp_path_factory.mktemp("browser") / "profile",
        "--no-proxy-server",
        # Pages have to do without any other host.
        f"--host-resolver-rules={origins}, MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}",
        accept_insecure_certs=True,  # the local AWS's certificate is of an authority of its own
    ) as made:
        made.set_script_timeout(60)
        yield made
