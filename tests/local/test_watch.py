"""`sluice watch` on a project with a function of the module classes and one that its author wrote out."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE
from sluice_cli.testing import eventually
from tests.support.commands import sluice

REGION = "eu-west-1"
HANDLER = "from common.words import WORD\n\n\ndef handle(event, context):\n    return f'{{WORD}} {number}'\n"


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

    def seconds_until(self, function: str, answer: str) -> float:
        """From now to the first answer of the new code."""
        began = time.monotonic()
        # Code that sleeps does not answer.
        client = self.client("lambda", config=Config(read_timeout=5, retries={"total_max_attempts": 1}))
        while True:
            with contextlib.suppress(ReadTimeoutError):
                if json.loads(client.invoke(FunctionName=function)["Payload"].read()) == answer:
                    return time.monotonic() - began
            assert time.monotonic() - began < 120, self.said()


@pytest.fixture(scope="module")
def watched(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched") / "project"
    shutil.copytree(ROOT / "tests" / "support" / "watched", folder)
    (folder / FILE).write_text(json.dumps({"language": "python", "app": f"'{sys.executable}' app.py"}))
    (folder / ".sluice").mkdir()
    (folder / ".sluice" / "local").symlink_to(local_aws.folder)
    output = folder.parent / "said"
    with output.open("w") as out:
        watcher = subprocess.Popen(
            [sys.executable, "-m", "sluice_cli", "watch"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    made = Watched(local_aws, folder, output)
    try:
        eventually(lambda: "Watching " in made.said() or watcher.poll() is not None, within=240)
        assert watcher.poll() is None, made.said()
        yield made
    finally:
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(240) == 130  # Terraform ends first


def test_a_saved_handler_runs_at_the_next_event(watched: Watched) -> None:
    assert watched.answer("watched-echo") == "ours 0"
    taken = []
    for number in range(1, 6):
        watched.save("ours/echo/handler.py", HANDLER.format(number=number))
        taken.append(watched.seconds_until("watched-echo", f"ours {number}"))
    assert min(taken) < 5  # half a second on an idle machine (docs/watch.md), far below a synth and an apply


def test_what_a_function_imports_and_functions_of_other_classes_are_watched_too(watched: Watched) -> None:
    watched.save("ours/common/words.py", 'WORD = "shared"\n')
    watched.seconds_until("watched-echo", "shared 5")
    watched.save("plain/index.py", "def handler(event, context):\n    return 'plain 1'\n")
    watched.seconds_until("watched-plain", "plain 1")


def test_code_that_does_not_start_is_shown_and_the_old_code_stays(watched: Watched) -> None:
    for broken, said in (
        ("WORD = \n", 'File "common/words.py", line 1'),
        ("import missing_library\n", "ModuleNotFoundError: No module named 'missing_library'"),
        ("", "ImportError: cannot import name 'WORD' from 'common.words'"),
    ):
        watched.wait_for(said, after=watched.save("ours/common/words.py", broken))
        assert watched.answer("watched-echo") == "shared 5"
    assert "watched-echo: not updated, the code does not start:" in watched.said()
    assert "_worker.py" not in watched.said()
    watched.save("ours/common/words.py", 'WORD = "whole"\n')
    watched.seconds_until("watched-echo", "whole 5")


def test_a_function_that_never_returns_gets_new_code(watched: Watched) -> None:
    sleeping = "import time\n\n\ndef handler(event, context):\n    time.sleep(3600)\n"
    watched.wait_for("watched-plain: new code runs", after=watched.save("plain/index.py", sleeping))
    watched.client("lambda").invoke(FunctionName="watched-plain", InvocationType="Event")
    watched.save("plain/index.py", "def handler(event, context):\n    return 'plain 2'\n")
    watched.seconds_until("watched-plain", "plain 2")


def test_a_second_watcher_is_refused(watched: Watched) -> None:
    code, out, err = sluice(watched.folder, "watch")
    assert (code, out) == (2, "")
    assert err.startswith("another `sluice watch` (process ")


def test_another_change_of_a_stack_is_deployed_and_afterwards_nothing_differs(watched: Watched) -> None:
    app = (watched.folder / "app.py").read_text()
    watched.save("app.py", app.replace("visibility_timeout_seconds=30", "visibility_timeout_seconds=40"))
    sqs = watched.client("sqs")
    url = sqs.get_queue_url(QueueName="watched-queue")["QueueUrl"]

    def is_changed() -> bool:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        return bool(attributes["VisibilityTimeout"] == "40")

    eventually(is_changed, within=240)
    watched.wait_for("plain: deployed")
    assert "ours: deployed" not in watched.said()
    code, out, err = sluice(watched.folder, "up")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Unchanged since the last deployment, not planned (--plan-all): ours, plain"
    code, out, err = sluice(watched.folder, "review", "--local", "--json")
    assert {one["stack"]: one["changes"] for one in json.loads(out)} == {"ours": [], "plain": []}
