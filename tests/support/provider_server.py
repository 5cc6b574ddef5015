"""Stands between Terraform and its AWS provider for one run of the tests, and gives Terraform the provider's schemas.

    python -m tests.support.provider_server FOLDER-OWNER

Started by the script that Terraform starts as the provider (tests/support/provider_mirror.py), in the local AWS's
Python, which has `h2`. It goes to the background and ends with the process that owns the folder. For each provider that
a Terraform process starts it names a socket of its own in go-plugin's handshake line:

- The first is for schemas. Terraform spends most of a second of processor time on those of all 1,500 resource types. It
  is given those of the types that the repository names, unless it prints schemas; of large ones, and of types that only
  the test of a moment names, where Terraform's folder names them.
- The others are connected to a provider (tests/support/provider_pool.py).

https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, RequestReceived, StreamEnded, TrailersReceived

from tests.support.provider_pool import Pool
from tests.support.provider_schemas import ROOT, named_types, of_types

# By the version of Terraform's plugin protocol.
GET_SCHEMA = {"5": "/tfplugin5.Provider/GetSchema", "6": "/tfplugin6.Provider/GetProviderSchema"}
SHUTDOWN = "/plugin.GRPCController/Shutdown"
EMPTY = b"\0\0\0\0\0"  # a message of no bytes, with gRPC's prefix
# In the folder.
ADDRESS, LOCK, LOG = "address", "lock", "log"
AT_ONCE = 1 << 20
SECONDS_TO_CONNECT = 60


class Connection:
    """HTTP/2 on a socket."""

    def __init__(self, on: socket.socket, *, client: bool) -> None:
        self.h2 = H2Connection(H2Configuration(client_side=client, header_encoding="utf-8"))
        self._socket = on
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self._socket.sendall(self.h2.data_to_send())

    def events(self) -> Iterator[Event]:
        """What comes, until the other side is gone."""
        while data := self._socket.recv(AT_ONCE):
            for event in self.h2.receive_data(data):
                if isinstance(event, DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                yield event
                if isinstance(event, ConnectionTerminated):
                    return
            self.flush()


@contextmanager
def schemas(provider: str, environment: Mapping[str, str], kept: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The provider's version of the protocol, and what gives its answer with gRPC's prefix. The provider is asked once
    Terraform waits for the answer, which may take long, unlike the start of a provider.
    """
    if kept.is_file():
        protocol, _, answer = kept.read_bytes().partition(b"\n")
        yield protocol.decode(), lambda: answer
        return
    with subprocess.Popen(
        [provider], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        address = ""
        try:
            assert process.stdout is not None
            _, own, network, address, *_ = process.stdout.readline().decode().strip().split("|")
            if network != "unix":
                raise OSError(f"{provider} listens on {network} {address}")
            yield own, lambda: _asked(own, address, kept)
        finally:
            process.kill()
            if address:  # which it has no time to remove
                Path(address).unlink(missing_ok=True)


def _asked(protocol: str, address: str, kept: Path) -> bytes:
    """The provider's answer, which is kept."""
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(address)
        answer = _unary(Connection(connected, client=True), GET_SCHEMA[protocol])
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as draft:
        draft.write(protocol.encode() + b"\n" + answer)
    Path(draft.name).replace(kept)
    return answer


def _unary(connection: Connection, path: str) -> bytes:
    """The answer to a request without parameters."""
    headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost"}
    connection.h2.send_headers(1, [*headers.items(), ("content-type", "application/grpc"), ("te", "trailers")])
    connection.h2.send_data(1, EMPTY, end_stream=True)
    connection.flush()
    received, status = bytearray(), None
    for event in connection.events():
        if isinstance(event, DataReceived):
            received += event.data
        elif isinstance(event, TrailersReceived):
            status = dict(event.headers).get("grpc-status")
        elif isinstance(event, StreamEnded):
            break
    if status != "0" or len(received) != 5 + struct.unpack(">I", received[1:5])[0]:
        raise OSError(f"{path} was answered with status {status} and {len(received)} bytes")
    return bytes(received)


def serve(connection: Connection, get_schema: str, schema: Callable[[], bytes]) -> None:
    """Answer until the other side asks to end, or is gone."""
    answers: dict[str, Callable[[], bytes]] = {get_schema: schema, SHUTDOWN: lambda: EMPTY}
    pending: dict[int, memoryview] = {}
    last: int | None = None
    for event in connection.events():
        if isinstance(event, RequestReceived):
            path, stream = dict(event.headers)[":path"], event.stream_id
            if path in answers:
                connection.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
                pending[stream] = memoryview(answers[path]())
                last = stream if path == SHUTDOWN else last
            elif path.startswith("/tfplugin"):
                says = f"{path}: this process gives schemas alone (tests/support/provider_mirror.py)"
                headers = {":status": "200", "content-type": "application/grpc", "grpc-status": "12"}
                connection.h2.send_headers(stream, [*headers.items(), ("grpc-message", says)], end_stream=True)
            # go-plugin's own streams stay open.
        for stream in list(pending):
            pending[stream] = _send(connection, stream, pending[stream])
            if not pending[stream]:
                del pending[stream]
                connection.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
                connection.flush()
                if stream == last:
                    return


def _send(connection: Connection, stream: int, rest: memoryview) -> memoryview:
    """Send as much as the other side takes now. Returns the rest."""
    h2 = connection.h2
    while rest and (size := min(h2.local_flow_control_window(stream), h2.max_outbound_frame_size, len(rest))) > 0:
        h2.send_data(stream, bytes(rest[:size]))
        rest = rest[size:]
    connection.flush()
    return rest


class Server:
    """Answers the scripts that Terraform starts."""

    def __init__(self, sockets: Path) -> None:
        self._sockets = sockets
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str]] = set()
        self.pool = Pool()

    def answer(self, script: socket.socket, token: str) -> None:
        """Give a script the handshake line, and close its connection when its provider may end."""
        with script, script.makefile() as lines, tempfile.TemporaryDirectory(dir=self._sockets) as folder:
            given, process, terraform, provider, kept = (lines.readline().rstrip("\n") for _ in range(5))
            if given != token:
                return
            variables = Path("/proc", process, "environ").read_text().split("\0")
            environment = dict(one.split("=", 1) for one in variables if "=" in one)
            cwd = (Path("/proc") / process / "cwd").readlink()
            address = f"{folder}/socket"
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(address)
                listening.listen()
                listening.settimeout(SECONDS_TO_CONNECT)

                def connected(protocol: str) -> socket.socket:
                    script.sendall(f"1|{protocol}|unix|{address}|grpc\n".encode())
                    return listening.accept()[0]

                if self._is_first(terraform):
                    with schemas(provider, environment, Path(kept)) as (protocol, whole), connected(protocol) as one:
                        schema = _schema(whole, terraform, cwd)
                        serve(Connection(one, client=False), GET_SCHEMA[protocol], schema)
                else:
                    self.pool.serve(provider, environment, cwd, connected)

    def _is_first(self, terraform: str) -> bool:
        """Whether a Terraform process starts a provider for the first time. Its start tells it from others with its
        number."""
        status = Path("/proc", terraform, "stat").read_text().rpartition(") ")[2].split()
        with self._lock:
            known = len(self._seen)
            self._seen.add((terraform, status[19]))
            return len(self._seen) > known


