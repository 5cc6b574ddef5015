"""jsii's JavaScript in one Node process.

jsii starts two, the first of which only passes messages on between Python and the second: an eighth of a synth.
`install()` leaves the first out (`one_process.cjs` stands in for it). Where jsii is not like the known versions, which
is reported, or where JSII_RUNTIME names another runtime, jsii starts both.

Messages are unchanged; serializing them is cheaper: jsii converts each argument twice.
"""

import atexit
import functools
import json
import os
import platform
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attr
from jsii._kernel import types
from jsii._kernel.providers import process

from . import cache, notice

ONE_PROCESS = Path(__file__).with_name("one_process.cjs")

# The program of the second process, relative to jsii's own, and the channel from which it reads messages.
PROGRAM = Path("..", "lib", "program.js")
CHANNEL = b"readFD:3,writeFD:3"


# The most frequent requests, by jsii's names.
FREQUENT = {types.CreateRequest: "create", types.GetRequest: "get", types.InvokeRequest: "invoke"}


class OneProcess(process._NodeProcess):
    """jsii's process, started with another command."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._decoder = json.JSONDecoder(object_hook=process.ohook)
        for request, api in FREQUENT.items():
            self._serializer.register_unstructure_hook(request, self._plain(request, api))

    def _plain(self, kind: Any, api: str) -> Callable[[Any], dict[str, Any]]:
        """A cheaper serializer: jsii has converted arguments already, so that only the other fields of a request need
        it.
        """
        names = [field.name for field in attr.fields(kind)]
        others = [name for name in names if name != "args"]

        def plain(request: Any) -> dict[str, Any]:
            fields = {name: getattr(request, name) for name in names}
            for name in others:
                if type(fields[name]) is not str and fields[name]:
                    fields[name] = self._serializer.unstructure(fields[name])
            return {**fields, "api": api}

        return plain

    def _next_message(self) -> Any:
        answers: Any = self._process.stdout
        return self._decoder.decode(answers.readline().decode())

    def start(self) -> None:
        program = Path(self._jsii_runtime()).parent / PROGRAM
        known = program.is_file() and CHANNEL in program.read_bytes()
        chosen = "JSII_RUNTIME" in os.environ
        if not known and not chosen:
            notice.slower("this version of jsii starts its second process in a way that is not known")
        if chosen or not known:
            super().start()  # type: ignore[no-untyped-call]
            return
        self._process = subprocess.Popen(
            [
                os.environ.get("JSII_NODE", "node"),
                "--max-old-space-size=4069",
                "--preserve-symlinks",
                str(ONE_PROCESS),
                str(program),
                *_folder_of_compiled_code(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"},
        )
        self.sink_thread = threading.Thread(target=process.stderr_sink, args=(self._process.stderr,), daemon=True)
        self.sink_thread.start()
        atexit.register(self.stop)
        self.handshake()


def _folder_of_compiled_code() -> list[str]:
    """The argument of `one_process.cjs`, or none where nothing can be kept."""
    try:
        return [str(cache.folder("compiled"))]
    except (OSError, RuntimeError):  # a read-only home folder, or none
        return []


def install() -> None:
    process._NodeProcess = OneProcess  # type: ignore[misc]
    # jsii reads this environment variable for each message. Not all versions do.
    stack_traces_enabled = vars(process).get("_stack_traces_enabled")
    if stack_traces_enabled is not None:
        vars(process)["_stack_traces_enabled"] = functools.cache(stack_traces_enabled)
