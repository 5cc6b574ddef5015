"""Which requests the console takes: raw ones, as programs and web pages of others could send them."""

import importlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sluice_cli.console.console import Console
from sluice_cli.console.guard import POLICY
from sluice_cli.console.routes import ROUTES
from sluice_cli.console.server import DRAINED, Server, as_json
from sluice_cli.errors import InputError
from sluice_cli.project import FILE, Project
from sluice_cli.target import local_aws_of


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A console that only reads, of a project whose local AWS does not run."""
    yield from _served(tmp_path_factory.mktemp("project"), writes=False)


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same with writing allowed."""
    yield from _served(tmp_path_factory.mktemp("project"), writes=True)


def _served(folder: Path, *, writes: bool) -> Iterator[Server]:
    (folder / FILE).write_text(json.dumps({"language": "any", "app": "true"}))
    project = Project.read(folder)
    with Server(Console(project, local_aws_of(project), writes=writes)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(
    server: Server, line: str, *headers: str, body: bytes = b"", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as it is given. Gives the status, the headers in lower case, and the body."""
    named = f"127.0.0.1:{server.server_port}" if host is None else host
    lines = [f"{line} HTTP/1.1", *([f"Host: {named}"] if named else []), *headers, f"Content-Length: {len(body)}"]
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, content = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {one.partition(":")[0].lower(): one.partition(": ")[2] for one in rest}, content


OWN = "X-Sluice-Console: 1"
JSON = "Content-Type: application/json"


def cookie_of(server: Server) -> str:
    body = json.dumps({"token": server.guard.token}).encode()
    status, headers, _ = ask(server, "POST /api/session", OWN, JSON, body=body)
    assert status == 200
    return f"Cookie: {headers['set-cookie'].partition(';')[0]}"


def test_the_page_needs_no_token_and_comes_with_a_policy_without_inline_code(server: Server) -> None:
    status, headers, body = ask(server, "GET /")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-security-policy"] == POLICY
    assert "'unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert {name: headers[name] for name in ("x-content-type-options", "x-frame-options", "referrer-policy")} == {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
    }
    assert server.guard.token.encode() not in body


def test_only_files_of_the_page_are_served(server: Server) -> None:
    paths = [
        "/../console.py",
        "/%2e%2e/server.py",
        "/page/index.html",
        "//etc/passwd",
        "/etc/passwd",
        "/.",
        "/..%2fserver.py",
    ]
    assert {path: ask(server, f"GET {path}")[0] for path in paths} == dict.fromkeys(paths, 404)
    assert ask(server, "POST /", OWN)[0] == 405


def test_the_token_opens_a_session_whose_cookie_no_script_reads_and_no_other_site_sends(server: Server) -> None:
    body = json.dumps({"token": server.guard.token}).encode()
    status, headers, content = ask(server, "POST /api/session", OWN, JSON, body=body)
    name, _, attributes = headers["set-cookie"].partition("; ")
    assert (status, json.loads(content)["writes"]) == (200, False)
    assert attributes == "HttpOnly; SameSite=Strict; Path=/"
    assert name.startswith(f"sluice-console-{server.server_port}=")
    assert server.guard.token not in name
    assert ask(server, "GET /api/session", f"Cookie: {name}")[0] == 200


def test_cookies_of_other_servers_of_this_machine_do_not_matter(server: Server) -> None:
    own = cookie_of(server).removeprefix("Cookie: ")
    name = own.partition("=")[0]
    for others in ('a={"x": [1]}; b', "=; ;;é=ü", f"{name}=old", 'c="', "d=\x01"):
        assert ask(server, "GET /api/session", f"Cookie: {others}; {own}")[0] == 200


@pytest.mark.parametrize("body", [b'{"token": ""}', b'{"token": "x"}', b'{"token": null}', b'{"token": ["x"]}', b"{}"])
def test_a_wrong_token_opens_nothing(server: Server, body: bytes) -> None:
    status, headers, _ = ask(server, "POST /api/session", OWN, JSON, body=body)
    assert (status, "set-cookie" in headers) == (401, False)


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff", b"[" * 100_000, b"nul"])
def test_a_body_that_is_no_json_object_is_refused_in_words(server: Server, body: bytes) -> None:
    status, _, content = ask(server, "POST /api/session", OWN, JSON, body=body)
    assert (status, json.loads(content)["error"].startswith("the body ")) == (400, True)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "Cookie: sluice-console=x",
        "Cookie: {name}=",
        "Cookie: {name}={token}",
        "Cookie: ;=;,\x01",
        "Cookie: {name}=é",
    ],
)
def test_every_answer_about_aws_needs_the_session(server: Server, cookie: str) -> None:
    name = f"sluice-console-{server.server_port}"
    header = cookie.format(name=name, token=server.guard.token)
    for method, path in ROUTES:
        status, headers, _ = ask(server, f"{method} {path}", OWN, *([header] if header else []))
        assert (path, status, "set-cookie" in headers) == (path, 401, False)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "127.0.0.1",
        "127.0.0.1:1",
        "evil.example:{port}",
        "127.0.0.1.nip.io:{port}",
        "localhost.:{port}",
    ],
)
def test_another_host_is_refused_so_that_no_name_can_be_rebound(server: Server, host: str) -> None:
    cookie = cookie_of(server)
    named = host.format(port=server.server_port)
    assert [ask(server, line, cookie, host=named)[0] for line in ("GET /", "GET /api/session")] == [403, 403]


def test_localhost_is_the_same_server(server: Server) -> None:
    assert ask(server, "GET /", host=f"LOCALHOST:{server.server_port}")[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        "Origin: http://example.com",
        "Origin: null",
        "Origin: https://127.0.0.1:{port}",
        "Origin: http://127.0.0.1:1",
        "Origin: http://localhost:{port}",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_requests_of_other_origins_and_sites_are_refused(writing: Server, header: str) -> None:
    cookie, named = cookie_of(writing), header.format(port=writing.server_port)
    lines = ("GET /api/session", "GET /api/stream", "POST /api/message", "PUT /api/object", "POST /api/session")
    for line in lines:
        status, headers, _ = ask(writing, line, cookie, OWN, JSON, named, body=b"{}")
        assert (line, status) == (line, 403)
        assert not [name for name in headers if name.startswith("access-control")]


def test_a_change_needs_the_header_that_no_form_sends(writing: Server) -> None:
    cookie = cookie_of(writing)
    form = "Content-Type: application/x-www-form-urlencoded"
    assert ask(writing, "POST /api/message", cookie, form, body=b"node=x")[0] == 403
    assert ask(writing, "POST /api/message", cookie, OWN, form, body=b"node=x")[0] == 415
    # No preflight is answered, so that no page of another origin can send the header.
    assert ask(writing, "OPTIONS /api/message", "Access-Control-Request-Method: POST")[0] == 401


def test_a_console_that_only_reads_changes_nothing(server: Server) -> None:
    cookie = cookie_of(server)
    changing = [(method, path) for method, path in ROUTES if method != "GET"]
    assert len(changing) == 9
    for method, path in changing:
        status, _, content = ask(server, f"{method} {path}", cookie, OWN, JSON, body=b"{}")
        assert (path, status) == (path, 403)
        assert "--allow-writes" in json.loads(content)["error"]


def test_without_a_local_aws_each_answer_says_so(server: Server) -> None:
    cookie = cookie_of(server)
    for path in ("/api/stacks", "/api/objects?node=a/b", "/api/rows?node=a/b", "/api/sent?node=a/b"):
        status, _, content = ask(server, f"GET {path}", cookie)
        assert (path, status, json.loads(content)) == (
            path,
            503,
            {"error": "the local AWS is not running: run `sluice up`", "aws": "stopped"},
        )


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /api/nothing", 404),
        ("DELETE /api/object", 405),
        ("PATCH /api/session", 405),
        ("GET /api/node", 400),
        ("GET /api/happenings?limit=0", 400),
        ("GET /api/happenings?limit=-1", 400),
        ("GET /api/happenings?limit=x", 400),
        ("GET /api/happenings?limit=%D9%A1", 400),
        ("GET /api/happenings?before=99999999999999999999", 200),
        ("GET /api/happenings?" + "a=b&" * 60, 400),
        ("GET /api/trace?id=x", 400),
        ("GET /api/follow", 400),
        ("GET http://[", 400),
    ],
)
def test_wrong_requests_are_answered_in_words(writing: Server, line: str, status: int) -> None:
    found, _, content = ask(writing, line, cookie_of(writing), OWN)
    assert found == status
    assert status == 200 or json.loads(content)["error"]


def test_a_body_of_unknown_length_is_refused(writing: Server) -> None:
    with socket.create_connection(("127.0.0.1", writing.server_port), timeout=60) as connection:
        host = f"127.0.0.1:{writing.server_port}"
        head = f"PUT /api/object?node=a&key=b HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"5\r\nhello\r\n0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 411 ")


def test_a_refused_body_is_never_taken_for_the_next_request(server: Server) -> None:
    host = f"Host: 127.0.0.1:{server.server_port}\r\n"
    # As long as what is read of it, and three requests more.
    hidden = f"GET / HTTP/1.1\r\n{host}X: ".encode().ljust(124, b"x") + b"\r\n\r\n"
    hidden *= DRAINED // len(hidden) + 3
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        head = f"PUT /api/object HTTP/1.1\r\n{host}{OWN}\r\nContent-Length: {len(hidden)}\r\n\r\n"
        answer = b""
        with suppress(ConnectionError):  # the server does not read to the end
            connection.sendall(head.encode() + hidden)
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                answer += part
    assert answer.count(b"HTTP/1.1 ") <= 1


def test_a_port_that_is_taken_is_refused_in_words(server: Server) -> None:
    with pytest.raises(InputError, match=r"--port: \d+ cannot be used \(Address already in use\); .* leave out --port"):
        Server(server.console, server.server_port)
    with pytest.raises(InputError, match="--port: 70000 cannot be used"):
        Server(server.console, 70_000)


def test_two_consoles_do_not_share_a_session(server: Server, writing: Server) -> None:
    assert ask(writing, "GET /api/session", cookie_of(server))[0] == 401
    assert server.server_port != writing.server_port


def test_the_console_listens_on_the_loopback_address_only(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_every_route_leads_to_a_function() -> None:
    for (method, path), place in ROUTES.items():
        module, _, name = place.partition(":")
        found = getattr(importlib.import_module(f"sluice_cli.console.{module}"), name)
        assert (method, path, callable(found)) == (method, path, True)


def test_numbers_that_json_does_not_have_are_given_as_texts() -> None:
    assert json.loads(as_json({"a": [float("nan"), float("-inf"), 1.5]})) == {"a": ["NaN", "-Infinity", 1.5]}
