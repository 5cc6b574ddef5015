"""The process of a local AWS: whether it still is the one that was recorded, and its end."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

SELF = Path("/proc/self/cmdline")  # on Linux


def serves(pid: int, app: str, address: str) -> bool:
    """Whether a running process serves that app at that address: a recorded number may be another program's by now."""
    command = _command_line(pid).split() if pid > 0 else []
    return any(one.endswith(app) for one in command) and address in command


def is_server(pid: int, app: str, address: str) -> bool:
    """The same, also for one that this process started and that has ended."""
    if pid <= 0 or _command_line(pid):
        return serves(pid, app, address)
    # It has ended. If this process started it, the programs that it started may still run.
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return False


def end(pid: int) -> None:
    """End the process group of the server, and wait until it is gone."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, sign)
        except ProcessLookupError:
            return
        for _ in range(50):
            try:
                if os.waitpid(pid, os.WNOHANG)[0] == pid:
                    break
            except ChildProcessError:  # started by an earlier command, so it cannot be waited for
                try:
                    os.kill(pid, 0)
                except ProcessLookupError:
                    break
            time.sleep(0.1)


def _command_line(pid: int) -> str:
    """Empty where no such process runs."""
    if not SELF.exists():
        ps = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "" if "<defunct>" in ps.stdout else ps.stdout
    try:
        return (SELF.parents[1] / str(pid) / "cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""
