"""Running cdktf: synth, deploy, destroy, outputs."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .terraform_mirror import terraform_environment

ROOT = Path(__file__).parent.parent
CDKTF = ROOT / "node_modules" / ".bin" / "cdktf"

# What cdktf prints once for a stack and once for each of its resources.
PLANNED = re.compile(r"Plan: (?:\d+ to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy")
DONE = re.compile(r": (?:Creation|Modifications|Destruction) complete after")

ERROR_LINES = 40

# What is said of a lock left behind, of a state that is no state, and of names that are taken.
RECOVERABLE = re.compile(
    r"Error acquiring the state lock|Unsupported state file format|Error (?:refreshing|loading) state"
    r"|already ?exists|AlreadyOwnedByYou|ResourceInUseException|ResourceConflictException",
    re.IGNORECASE,
)

console = Console(highlight=False, soft_wrap=True)


class DeploymentError(RuntimeError):
    """cdktf or Terraform failed; the message has what they said."""


@dataclass(frozen=True)
class Target:
    """Where to deploy: the environment that says so, and the folder that holds what belongs to this target only.

    The synthesized Terraform lies there too, so that one target's state settings never meet another's.
    """

    environment: Mapping[str, str]
    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "cdktf.out"

    def log(self, verb: str) -> Path:
        path = self.folder / "logs" / f"{verb}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def variables(self) -> dict[str, str]:
        return {
            **terraform_environment(self.environment, ROOT / ".tools" / "terraform.rc"),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "DISABLE_VERSION_CHECK": "1",
            # The settings say where state is; what an earlier run in this folder said must not get in the way.
            "TF_CLI_ARGS_init": "-reconfigure",
        }

    def plain_variables(self) -> dict[str, str]:
        """For output that is parsed or logged: no colours, no questions."""
        return {**self.variables(), "CI": "1", "FORCE_COLOR": "0", "NO_COLOR": "1", "TF_IN_AUTOMATION": "1"}


def synth(target: Target) -> int:
    """Synthesize; gives main.py's exit code, which the cdktf CLI would turn into 1."""
    environment = {**target.environment, "CDKTF_OUTDIR": str(target.output)}
    return subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=environment, check=False).returncode


def interactive(verb: str, systems: Sequence[str], target: Target) -> int:
    """Run cdktf in the caller's terminal, where it shows the plan and asks before it changes anything."""
    return subprocess.run(_command(verb, systems, target), cwd=ROOT, env=target.variables(), check=False).returncode


def deploy(systems: Sequence[str], target: Target) -> None:
    """Deploy without asking. Raises `DeploymentError`."""
    _watched("deploy", "Deploying", systems, target)


def destroy(systems: Sequence[str], target: Target) -> None:
    """Destroy without asking. Raises `DeploymentError`."""
    _watched("destroy", "Destroying", systems, target)


def terraform(system: str, target: Target, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run terraform in a deployed stack's folder."""
    return subprocess.run(
        ["terraform", *arguments],
        cwd=target.output / "stacks" / system,
        env=target.plain_variables(),
        capture_output=True,
        text=True,
        check=False,
    )


def outputs(system: str, target: Target) -> dict[str, str]:
    """A deployed stack's outputs, from its state. Raises `DeploymentError` when it has none."""
    if not (target.output / "stacks" / system / ".terraform").is_dir():
        raise DeploymentError(f"{system} was not deployed from here; deploying it finds and leaves what is in place")
    result = terraform(system, target, "output", "-json", "-no-color")
    if result.returncode:
        raise DeploymentError(result.stderr.strip())
    values = json.loads(result.stdout)
    if not values:
        raise DeploymentError(f"{system} is not deployed")
    return {name: one["value"] for name, one in values.items()}


def advice(said: str, system: str) -> str:
    """What to do about what Terraform said, where `make recover` may help; a text to add, or nothing."""
    if not RECOVERABLE.search(said):
        return ""
    return (
        "\nIf another deployment runs, wait for it. If one was interrupted or killed, or the state was lost: "
        f"`make recover SYSTEM={system}`, with LOCAL=yes on the local AWS (docs/recovery.md)"
    )


def _command(verb: str, systems: Sequence[str], target: Target) -> list[str]:
    return [str(CDKTF), verb, *(systems or ["*"]), "--skip-provider-lock", "--output", str(target.output)]


def _watched(verb: str, title: str, systems: Sequence[str], target: Target) -> None:
    log = target.log(verb)
    with (
        log.open("w") as out,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        ) as progress,
    ):
        task = progress.add_task(title, total=None)
        process = subprocess.Popen(
            [*_command(verb, systems, target), "--auto-approve"],
            cwd=ROOT,
            env=target.plain_variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        total = done = 0
        for line in process.stdout or ():
            out.write(line)
            out.flush()
            planned = PLANNED.search(line)
            if planned:
                total += sum(map(int, planned.groups()))
                progress.update(task, total=total)
            if DONE.search(line):
                done += 1
                progress.update(task, completed=done)
                if not console.is_terminal and done % 20 == 0:
                    console.print(f"{title}: {done} of {total}")
        if process.wait():
            said = log.read_text()
            end = "\n".join(said.splitlines()[-ERROR_LINES:])
            failed = systems[0] if len(systems) == 1 else "<the one that failed>"
            raise DeploymentError(f"{title} failed; the end of {log}:\n{end}{advice(said, failed)}")
        progress.update(task, total=total, completed=total)
    console.print(f"{title}: done, {total} changes" if total else f"{title}: done, nothing to change")
