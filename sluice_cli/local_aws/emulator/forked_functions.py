"""Starts the execution environments of Python functions as forks of a Python that has imported boto3 (fork_server.py),
one for each runtime: a fraction of the processor time of a start of Python.

Where that does not work, as on systems without `pidfd_open`, and with `SLUICE_FUNCTION_START=ordinary`, each
environment is a start of Python, as ministack does it.
"""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import IO, Any

from ministack.core import lambda_runtime

from completing import existing

SWITCH, ORDINARY = "SLUICE_FUNCTION_START", "ordinary"
SCRIPT = Path(__file__).with_name("fork_server.py")
WORKER = "_worker.py"  # ministack's script of an execution environment
SECONDS_TO_IMPORT = 60

logger = logging.getLogger(__name__)

existing(lambda_runtime.subprocess, "Popen")


# Variables that Python and libraries in C read when a process starts.
READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "OPENSSL_", "GCONV_", "GLIBC_")


class ForkedProcess:
    """What ministack uses of `subprocess.Popen`, of a process that another has forked."""

    returncode: int | None = None

    def __init__(self, pid: int, descriptor: int, streams: list[IO[str]]) -> None:
        self.pid, self._descriptor = pid, descriptor
        self.stdin, self.stdout, self.stderr = streams

    def __del__(self) -> None:
        os.close(self._descriptor)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        ended = self._ended(None if timeout is None else timeout * 1000)
        if ended is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return ended

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, sign: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, sign)

    def _ended(self, milliseconds: float | None) -> int | None:
        """0, whatever it ended with, which only the process that forked it could ask for."""
        asked = select.poll()
        asked.register(self._descriptor, select.POLLIN)
        if self.returncode is None and asked.poll(milliseconds):
            self.returncode = 0
        return self.returncode


class EndedAtOnce(Exception):
    """A process that was forked has ended before anything was asked of it."""


class ForkServer:
    """A Python that forks execution environments. Raises `OSError` where it does not start or has ended."""

    def __init__(self, python: str) -> None:
        self._one_at_a_time = threading.Lock()
        self._control, theirs = socket.socketpair()
        self._control.settimeout(SECONDS_TO_IMPORT)
        with theirs:
            self._process = subprocess.Popen(
                [python, str(SCRIPT), str(theirs.fileno())], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )

    def start(self, command: list[str], cwd: str, env: dict[str, str]) -> ForkedProcess:
        """Raises `EndedAtOnce` where the new process has."""
        with contextlib.ExitStack() as opened:
            # As `subprocess.Popen` opens them with `text=True` and `bufsize=1`.
            own: list[IO[str]] = []
            theirs: list[int] = []
            for mode in ("w", "r", "r"):
                read, write = os.pipe()
                own.append(os.fdopen(write if mode == "w" else read, mode, buffering=1))
                theirs.append(read if mode == "w" else write)
                opened.callback(os.close, theirs[-1])
            request = {"command": command, "folder": cwd, "environment": env}
            with self._one_at_a_time:
                pid = self._asked(json.dumps(request).encode() + b"\n", theirs)
        try:
            return ForkedProcess(pid, os.pidfd_open(pid), own)
        except ProcessLookupError as error:
            raise EndedAtOnce(pid) from error

    def _asked(self, line: bytes, descriptors: list[int]) -> int:
        try:
            sent = socket.send_fds(self._control, [line], descriptors)
            self._control.sendall(line[sent:])
            answer = b""
            while not answer.endswith(b"\n"):
                part = self._control.recv(100)
                if not part:
                    raise OSError(f"process {self._process.pid} has ended")
                answer += part
            return int(answer)
        except OSError:
            self._control.close()  # an answer that comes later would be taken for another request's
            raise


_servers: dict[str, ForkServer | None] = {}  # by Python; None where it does not work
_making = threading.Lock()


def _started(command: list[str], **options: Any) -> Any:
    may_fork = Path(command[-1]).name == WORKER and not _reads_others(options.get("env") or {})
    if may_fork and hasattr(os, "pidfd_open") and os.environ.get(SWITCH) != ORDINARY:
        try:
            server = _server(command[0])
            if server is not None:
                return server.start(command, options["cwd"], options["env"])
        except EndedAtOnce as error:
            logger.warning("forked process %s has ended: its function starts without forking", error)
        except OSError as error:
            logger.warning("functions of %s start without forking: %s", command[0], error)
            _servers[command[0]] = None
    return subprocess.Popen(command, **options)


def _reads_others(environment: dict[str, str]) -> bool:
    """Whether a function has variables of its own that are read when a process starts."""
    return any(name.startswith(READ_AT_START) and os.environ.get(name) != environment[name] for name in environment)


def _server(python: str) -> ForkServer | None:
    with _making:
        if python not in _servers:
            _servers[python] = ForkServer(python)
        return _servers[python]


class _Subprocess:
    """The module `subprocess` of ministack's execution environments."""

    Popen = staticmethod(_started)

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)


lambda_runtime.subprocess = _Subprocess()
