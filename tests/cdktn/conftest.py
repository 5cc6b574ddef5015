"""CDK Terrain in CDKTF's place: `.tools/cdktn`, which `make test` and `make cdktn` install."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest

from checks import ROOT

PYTHON = {"cdktf": sys.executable, "cdktn": str(ROOT / ".tools" / "cdktn" / "bin" / "python")}


@dataclass(frozen=True)
class Synth:
    """What a synth of the five systems wrote, said, loaded and took."""

    output: Path
    errors: str
    loaded: Mapping[str, Any]
    processor_seconds: float

    @property
    def stacks(self) -> dict[str, Any]:
        files = (self.output / "stacks").glob("*/cdk.tf.json")
        return {one.parent.name: json.loads(one.read_text()) for one in files}


Synthesize = Callable[..., Synth]


@pytest.fixture(scope="session")
def synthesize_with(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """The five systems, synthesized by `main.py` with a framework under these settings; `again` repeats a synth."""
    cache = tmp_path_factory.mktemp("cache")
    made: dict[tuple[str, frozenset[tuple[str, str]]], Synth] = {}

    def once(framework: str, settings: Mapping[str, str], *, again: bool = False) -> Synth:
        key = framework, frozenset(settings.items())
        if again or key not in made:
            made[key] = run(framework, settings)
        return made[key]

    def run(framework: str, settings: Mapping[str, str]) -> Synth:
        output = tmp_path_factory.mktemp(f"out-{framework}")
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_", "PYTHON"))}
        before = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run(
            [PYTHON[framework], str(ROOT / "tests/support/loaded.py"), str(ROOT / "main.py")],
            cwd=ROOT,
            env={
                **own,
                "PYTHONPATH": str(ROOT),
                # CDK Terrain's is empty at first: it is filled without a notice. CDKTF's is filled by other tests.
                **({"XDG_CACHE_HOME": str(cache)} if framework == "cdktn" else {}),
                "CDKTF_OUTDIR": str(output),
                "STATE_BUCKET": "states",
                **settings,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        after = getrusage(RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        return Synth(
            output,
            done.stderr,
            json.loads(done.stdout.splitlines()[-1]),
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        )

    return once
