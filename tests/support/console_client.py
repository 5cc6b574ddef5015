"""A client of the console's server, which asks as its page does."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from sluice_cli.console.console import Console
from sluice_cli.console.guard import OWN_HEADER
from sluice_cli.console.server import Server
from sluice_cli.local_aws.server import LOOPBACK, LocalAws
from sluice_cli.project import Project

Document = dict[str, Any]


class ConsoleClient:
    """Has the session's cookie."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._cookie = ""
        status, headers, _ = self.raw(
            "POST", "/api/session", json.dumps({"token": server.guard.token}), {"Content-Type": "application/json"}
        )
        assert status == 200
        self._cookie = headers["set-cookie"].partition(";")[0]

    def raw(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """The status, the headers in lower case, and the body."""
        connection = http.client.HTTPConnection(LOOPBACK, self.server.server_port, timeout=120)
        sent = {OWN_HEADER: "1", **({"Cookie": self._cookie} if self._cookie else {}), **(headers or {})}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def ask(self, path: str, **query: Any) -> tuple[int, Any]:
        """The status and the JSON of an answer."""
        status, _, body = self.raw("GET", f"{path}?{urlencode(query)}")
        return status, json.loads(body)

    def get(self, path: str, **query: Any) -> Any:
        status, content = self.ask(path, **query)
        assert status == 200, content
        return content

    def send(self, path: str, /, **content: Any) -> tuple[int, Any]:
        status, _, body = self.raw("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        return status, json.loads(body)

    def post(self, path: str, /, **content: Any) -> Any:
        status, answer = self.send(path, **content)
        assert status == 200, answer
        return answer

    def upload(self, node: str, key: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        query = urlencode({"node": node, "key": key}, errors="surrogatepass")
        status, _, answer = self.raw("PUT", f"/api/object?{query}", body, headers)
        assert status == 200, answer
        return json.loads(answer)

    @contextmanager
    def stream(self, last_id: str | None = None) -> Iterator[Iterator[tuple[str, Any]]]:
        """The type and data of the live stream's messages."""
        connection = http.client.HTTPConnection(LOOPBACK, self.server.server_port, timeout=60)
        headers = {"Cookie": self._cookie, **({"Last-Event-ID": last_id} if last_id else {})}
        try:
            connection.request("GET", "/api/stream", None, headers)
            answer = connection.getresponse()
            assert answer.headers["Content-Type"] == "text/event-stream"
            yield _messages(answer)
        finally:
            connection.close()


def _messages(answer: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    type_ = ""
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            type_ = value
        elif name == "data":
            yield type_, json.loads(value)


@contextmanager
def console_of(project: Project, local: LocalAws, *, writes: bool = True) -> Iterator[ConsoleClient]:
    """A client of a console of a project, until the end of the block."""
    console = Console(project, local, writes=writes)
    with Server(console) as server:
        console.follow()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield ConsoleClient(server)
        finally:
            server.shutdown()
            console.close()
