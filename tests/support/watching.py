"""`sluice watch` on a copy of the project in `watched`, as tests drive it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE
from tests.support.waiting import eventually

REGION = "eu-west-1"
HANDLER = "from common.words import WORD\n\n\ndef handle(event, context):\n    return f'{{WORD}} {number}'\n"
PLAIN = "def handler(event, context):\n    return 'plain {number}'\n"


def watched_project(folder: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "support" / "watched", folder)
    (folder / FILE).write_text(json.dumps({"language": "python", "app": f"'{sys.executable}' app.py"}))
    return folder


@dataclass(frozen=True)
class Watched:
    local: LocalAws
    folder: Path
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str, after: int = 0) -> None:
        """Until the watcher has said this, after what `save` returned."""
        eventually(lambda: text in self.said()[after:], within=240)

    def client(self, service: str, **options: Any) -> Any:
        return self.local.client(service, region_name=REGION, **options)

    def answer(self, function: str) -> Any:
        return json.loads(self.client("lambda").invoke(FunctionName=function)["Payload"].read())

    def save(self, path: str, text: str) -> int:
        """Returns the length of what the watcher had said before."""
        said = len(self.said())
        (self.folder / path).write_text(text)
        return said

    def wait_for_answer(self, function: str, answer: str) -> None:
        """Until the function's code gives this answer."""
        # Code that sleeps does not answer.
        client = self.client("lambda", config=Config(read_timeout=20, retries={"total_max_attempts": 1}))

        def is_given() -> bool:
            with contextlib.suppress(ReadTimeoutError):
                return bool(json.loads(client.invoke(FunctionName=function)["Payload"].read()) == answer)
            return False

        try:
            eventually(is_given, within=600)
        except AssertionError as error:
            raise AssertionError(f"{error}; the watcher said: {self.said()}") from error


@contextlib.contextmanager
def watching(
    local: LocalAws, folder: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> Iterator[Watched]:
    """While `sluice watch` runs in a folder."""
    output = folder.parent / f"said-{len(list(folder.parent.iterdir()))}"
    with output.open("w") as out:
        watcher = subprocess.Popen(
            [sys.executable, "-m", "sluice_cli", "watch", *arguments],
            cwd=folder,
            env={**(variables or os.environ), "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    made = Watched(local, folder, output)
    try:
        eventually(lambda: "Watching " in made.said() or watcher.poll() is not None, within=240)
        assert watcher.poll() is None, made.said()
        yield made
    finally:
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(240) == 130  # Terraform ends first
