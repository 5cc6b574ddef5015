"""Answers Terraform's request for the schemas of a provider with the provider's own answer, kept from the first time.

    python schema_server.py PROVIDER KEPT

Run by the local AWS's Python, which has `h2`, in place of the provider that Terraform starts for its schemas
(tests/support/provider_mirror.py). It speaks as much of go-plugin's protocol as that needs: a handshake line on
standard output, gRPC on a socket, and the request to end.

Terraform spends most of a second of processor time on the schemas of all 1,500 resource types. It is given those of the
types that the repository names, unless it prints schemas; of large ones, and of types that only the test of a moment
names, where Terraform's folder names them.

https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md
"""

import itertools
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, RequestReceived, StreamEnded, TrailersReceived
from h2.exceptions import ProtocolError

# By the version of Terraform's plugin protocol.
GET_SCHEMA = {"5": "/tfplugin5.Provider/GetSchema", "6": "/tfplugin6.Provider/GetProviderSchema"}
SHUTDOWN = "/plugin.GRPCController/Shutdown"
EMPTY = b"\0\0\0\0\0"  # a message of no bytes, with gRPC's prefix
# The tags of the schemas of resource types and of data sources in the answer, in both versions.
MAPS_BY_TYPE = (0x12, 0x1A)
LARGE = 100_000  # bytes
# The file that `named_types` keeps, as tests/support/provider_mirror.py names it.
NAMED_TYPES = "PYTEST_NAMED_TYPES"
ROOT = Path(__file__).parent.parent.parent
WORD = re.compile(rb"\b(?:data_)?(?:aws_)?([a-z][a-z0-9_]*)")
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
def schemas(provider: str, kept: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The provider's version of the protocol, and what gives its answer with gRPC's prefix. The provider is asked once
    Terraform waits for the answer, which may take long, unlike the start of a provider.
    """
    if kept.is_file():
        protocol, _, answer = kept.read_bytes().partition(b"\n")
        yield protocol.decode(), lambda: answer
        return
    with subprocess.Popen(
        [provider], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            _, own, network, address, *_ = process.stdout.readline().decode().strip().split("|")
            if network != "unix":
                raise OSError(f"{provider} listens on {network} {address}")
            yield own, lambda: _asked(own, address, kept)
        finally:
            process.kill()


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


def named_types(file: Path) -> set[bytes]:
    """All types that a file of the repository may mean: `aws_sqs_queue` also where it says
    `cdktf_cdktf_provider_aws.sqs_queue`. Looked for once, and kept in the file.
    """
    if not file.is_file():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        found: set[bytes] = set()
        for name in listed.split(b"\0"):
            with suppress(OSError):  # removed, or a folder
                found.update(WORD.findall(Path(ROOT, os.fsdecode(name)).read_bytes()))
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
            draft.write(b"\n".join(b"aws_" + word for word in sorted(found)))
        Path(draft.name).replace(file)
    return set(file.read_bytes().split())


def of_types(answer: bytes, names: Container[bytes], written: bytes) -> bytes:
    """The answer, with gRPC's prefix, of resource types and data sources that have a small schema and one of the names,
    or that are written in the text. The schema of a web ACL is larger than all others together.

    https://protobuf.dev/programming-guides/encoding/
    """
    kept, start = bytearray(), len(EMPTY)
    while start < len(answer):
        content, end = _part(answer, start)
        if answer[start] in MAPS_BY_TYPE:
            name, name_end = _part(answer, content)
            type_ = answer[name:name_end]
            needed = (type_ in names and end - start < LARGE) or type_ in written
        else:
            needed = True
        kept += answer[start:end] if needed else b""
        start = end
    return b"\0" + struct.pack(">I", len(kept)) + kept


def _part(message: bytes, start: int) -> tuple[int, int]:
    """Where the content begins, and where it ends, of the part that begins with a tag of one byte and its length."""
    length = shift = 0
    for at in itertools.count(start + 1):
        length |= (message[at] & 0x7F) << shift
        shift += 7
        if message[at] < 0x80:
            return at + 1, at + 1 + length
    raise ValueError("a length without an end")


def main(provider: str, kept: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Terraform ends its providers in order
    command = Path("/proc", str(os.getppid()), "cmdline").read_bytes().split(b"\0")
    with (
        schemas(provider, kept) as (protocol, whole),
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX) as listening,
    ):
        address = f"{folder}/socket"
        listening.bind(address)
        listening.listen()
        listening.settimeout(SECONDS_TO_CONNECT)
        print("1", protocol, "unix", address, "grpc", sep="|", flush=True)
        connected, _ = listening.accept()
        schema = whole
        if b"schema" not in command and NAMED_TYPES in os.environ:
            written = b"".join(path.read_bytes() for path in Path().glob("*.tf*") if path.is_file())
            with suppress(OSError, subprocess.CalledProcessError):  # without git Terraform is given all types
                names = named_types(Path(os.environ[NAMED_TYPES]))
                schema = lambda: of_types(whole(), names, written)  # noqa: E731
        with connected:
            serve(Connection(connected, client=False), GET_SCHEMA[protocol], schema)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]))
    except (OSError, ProtocolError, ValueError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
