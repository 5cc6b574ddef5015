"""A project's own review rules, by the wheel alone: nothing of this repository is on the path."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.review.plans import change, document
from tests.support.known_types import known_types

from .conftest import ROOT

SLOWER = change(
    "aws_sqs_queue.Reports_Queue_00000000",
    {"name": "reports", "delay_seconds": 0},
    {"name": "reports", "delay_seconds": 900},
)


def test_the_documented_rules_are_typed_and_judge(wheel: Path, tmp_path: Path) -> None:
    installed, project = tmp_path / "installed", tmp_path / "project"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    project.mkdir()
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs/review.md").read_text(), re.DOTALL)
    assert example
    (project / "review_rules.py").write_text(example.group(1))
    (project / "cdktf.json").write_text('{"app": "true"}')
    (project / "plan.json").write_text(json.dumps(document(SLOWER)))
    own = {name: one for name, one in os.environ.items() if not name.startswith(("PYTHON", "MYPY"))}
    of_mypy = {"MYPYPATH": str(installed), "MYPY_CACHE_DIR": str(known_types(tmp_path / "types"))}
    environment = {**own, **of_mypy, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}

    def run(*command: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout or done.stderr

    code, text = run("sluice_cli", "review", "--plan", "plan.json", "--json")
    assert code == 0, text
    (change,) = json.loads(text)[0]["changes"]
    assert [(one["level"], one["reason"]) for one in change["noted"]] == [("silenced", "reports are read once a day")]
    assert run("mypy", "--strict", "--config-file=", "review_rules.py") == (
        0,
        "Success: no issues found in 1 source file\n",
    )
