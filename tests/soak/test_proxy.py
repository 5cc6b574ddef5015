"""The proxy closes what it has opened to the local AWS."""

import http.client
import socket
import threading
from pathlib import Path
from typing import Any

import botocore
import pytest

from checks.soak.proxy import ProxiedRequest, proxy
from sluice_cli.local_aws.server import LocalAws, Running


def test_a_connection_whose_answer_breaks_off_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[http.client.HTTPConnection] = []

    def plain(host: str, port: int, *, context: Any, timeout: float) -> http.client.HTTPConnection:
        opened.append(http.client.HTTPConnection(host, port, timeout=timeout))
        return opened[-1]

    with socket.create_server(("127.0.0.1", 0)) as breaking:

        def answer() -> None:
            accepted, _ = breaking.accept()
            with accepted:
                accepted.recv(65536)
                accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{breaking.getsockname()[1]}"
        ca_bundle = str(Path(botocore.__file__).parent / "cacert.pem")
        running = Running(1, url, ca_bundle, "key", "secret")
        monkeypatch.setattr(LocalAws, "running", lambda local: running)
        with proxy(LocalAws(tmp_path)) as between:
            monkeypatch.setattr("checks.soak.proxy.http.client.HTTPSConnection", plain)
            with pytest.raises(http.client.IncompleteRead):
                between.pass_on(ProxiedRequest("GET", "/", {"Host": "127.0.0.1"}, b"", lambda: False))
    assert [one.sock for one in opened] == [None]
