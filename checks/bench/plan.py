"""`make up` without changes, compared with the bare `terraform plan`s."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from checks.deployed import repository
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket

from .measure import say
from .places import PYTHON, ROOT
from .table import Comparison, compare

PLANS = "bare `terraform plan` of each stack, all at once"
SYNTH = "python main.py"


def unchanged(folder: Path, runs: int) -> Iterator[Comparison]:
    local = LocalAws(folder / "local-aws")
    local.start()
    try:
        target = local_target(repository(), local)
        ensure_local_state_bucket(local, target.environment["STATE_BUCKET"])
        say("deploying, once")
        deploy([], target)
        stacks = sorted(one.name for one in (target.output / "stacks").iterdir())

        # Terraform's default garbage collection; ours is configured in sluice_cli/target.py.
        bare = replace(target, environment={**target.environment, "GOGC": "100"})

        def plans() -> None:
            with ThreadPoolExecutor(len(stacks)) as pool:
                for done in pool.map(lambda stack: Stack(stack, bare).run("plan", "-input=false"), stacks):
                    done.check_returncode()

        def synth() -> None:
            subprocess.run([PYTHON, "main.py"], cwd=ROOT, env=dict(target.environment), check=True, capture_output=True)

        took: dict[str, list[float]] = {"ours": [], PLANS: [], SYNTH: []}
        for number in range(runs):
            say(f"round {number + 1} of {runs}")
            took["ours"].append(_seconds(lambda: deploy([], target)))
            took[PLANS].append(_seconds(plans))
            took[SYNTH].append(_seconds(synth))
        note = "synth, `terraform init` and plan of five stacks, side by side"
        yield compare("plan", "deploy, nothing changed", PLANS, "s", took["ours"], took[PLANS], 1.2, note)
        yield compare("plan", "deploy, nothing changed", SYNTH, "s", took["ours"], took[SYNTH])
    finally:
        local.stop()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