def _schema(whole: Callable[[], bytes], terraform: str, folder: Path) -> Callable[[], bytes]:
    """What a Terraform process, which runs in the folder, is given."""
    if b"schema" in Path("/proc", terraform, "cmdline").read_bytes().split(b"\0"):
        return whole
    if not (ROOT / ".git").exists():  # git would speak of a folder around this one
        return whole
    try:
        names = named_types()
    except (OSError, subprocess.CalledProcessError):  # without git Terraform is given all types
        return whole
    written = b"".join(path.read_bytes() for path in folder.glob("*.tf*") if path.is_file())
    return lambda: of_types(whole(), names, written)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_CREAT | os.O_WRONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # another script was first
        end = time.monotonic() + SECONDS_TO_CONNECT
        while not (folder / ADDRESS).exists() and time.monotonic() < end:
            time.sleep(0.05)
        return
    owner = os.pidfd_open(int(folder.name.rpartition("-")[2]))
    token = os.urandom(16).hex()
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        draft = folder / f"{ADDRESS}-draft"
        draft.touch(mode=0o600)
        draft.write_text(f"{listening.getsockname()[1]} {token}\n")
        draft.replace(folder / ADDRESS)
        if os.fork():
            os._exit(0)
        os.setsid()
        with Path(os.devnull).open("r+") as nothing, (folder / LOG).open("a") as log:
            for number, file in enumerate((nothing, log, log)):
                os.dup2(file.fileno(), number)
        _serve_until_end(listening, owner, token)


def _serve_until_end(listening: socket.socket, owner: int, token: str) -> None:
    with tempfile.TemporaryDirectory() as sockets:
        server = Server(Path(sockets))
        try:
            while owner not in (ready := select.select([listening.fileno(), owner], [], [], 10)[0]):
                if ready:
                    script, _ = listening.accept()
                    threading.Thread(target=server.answer, args=(script, token), daemon=True).start()
                server.pool.end_idle()
        finally:
            server.pool.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
