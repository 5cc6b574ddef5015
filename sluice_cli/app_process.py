"""Runs a project's app, and shows its output made safe for a terminal."""

import codecs
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TextIO

from sluice_cli.text import COLOURS, clean

READ_SIZE = 65536  # bytes
CHECK_SECONDS = 0.1
INTERRUPTED_SECONDS = 1.0
REST_SECONDS = 1.0  # for what was written before the app ended
# The beginning of a colour sequence, or of `\r\n`, at the end of what was read so far.
UNFINISHED = re.compile(r"(?:\r|\x1b(?:\[[0-9;]{0,32})?)?\Z")


class OutputStream:
    """A stream of an app's output: bytes as they arrive, written as text without control characters.

    Colours are removed and all other control characters are shown as escapes, so that the app's output cannot control
    the terminal. A carriage return of a progress line starts a new line.
    """

    def __init__(self, shown_on: TextIO) -> None:
        self._shown_on = shown_on
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._line_ended = True

    def write(self, data: bytes, *, last: bool = False) -> None:
        text = self._held + self._decoder.decode(data, last)
        unfinished = UNFINISHED.search(text)
        end = len(text) if last or unfinished is None else unfinished.start()
        text, self._held = text[:end], text[end:]
        if not text:
            return
        lines = COLOURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").split("\n")
        encoding = self._shown_on.encoding or "utf-8"
        safe = "\n".join(map(clean, lines)).encode(encoding, "backslashreplace").decode(encoding)
        self._shown_on.write(safe)
        self._line_ended = safe.endswith("\n")
        self._shown_on.flush()

    def end(self) -> None:
        """Write the rest, and end the last line: the tool's own messages follow."""
        self.write(b"", last=True)
        if not self._line_ended:
            self._shown_on.write("\n")
            self._shown_on.flush()


def run_app(command: str, folder: Path, variables: Mapping[str, str], *, quiet: bool) -> int:
    """Run an app's command through a shell, as cdktf does. Returns its exit code.

    Its standard output is shown on standard error with `quiet`.
    """
    sys.stdout.flush()
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**variables, "PWD": os.fspath(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        _show(process, quiet=quiet)
        return process.wait()
    except BaseException:
        # Ctrl-C in a terminal interrupts the app as well.
        try:
            process.wait(INTERRUPTED_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def _show(process: subprocess.Popen[bytes], *, quiet: bool) -> None:
    """Show the output until the app ends. A process that the app leaves running is not waited for."""
    shown_on: list[tuple[IO[bytes] | None, TextIO]] = [
        (process.stdout, sys.stderr if quiet else sys.stdout),
        (process.stderr, sys.stderr),
    ]
    with selectors.DefaultSelector() as selector:
        streams = []
        for pipe, stream in shown_on:
            if pipe:
                os.set_blocking(pipe.fileno(), False)
                streams.append(OutputStream(stream))
                selector.register(pipe, selectors.EVENT_READ, streams[-1])
        deadline = None
        while selector.get_map():
            ended = process.poll() is not None
            if ended and deadline is None:
                deadline = time.monotonic() + REST_SECONDS
            ready = selector.select(0 if ended else CHECK_SECONDS)
            for key, _ in ready:
                data = os.read(key.fd, READ_SIZE)
                if data:
                    key.data.write(data)
                else:
                    selector.unregister(key.fileobj)
            if deadline and (not ready or time.monotonic() > deadline):
                break
        for one in streams:
            one.end()
