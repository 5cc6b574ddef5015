"""Clients of the console that send no proper requests, or none at all: the page stays reachable for its user."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from sluice_cli.console.console import Console
from sluice_cli.console.guard import POLICY
from sluice_cli.console.server import MOST_CONNECTIONS, Server
from sluice_cli.project import FILE, Project
from sluice_cli.target import local_aws_of


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("project")
    (folder / FILE).write_text(json.dumps({"language": "any", "app": "true"}))
    project = Project.read(folder)
    with Server(Console(project, local_aws_of(project))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        yield connection


def answer_to(server: Server, *lines: str) -> tuple[str, dict[str, str], bytes]:
    """The status line, the headers in lower case, and the body of the answer to these lines."""
    with connected(server) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return first, {one.partition(":")[0].lower(): one.partition(": ")[2] for one in rest}, body


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["<script>alert(1)</script>"], 400),
        (["GET / HTTP/9.9"], 505),
        (["GET / HTTP/x"], 400),
        (["TRACE / HTTP/1.1", "Host: {host}"], 501),
        (["<b> / HTTP/1.1", "Host: {host}"], 501),
        (["GET /" + "a" * 70_000 + " HTTP/1.1"], 414),
        (["GET / HTTP/1.1", "X: " + "a" * 70_000], 431),
        (["GET / HTTP/1.1", *["X: a"] * 200], 431),
        (["GET / HTTP/1.1", "Host: {host}", "Host: evil.example"], 400),
        (["GET / HTTP/1.1", "Host: {host}", "Origin: http://{host}", "Origin: http://evil.example"], 400),
        (["GET / HTTP/1.1", "Host: {host}", "Content-Length: 0", "Content-Length: 5"], 400),
        (["GET http://evil.example/ HTTP/1.1", "Host: {host}"], 400),
        (["GET evil HTTP/1.1", "Host: {host}"], 400),
        (["GET * HTTP/1.1", "Host: {host}"], 400),
        (["GET / HTTP/1.1", "Host: {host}", "Content-Length: -1"], 411),
        (["GET / HTTP/1.0"], 403),
        (["GET /"], 403),
        (["GET /api/stream HTTP/1.1", "Host: {host}", "Upgrade: websocket", "Connection: Upgrade"], 401),
    ],
    ids=lambda value: str(value[0])[:30] if isinstance(value, list) else str(value),
)
def test_what_is_no_proper_request_is_answered_as_safely_as_others(
    server: Server, lines: list[str], status: int
) -> None:
    host = f"127.0.0.1:{server.server_port}"
    first, headers, body = answer_to(server, *(line.replace("{host}", host) for line in lines))
    assert first.split()[1] == str(status)
    assert headers["content-type"] == "application/json"
    assert (headers["content-security-policy"], headers["x-content-type-options"]) == (POLICY, "nosniff")
    assert json.loads(body)["error"]


def test_a_range_is_answered_by_the_whole_and_head_by_nothing(server: Server) -> None:
    host = f"Host: 127.0.0.1:{server.server_port}"
    first, headers, body = answer_to(server, "GET /main.js HTTP/1.1", host, "Range: bytes=0-9", "Connection: close")
    assert (first.split()[1], "content-range" in headers) == ("200", False)
    assert int(headers["content-length"]) == len(body) > 10
    first, headers, body = answer_to(server, "HEAD /main.js HTTP/1.1", host, "Connection: close")
    assert (first.split()[1], headers["content-length"] != "0", body) == ("200", True, b"")


def test_browsers_keep_the_files_of_the_page_and_nothing_else(server: Server) -> None:
    host = f"Host: 127.0.0.1:{server.server_port}"

    def answered(path: str) -> tuple[str, str, bytes]:
        first, headers, body = answer_to(server, f"GET {path} HTTP/1.1", host, "Connection: close")
        return first.split()[1], headers["cache-control"], body

    status, kept, page = answered("/")
    assert (status, kept) == ("200", "no-store")
    files = re.findall(r'(?:href|src)="(/[^"]+)"', page.decode())
    assert {one.rpartition("/")[2] for one in files} >= {"main.js", "shared.css", "console.css", "support.js"}
    for file in files:
        name = file.rpartition("/")[2]
        status, kept, body = answered(file)
        assert (status, kept) == ("200", "max-age=86400, immutable")
        assert answered(f"/{name}") == ("200", "no-store", body)
        assert answered(f"/of-an-earlier-server/{name}")[:2] == ("404", "no-store")
    assert answered("/api/session")[:2] == ("401", "no-store")


def test_clients_that_send_nothing_do_not_keep_the_page_out(server: Server) -> None:
    body = json.dumps({"token": server.guard.token})
    named = {"X-Sluice-Console": "1", "Content-Type": "application/json"}
    page = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    page.request("POST", "/api/session", body, named)
    cookie = page.getresponse().headers["Set-Cookie"].partition(";")[0]

    def session() -> int:
        page.request("GET", "/api/session", headers={"Cookie": cookie})
        answer = page.getresponse()
        answer.read()
        return answer.status

    page.close()
    assert session() == 200
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS + 20):
            connection = stack.enter_context(connected(server))
            connection.sendall(b"GET / HT")
        assert session() == 200  # over the connection that it had before
        page.close()
        assert session() == 200  # over a new one
        newest = stack.enter_context(connected(server))
        newest.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n\r\n".encode())
        assert newest.recv(100).startswith(b"HTTP/1.1 200 ")
    page.close()
