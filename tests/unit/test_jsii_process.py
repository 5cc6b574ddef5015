"""jsii in one Node process."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from commands.local_aws import ROOT
from modules.jsii_process import ONE_PROCESS

# The Node processes below this one once JavaScript runs.
COUNT = """
import subprocess, os
{before}
import modules
from cdktf import App
App()
listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
rows = [line.split(None, 2) for line in listed.splitlines()]
below = {{str(os.getpid())}}
for _ in rows:
    below |= {{pid for pid, parent, name in rows if parent in below}}
print(sum(name.startswith("node") for pid, parent, name in rows if pid in below))
"""


def node_processes(folder: Path, before: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(before=before)],
        cwd=ROOT,
        env={**os.environ, "CDKTF_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_javascript_runs_in_one_process(tmp_path: Path) -> None:
    assert node_processes(tmp_path) == "1"


# The module as it is, but for one thing, in place before `modules` loads it.
OTHER = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("modules.jsii_process", "modules/jsii_process.py")
loaded = sys.modules["modules.jsii_process"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loaded)
loaded.CHANNEL = b"another way to speak"
"""


def test_a_jsii_that_is_not_as_known_starts_as_it_always_does(tmp_path: Path) -> None:
    assert node_processes(tmp_path, OTHER) == "2"


def test_what_javascript_prints_never_gets_between_jsiis_messages(tmp_path: Path) -> None:
    program = tmp_path / "program.js"
    program.write_text(
        "const fs = require('fs'); const line = Buffer.alloc(64);\n"
        "console.log('to out'); console.error('to err');\n"
        "fs.writeSync(3, `got ${line.toString('utf8', 0, fs.readSync(3, line))}`);\n"
    )
    said = subprocess.run(
        ["node", str(ONE_PROCESS), str(program)], input="a message\n", capture_output=True, text=True, check=True
    )
    assert said.stdout == "got a message\n"
    printed = [json.loads(line) for line in said.stderr.splitlines()]
    assert [{name: base64.b64decode(text).decode() for name, text in one.items()} for one in printed] == [
        {"stdout": "to out\n"},
        {"stderr": "to err\n"},
    ]
