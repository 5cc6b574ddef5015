"""Running main.py, cdktf and Terraform, and watching them."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sluice_cli.terraform.mirror import terraform_environment

ROOT = Path(__file__).parent.parent.parent
CDKTF = ROOT / "node_modules" / ".bin" / "cdktf"

# What Terraform prints once for a stack and once for each of its resources.
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
            # Terraform and the provider spend their time on the provider's schemas, and a third of it looking for
            # garbage: this spares it, for 150 MB more of each process.
            "GOGC": self.environment.get("GOGC", "400"),
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


def destroy(systems: Sequence[str], target: Target) -> None:
    """Destroy without asking. Raises `DeploymentError`."""
    with Watch("destroy", "Destroying", target) as watch:
        watch.run([*_command("destroy", systems, target), "--auto-approve"], ROOT)


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


class Watch:
    """Programs that change what is deployed, one or several at a time: what they say goes to one log, what they have
    done to one bar."""

    def __init__(self, verb: str, title: str, target: Target) -> None:
        self._title, self._target, self._log = title, target, target.log(verb)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(title, total=None)
        self._total = self._done = 0
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._interrupted = False

    def __enter__(self) -> Self:
        self._out = self._log.open("w")
        self._progress.start()
        return self

    def run(self, command: Sequence[str], folder: Path, system: str = "", fine: Sequence[int] = (0,)) -> int:
        """Run a program to its end; gives its exit code. Raises `DeploymentError` when that is not `fine`."""
        said: deque[str] = deque(maxlen=ERROR_LINES)
        with self._lock:
            if self._interrupted:
                raise DeploymentError("interrupted")
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=self._target.plain_variables(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                # Terraform ends in order when interrupted once, and at once when interrupted twice: a terminal's
                # interrupt comes from here, not from the terminal as well.
                process_group=0,
            )
            self._running.add(process)
        try:
            for line in process.stdout or ():
                said.append(line)
                with self._lock:
                    self._heed(line, system)
            code = process.wait()
        except BaseException:
            self.interrupt()
            process.communicate()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        if code not in fine:
            text = "".join(said).rstrip()
            advised = advice(text, system or "<the one that failed>")
            named = f" {system}:" if system else ""
            raise DeploymentError(f"{self._title}{named} failed; the end of {self._log}:\n{text}{advised}")
        return code

    def _heed(self, line: str, system: str) -> None:
        self._out.write(f"{system}: {line}" if system else line)
        self._out.flush()
        planned = PLANNED.search(line)
        if planned:
            self._total += sum(map(int, planned.groups()))
        if DONE.search(line):
            self._done += 1
            if not console.is_terminal and self._done % 20 == 0:
                console.print(f"{self._title}: {self._done} of {self._total}")
        self._progress.update(self._task, total=self._total or None, completed=self._done)

    def interrupt(self) -> None:
        """End what runs, in order; nothing starts after that."""
        with self._lock:
            self._interrupted = True
            for process in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del error, trace
        if kind is None:
            self._progress.update(self._task, total=self._total, completed=self._total)
        self._progress.stop()
        self._out.close()
        if kind is None:
            end = f"done, {self._total} changes" if self._total else "done, nothing to change"
            console.print(f"{self._title}: {end}")
