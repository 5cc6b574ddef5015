"""Starts execution environments of functions by forking a Python that has imported boto3: `fork_server.py SOCKET`.

Run by the Python of a runtime, in place of one start of that Python for each environment (forked_functions.py). Each
line from the socket is a request, with the standard input, output and error of the new process; the answer is its
process number. It ends when the other side of the socket is closed.

What botocore reads for the services that most functions use is parsed here, too, which takes longer than the rest of
making a client: from the second environment on, as it takes longer than it saves for one.

An environment whose code or layers bring other contents for a module that is imported here starts its Python anew,
as a process of the same number.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import signal
import socket
import sys
import time
import types
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders

AT_ONCE = 1 << 16
PARSED_FROM = 2
FOR_ALL_SERVICES = ("endpoints", "partitions", "sdk-default-configuration")
KINDS = ("service-2", "endpoint-rule-set-1")  # of what botocore reads for a service
SERVICES = ("dynamodb", "lambda", "s3", "sns", "sqs", "sts")


def next_environment(control: socket.socket) -> tuple[dict[str, object], list[int]] | None:
    """The request and the descriptors of a new environment, in its process; None in this one at the end."""
    for number in itertools.count(1):
        line, descriptors, _, _ = socket.recv_fds(control, AT_ONCE, 3)
        while line and not line.endswith(b"\n"):
            more = control.recv(AT_ONCE)
            line = line + more if more else b""
        if not line:
            break
        if number == PARSED_FROM:
            parse_models()
            gc.freeze()
        forked = os.fork()
        if not forked:
            control.close()
            return json.loads(line), descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(b"%d\n" % forked)
    return None


def run(command: list[str], folder: str, environment: dict[str, str], descriptors: list[int]) -> None:
    """Run a script of Python as a process that is started with it would."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(folder)
    layers = [Path(one) for one in environment.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if one]
    if brings_other_modules([Path(folder), *layers, *(layer / "python" for layer in layers)]):
        os.execve(command[0], command, environment)  # noqa: S606
    path = os.environ.get("PYTHONPATH")  # of the launcher of a runtime's Python
    os.environ.clear()
    os.environ.update(environment if path is None else {**environment, "PYTHONPATH": path})
    time.tzset()
    script = Path(command[1])
    sys.argv[:] = command[1:]
    sys.path[:] = [str(script.parent) if one == str(Path(__file__).parent) else one for one in sys.path]
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = str(script)
    exec(compile(script.read_bytes(), script, "exec", dont_inherit=True), vars(main))  # noqa: S102 - ministack's script


def parse_models() -> None:
    """Each process gets what is parsed here when it loads it first, and parses it itself when it loads it again. What
    services there are is found out here, too, for those that look for them in the same folders.
    """
    loader, data_of_boto3 = botocore.loaders.Loader(), str(Path(boto3.__file__).parent / "data")
    folders = {*loader.search_paths, data_of_boto3}
    services = {kind: loader.list_available_services(kind) for kind in KINDS}
    versions = [f"{one}/{loader.determine_latest_version(one, KINDS[0])}" for one in SERVICES]
    names = [*FOR_ALL_SERVICES, *(f"{one}/{kind}" for one in versions for kind in KINDS)]
    parsed = {path: content for content, path in map(loader.load_data_with_path, names)}
    plain_load, plain_list = botocore.loaders.JSONFileLoader.load_file, botocore.loaders.Loader.list_available_services

    def load_file(self: Any, path: str) -> Any:
        return parsed.pop(path, None) or plain_load(self, path)

    def list_available_services(self: Any, type_name: str) -> Any:
        is_known = type_name in services and {*self.search_paths, data_of_boto3} == folders
        return list(services[type_name]) if is_known else plain_list(self, type_name)

    botocore.loaders.JSONFileLoader.load_file = load_file
    botocore.loaders.Loader.list_available_services = list_available_services


def wait_for_ended(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def brings_other_modules(places: list[Path]) -> bool:
    """Whether a function's code or a layer has a module that is imported here, with other contents."""
    for entry in (entry for place in places if place.is_dir() for entry in place.iterdir()):
        imported = getattr(sys.modules.get(entry.name.partition(".")[0]), "__file__", None)
        if imported:
            own = Path(imported)
            if contents(entry) != contents(own.parent if own.name == "__init__.py" else own):
                return True
    return False


def contents(path: Path) -> dict[str, bytes]:
    """A file, or the files of a folder, without compiled ones."""
    if not path.is_dir():
        return {path.name: path.read_bytes()}
    files = [one for one in path.rglob("*") if one.is_file() and one.parent.name != "__pycache__"]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, wait_for_ended)
    gc.freeze()
    requested = next_environment(socket.socket(fileno=int(sys.argv[1])))
    if requested is not None:
        run(descriptors=requested[1], **requested[0])  # type: ignore[arg-type]
