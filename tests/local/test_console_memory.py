"""The console's memory while large objects pass through it, and while a table with many rows is shown."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from checks import ROOT
from sluice_cli.console.guard import OWN_HEADER
from tests.support.commands import project_of
from tests.support.deployed import Deployment

SIZE = 96 * 1024 * 1024  # of 1 GB, in the same parts of 16 MB
MOST = 80 * 1024 * 1024  # more than before, at any time
PART = 1024 * 1024


class Client:
    """Talks to a console that runs in a process of its own."""

    def __init__(self, address: str, process: int) -> None:
        self.port = urlsplit(address).port
        self.process = process
        self.cookie = ""
        body = json.dumps({"token": address.partition("#token=")[2]})
        answer = self.ask("POST", "/api/session", body, {"Content-Type": "application/json"})
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        answer.read()

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, {OWN_HEADER: "1", "Cookie": self.cookie, **(headers or {})})  # type: ignore[arg-type]
        return connection.getresponse()

    def most_memory(self) -> int:
        """The most bytes that the process had so far."""
        for line in Path(f"/proc/{self.process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the kernel does not tell")


@contextmanager
def console(folder: Path) -> Iterator[Client]:
    command = [
        sys.executable,
        "-m",
        "sluice_cli",
        "console",
        "--no-browser",
        "--allow-writes",
        "--project",
        str(folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            yield Client(process.stdout.readline().removeprefix("Console: ").strip(), process.pid)
        finally:
            process.terminate()


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="peak memory is read from /proc, which only Linux has"
)
def test_a_large_object_goes_up_and_down_in_parts(deployment: Deployment) -> None:
    with console(project_of(deployment.local).folder) as client:
        stacks = json.loads(client.ask("GET", "/api/stacks").read())["stacks"]
        (bucket,) = (
            node
            for stack in stacks
            for node in stack["nodes"]
            if stack["name"] == "sensor-pipeline" and node["kind"] == "aws_s3_bucket"
        )
        place = urlencode({"node": bucket["id"], "key": "in/large.bin"})  # for which no notification is
        client.ask("PUT", f"/api/object?{place}", b"small").read()
        before = client.most_memory()
        sent = (bytes(PART) for _ in range(SIZE // PART))
        made = json.loads(client.ask("PUT", f"/api/object?{place}", sent, {"Content-Length": str(SIZE)}).read())
        assert made["size"] == SIZE
        preview = json.loads(client.ask("GET", f"/api/object?{place}").read())
        assert (preview["preview"], preview["size"]) == ("none", SIZE)
        answer = client.ask("GET", f"/api/object/content?{place}")
        read = 0
        while part := answer.read(PART):
            read += len(part)
        assert read == SIZE
        assert client.most_memory() - before < MOST
    s3 = deployment.local.client("s3")
    for version in s3.list_object_versions(Bucket=bucket["name"], Prefix="in/large.bin")["Versions"]:
        s3.delete_object(Bucket=bucket["name"], Key="in/large.bin", VersionId=version["VersionId"])
