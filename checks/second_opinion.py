"""Applies the systems to another emulator, moto's server: a second opinion on what AWS accepts and returns.

moto enforces no IAM here and runs no functions. Only resources are compared, as Terraform's provider creates and reads
them.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from checks import ROOT
from checks.deployed import repository
from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.local_aws.server import LOOPBACK, START_SECONDS, LocalAws, Running
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import local_target

PYTHON = ROOT / ".tools" / "second-opinion" / "bin" / "python"


class Moto(LocalAws):
    """moto's server where the tool expects the local AWS."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._running: Running | None = None

    def running(self) -> Running | None:
        return self._running

    def process(self) -> Running | None:
        return self._running

    def start(self) -> Running:
        """Raises `LocalAwsError` where moto is not installed or does not answer."""
        if not PYTHON.is_file():
            raise LocalAwsError("moto is not installed: run `sh scripts/setup.sh second-opinion`")
        self.folder.mkdir(parents=True, exist_ok=True)
        certificate = [*("-m", "trustme", "--quiet"), *("--dir", str(self.folder)), *("-i", LOOPBACK, "localhost")]
        subprocess.run([str(python_of_local_aws()), *certificate], check=True)
        with socket.socket() as one:
            one.bind((LOOPBACK, 0))
            port = int(one.getsockname()[1])
        tls = ["--ssl-cert", str(self.folder / "server.pem"), "--ssl-key", str(self.folder / "server.key")]
        log = self.folder / "moto.log"
        with log.open("w") as out:
            self._process = subprocess.Popen(
                [str(PYTHON), "-m", "moto.server", "--host", LOOPBACK, "--port", str(port), "--ssl", *tls],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not _listens(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LocalAwsError(f"moto did not start; the end of {log}:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        ca_bundle = str(self.folder / "client.pem")
        self._running = Running(self._process.pid, f"https://{LOOPBACK}:{port}", ca_bundle, "test", "test")
        self._write_credentials(self._running)
        return self._running

    def stop(self) -> bool:
        self._running = None
        if self._process is None:
            return False
        self._process.terminate()
        self._process.wait()
        return True


def differences(systems: Sequence[str], folder: Path) -> str:
    """What moto refuses, or the changes in a second plan; empty if there are none."""
    moto = Moto(folder)
    moto.start()
    try:
        target = local_target(repository(), moto)
        root = _one_root(synthesize(target, systems), folder / "root")
        for command in ("init", "apply -auto-approve", "plan -detailed-exitcode"):
            done = target.run_terraform(root, *command.split(), "-no-color", "-input=false")
            if done.returncode:
                return done.stderr or done.stdout
        return ""
    finally:
        moto.stop()


def _one_root(stacks: Sequence[Stack], root: Path) -> Path:
    """The stacks as modules of one root, which takes a third of the time of as many roots. Their assets' paths are
    relative to the root, and their backends are ignored."""
    for stack in stacks:
        shutil.copytree(stack.folder / "assets", root / "assets", dirs_exist_ok=True)
    modules = {stack.name: {"source": os.path.relpath(stack.folder, root)} for stack in stacks}
    (root / "main.tf.json").write_text(json.dumps({"module": modules}))
    return root


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), 2):
        return True
    return False
