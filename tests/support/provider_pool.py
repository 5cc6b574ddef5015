"""Processes of Terraform's AWS provider that serve one Terraform process after the other.

A provider takes 0.2 s of processor time to start and to find its resources, and 0.07 s to validate its own schemas
whenever Terraform has its configuration validated: most of what a plan takes. So a process that Terraform is done with
waits for the next one in the same folder with an equal environment, and is configured again, which a provider
supports. It never serves two at a time, as its configuration belongs to the process.

- Terraform's request to end is not passed on.
- The answer whether a configuration is valid is kept for equal ones in an equal environment.
- A provider keeps the HTTP client of its first configuration, and with `AWS_CA_BUNDLE` refuses a second one: the file
  is named as `SSL_CERT_FILE`, which Go reads itself.

All else is passed on as it is, in frames of HTTP/2: https://www.rfc-editor.org/rfc/rfc9113#name-http-frames
"""

import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from tests.support.machine import memory

IDLE = max(1, min(8, memory() // (3 * 2**30)))  # each takes 0.3 GiB
SECONDS_IDLE = 120
# Variables that a provider, Go or a program that gives credentials reads, and all of Terraform's, except the one whose
# order varies.
READ = re.compile(r"(?:AWS|TF|SSL|GO|PLUGIN_(?!PROTOCOL_VERSIONS)|XDG).*|HOME|PATH|USER|TMPDIR|.*_proxy", re.IGNORECASE)

# Nobody reads the log, which takes a tenth of a provider's time. Garbage is collected only near this size, which is
# small as several providers run beside each other.
SETTINGS = {"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER_AWS": "OFF", "GOGC": "off", "GOMEMLIMIT": "320MiB"}

PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
HEADER = 9
DATA, HEADERS, RST_STREAM = 0, 1, 3
END_STREAM, END_HEADERS = 1, 4
CANCEL = b"\0\0\0\x08"
LARGEST_FRAME = 1 << 14
# Of an answer, without effect on what the other side remembers of headers: `:status: 200` and gRPC's content type, and
# gRPC's status. https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2
BEGIN = b"\x88\x0f\x10\x10application/grpc"
END = b"\0\x0bgrpc-status\x010"
AT_ONCE = 1 << 18


def _encoded(path: str) -> bytes:
    """As gRPC's library for Go writes it in a header."""
    return bytes(HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(path.encode()))


SHUTDOWN = _encoded("/plugin.GRPCController/Shutdown")
# By the version of Terraform's plugin protocol.
STOP = {"5": _encoded("/tfplugin5.Provider/Stop"), "6": _encoded("/tfplugin6.Provider/StopProvider")}
VALIDATE = {
    "5": _encoded("/tfplugin5.Provider/PrepareProviderConfig"),
    "6": _encoded("/tfplugin6.Provider/ValidateProviderConfig"),
}

Key = tuple[str, ...]


class Provider:
    """A provider's process."""

    def __init__(self, program: str, environment: Mapping[str, str], folder: Path) -> None:
        own = {**environment, **SETTINGS}
        if bundle := own.pop("AWS_CA_BUNDLE", ""):
            own |= {"SSL_CERT_FILE": bundle, "SSL_CERT_DIR": "/nonexistent"}
        self._address = ""
        print(f"Starting {program} in {folder}", file=sys.stderr, flush=True)
        self._process = subprocess.Popen(
            [program], cwd=folder, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        self.idle_since = 0.0
        try:
            assert self._process.stdout is not None
            _, self.protocol, network, self._address, *_ = self._process.stdout.readline().decode().strip().split("|")
            if network != "unix":
                raise OSError(f"{program} listens on {network} {self._address}")
        except BaseException:
            self.end()
            raise

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        with self._process:
            self._process.kill()
        if self._address:  # which it has no time to remove
            Path(self._address).unlink(missing_ok=True)

    def relay(self, terraform: socket.socket, answers: dict[bytes, bytes]) -> bool:
        """Connect Terraform to the process until it asks to end. Returns whether the process is as before."""
        with socket.socket(socket.AF_UNIX) as provider:
            provider.connect(self._address)
            relay = Relay(self.protocol, answers)
            poll = select.poll()
            for one in (terraform, provider):
                poll.register(one, select.POLLIN)
            while True:
                for ready, _ in poll.poll():
                    if ready == terraform.fileno():
                        if not (data := terraform.recv(AT_ONCE)):
                            return False
                        provider.sendall(relay.from_terraform(data))
                        terraform.sendall(relay.answered())
                        if relay.is_over:
                            return not relay.was_stopped
                    else:
                        if not (data := provider.recv(AT_ONCE)):
                            return False
                        terraform.sendall(relay.from_provider(data))


class Relay:
    """What is passed on between the two sides of a connection."""

    def __init__(self, protocol: str, answers: dict[bytes, bytes]) -> None:
        self.is_over = self.was_stopped = False
        self._validate, self._stop, self._answers = VALIDATE[protocol], STOP[protocol], answers
        self._rest_of_terraform, self._rest_of_provider = bytearray(), bytearray()
        self._begun = False
        # The stream of the question whether the configuration is valid, its frames, the question and its answer.
        self._stream = 0
        self._frames: list[bytes] = []
        self._question, self._answer = b"", bytearray()
        self._answered = b""

    def from_terraform(self, data: bytes) -> bytes:
        """What the provider gets of it."""
        passed: list[bytes] = []
        if not self._begun:
            self._begun = True
            passed, data = [data[:PREFACE]], data[PREFACE:]
        for frame in frames(self._rest_of_terraform, data):
            kind, flags, stream = parts(frame)
            if kind == HEADERS and SHUTDOWN in frame:
                self.is_over = True
                break
            self.was_stopped |= kind == HEADERS and self._stop in frame
            if kind == HEADERS and self._validate in frame:
                self._stream, self._frames, self._answer = stream, [], bytearray()
            if kind == DATA and stream == self._stream:
                self._frames.append(frame)
                if flags & END_STREAM:
                    passed += self._end_of_question()
            else:
                passed.append(frame)
        return b"".join(passed)

    def _end_of_question(self) -> list[bytes]:
        self._question = b"".join(one[HEADER:] for one in self._frames)
        answer = self._answers.get(self._question)
        if answer is None:
            return self._frames
        begin, end = (HEADERS, END_HEADERS, BEGIN), (HEADERS, END_HEADERS | END_STREAM, END)
        self._answered = b"".join(made(*one, self._stream) for one in (begin, (DATA, 0, answer), end))
        stream, self._stream = self._stream, 0
        return [made(RST_STREAM, 0, CANCEL, stream)]

    def answered(self) -> bytes:
        """What Terraform gets without the provider, once."""
        answered, self._answered = self._answered, b""
        return answered

    def from_provider(self, data: bytes) -> bytes:
        """What Terraform gets of it."""
        passed = list(frames(self._rest_of_provider, data))
        for frame in passed if self._stream else ():
            kind, flags, stream = parts(frame)
            if stream != self._stream:
                continue
            if kind == DATA:
                self._answer += frame[HEADER:]
            if flags & END_STREAM:
                if 0 < len(self._answer) < LARGEST_FRAME:  # an error has no message
                    self._answers[self._question] = bytes(self._answer)
                self._stream = 0
        return b"".join(passed)


def frames(rest: bytearray, data: bytes) -> Iterator[bytes]:
    """The frames that are complete with the data. What is left is kept in the rest."""
    rest += data
    start = 0
    while len(rest) >= start + HEADER:
        end = start + HEADER + int.from_bytes(rest[start : start + 3], "big")
        if end > len(rest):
            break
        yield bytes(rest[start:end])
        start = end
    del rest[:start]


def parts(frame: bytes) -> tuple[int, int, int]:
    """A frame's type, flags and stream."""
    return frame[3], frame[4], int.from_bytes(frame[5:HEADER], "big")


def made(kind: int, flags: int, content: bytes, stream: int) -> bytes:
    return len(content).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + content


class Pool:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        # In the order in which they were used.
        self._idle: list[tuple[Key, Provider]] = []
        self._busy: set[Provider] = set()
        self._answers: dict[Key, dict[bytes, bytes]] = {}

    def serve(
        self, program: str, environment: Mapping[str, str], folder: Path, connect: Callable[[str], socket.socket]
    ) -> None:
        """Connect Terraform, as `connect` does when it is given the version of the protocol, to a provider."""
        variables = sorted(f"{name}={value}" for name, value in environment.items() if READ.fullmatch(name))
        everywhere = (program, *variables)
        status = folder.stat()  # a folder that was removed and made again is another one
        key = (str(folder), f"{status.st_dev} {status.st_ino}", *everywhere)
        answers = self._answers.setdefault(everywhere, {})
        provider = self._taken(key) or Provider(program, environment, folder)
        as_before = False
        self._busy.add(provider)
        try:
            with connect(provider.protocol) as terraform:
                as_before = provider.relay(terraform, answers)
        finally:
            self._busy.discard(provider)
            if as_before and provider.runs:
                self._put_back(key, provider)
            else:
                provider.end()

    def _taken(self, key: Key) -> Provider | None:
        with self._lock:
            for number in reversed(range(len(self._idle))):
                if self._idle[number][0] == key and self._idle[number][1].runs:
                    return self._idle.pop(number)[1]
        return None

    def _put_back(self, key: Key, provider: Provider) -> None:
        provider.idle_since = time.monotonic()
        with self._lock:
            self._idle.append((key, provider))
        self.end_idle()

    def end_idle(self, but: int = IDLE, seconds: float = SECONDS_IDLE) -> None:
        """End all idle processes but some that were used last, and within some seconds."""
        earliest = time.monotonic() - seconds
        with self._lock:
            first = max(len(self._idle) - but, 0)
            ended = [one for n, (_, one) in enumerate(self._idle) if n < first or one.idle_since < earliest]
            self._idle = [one for one in self._idle if one[1] not in ended]
        for one in ended:
            one.end()

    def end(self) -> None:
        self.end_idle(0)
        for one in list(self._busy):
            one.end()
