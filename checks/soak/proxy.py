"""A fault in front of a service."""

import http.client
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LOOPBACK, LocalAws

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass(frozen=True)
class ProxiedRequest:
    """`gone` says whether the client does not wait for the answer any more: it gave up, or was killed."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    gone: Callable[[], bool] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Answer:
    """`headers` may hold a Content-Length that `body` does not keep."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Reset(Exception):
    """Raised by a fault: the connection is closed without an answer."""


Fault = Callable[[ProxiedRequest], Answer | None]


class Proxy:
    """Stands between a client and the local AWS. Set it as `AWS_ENDPOINT_URL_SNS` and the like: signatures stay valid,
    IAM stays enforced.

    `fault` sees every request first and may answer it, block, or raise `Reset`; None passes it on. `requests` are all
    that arrived. `pass_on` gives the answer of the local AWS, for a fault that spoils or loses it.
    """

    def __init__(self, url: str, pass_on: Callable[[ProxiedRequest], Answer]) -> None:
        self.url = url
        self.requests: list[ProxiedRequest] = []
        self.fault: Fault = lambda request: None
        self.pass_on = pass_on


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # connections that wait to be accepted; more wait a second for their next try


@contextmanager
def proxy(local: LocalAws, *, remember: bool = True) -> Iterator[Proxy]:
    """A proxy for as long as the context lasts. Without `remember` its `requests` stay empty, for long runs."""
    running = local.running()
    if running is None:
        raise LocalAwsError("the local AWS is not running: there is nothing to stand in front of")
    behind = urlsplit(running.url)
    context = ssl.create_default_context(cafile=running.ca_bundle)

    def pass_on(request: ProxiedRequest) -> Answer:
        connection = http.client.HTTPSConnection(behind.hostname or "", behind.port, context=context, timeout=30)
        connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():  # the host too: it is signed
            connection.putheader(name, value)
        connection.endheaders(request.body)
        passed = connection.getresponse()
        content = passed.read()
        connection.close()
        # A HEAD's Content-Length is of what a GET would give.
        dropped = HOP_BY_HOP if request.method == "HEAD" else {*HOP_BY_HOP, "content-length"}
        headers = {name: value for name, value in passed.getheaders() if name.lower() not in dropped}
        return Answer(passed.status, content, headers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = ProxiedRequest(
                self.command, self.path, dict(self.headers.items()), body, lambda: _closed(self.connection)
            )
            if remember:
                made.requests.append(request)
            self.close_connection = True
            try:
                answer = made.fault(request)
            except Reset:
                return
            self._answer(answer or pass_on(request))

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

        def _answer(self, answer: Answer) -> None:
            length = {} if self.command == "HEAD" else {"Content-Length": str(len(answer.body))}
            try:
                self.send_response(answer.status)
                for name, value in {**length, **answer.headers, "Connection": "close"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # the client did not wait for the answer

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server((LOOPBACK, 0), Handler)
    made = Proxy(f"http://{LOOPBACK}:{server.server_port}", pass_on)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _closed(connection: socket.socket) -> bool:
    """Whether the other end has closed, or broken off, a connection on which it has nothing more to say."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
