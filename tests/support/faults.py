"""A fault in front of a service."""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from commands.local_aws import LOOPBACK, LocalAws


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""


class Reset(Exception):
    """Raised by a fault: the connection is closed without an answer."""


Fault = Callable[[Request], Answer | None]


class Proxy:
    """Stands between a client and the local AWS. Set it as `AWS_ENDPOINT_URL_SNS` and the like: signatures stay valid,
    IAM stays enforced.

    `fault` sees every request first and may answer it, block, or raise `Reset`; None passes it on. `requests` are all
    that arrived.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.fault: Fault = lambda request: None


@contextmanager
def proxy(local: LocalAws) -> Iterator[Proxy]:
    running = local.running()
    assert running is not None
    behind = urlsplit(running.url)
    context = ssl.create_default_context(cafile=running.ca_bundle)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers.items()), body)
            made.requests.append(request)
            self.close_connection = True
            try:
                answer = made.fault(request)
            except Reset:
                return
            if answer is not None:
                self._answer(answer.status, {"Content-Length": str(len(answer.body))}, answer.body)
                return
            connection = http.client.HTTPSConnection(behind.hostname or "", behind.port, context=context, timeout=30)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():  # the host too: it is signed
                connection.putheader(name, value)
            connection.endheaders(body)
            passed = connection.getresponse()
            content = passed.read()
            headers = {name: value for name, value in passed.getheaders() if name.lower() not in HOP_BY_HOP}
            if self.command != "HEAD":
                headers["Content-Length"] = str(len(content))
            self._answer(passed.status, headers, content)
            connection.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            try:
                self.send_response(status)
                for name, value in {**headers, "Connection": "close"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client did not wait for the answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    made = Proxy(f"http://{LOOPBACK}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


def refusing(status: int = 500, *, times: int | None = None) -> Fault:
    """Answer with an error, the first `times` requests only if given."""
    left = threading.Semaphore(times) if times is not None else None

    def fault(request: Request) -> Answer | None:
        del request
        return Answer(status) if left is None or left.acquire(blocking=False) else None

    return fault
