"""jsii's JavaScript in one Node process.

jsii starts two, the first of which only passes messages on between Python and the second: an eighth of a synth.
`install()` leaves the first out (`one_process.cjs` stands in for it). Where jsii is not as it is known here, or its
user names a runtime with JSII_RUNTIME, jsii starts what it always starts.
"""

import atexit
import os
import platform
import subprocess
import threading
from pathlib import Path

from jsii._kernel.providers import process

ONE_PROCESS = Path(__file__).with_name("one_process.cjs")

# What the second process is, and how it is spoken to.
PROGRAM = Path("..", "lib", "program.js")
CHANNEL = b"readFD:3,writeFD:3"


class OneProcess(process._NodeProcess):
    """As jsii's, but for the command."""

    def start(self) -> None:
        program = Path(self._jsii_runtime()).parent / PROGRAM
        known = program.is_file() and CHANNEL in program.read_bytes()
        if not known or "JSII_RUNTIME" in os.environ:
            super().start()  # type: ignore[no-untyped-call]
            return
        self._process = subprocess.Popen(
            [
                os.environ.get("JSII_NODE", "node"),
                "--max-old-space-size=4069",
                "--preserve-symlinks",
                str(ONE_PROCESS),
                str(program),
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


def install() -> None:
    process._NodeProcess = OneProcess  # type: ignore[misc]
