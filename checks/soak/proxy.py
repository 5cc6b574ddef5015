"""A proxy that injects faults in front of one AWS service."""

import http.client
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LOOPBACK, LocalAws

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}
MOST_IDLE_SECONDS = 1  # of a connection that is used again; the local AWS closes those that are idle longer


@dataclass(frozen=True)
class ProxiedRequest:
    """A request that the proxy received. `gone` says whether the client no longer waits for the answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    gone: Callable[[], bool] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Answer:
    """An answer of the proxy. `headers` may have a Content-Length that `body` does not fulfil."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Reset(Exception):
    """Raised by a fault: the connection is closed without an answer."""


Fault = Callable[[ProxiedRequest], Answer | None]


class Proxy:
    """A proxy between a client and the local AWS, for use as `AWS_ENDPOINT_URL_SNS` and the like: signatures stay
    valid, IAM stays enforced.

    `fault` receives every request first. It may answer it, block, or raise `Reset`; None passes the request on.
    `requests` has all requests that arrived. `pass_on` fetches the answer of the local AWS, for faults that damage or
    drop it.
    """

    def __init__(self, url: str, pass_on: Callable[[ProxiedRequest], Answer]) -> None:
        self.url = url
        self.requests: list[ProxiedRequest] = []
        self.fault: Fault = lambda request: None
        self.pass_on = pass_on


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # connections in the backlog; further clients retry after a second


@contextmanager
def proxy(local: LocalAws, *, remember: bool = True) -> Iterator[Proxy]:
    """A proxy that runs while the context lasts. Without `remember` its `requests` stay empty,
    which suits long runs.
    """
    running = local.running()
    if running is None:
        raise LocalAwsError("the local AWS is not running: there is nothing to stand in front of")
    behind = urlsplit(running.url)
    context = ssl.create_default_context(cafile=running.ca_bundle)
    idle: queue.LifoQueue[tuple[float, http.client.HTTPSConnection]] = queue.LifoQueue()

    def connected() -> http.client.HTTPSConnection:
        while not idle.empty():
            with suppress(queue.Empty):
                since, used = idle.get_nowait()
                if time.monotonic() - since < MOST_IDLE_SECONDS:
                    return used
                used.close()
        return http.client.HTTPSConnection(behind.hostname or "", behind.port, context=context, timeout=30)

    def pass_on(request: ProxiedRequest) -> Answer:
        connection = connected()
        try:
            connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():  # the host header too: it is signed
                connection.putheader(name, value)
            connection.endheaders(request.body)
            passed = connection.getresponse()
            content = passed.read()
        except BaseException:
            connection.close()
            raise
        idle.put((time.monotonic(), connection))
        # The answer to a HEAD request has the Content-Length of a GET.
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
                pass  # the client has closed the connection

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
        while not idle.empty():
            idle.get_nowait()[1].close()


def _closed(connection: socket.socket) -> bool:
    """Whether the client has closed or reset an idle connection."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
