"""Runs Terraform on several stacks at once, and shows the progress."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.change_count import OWN_TERRAFORM
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terminal import console
from sluice_cli.terraform.program import program

# Lines that Terraform prints once for a stack, and once for each resource.
PLANNED = re.compile(r"Plan: (?:\d+ to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy")
DONE = re.compile(r": (?:Creation|Modifications|Destruction) complete after")

ERROR_LINES = 40
SAID_EVERY = 20  # changes between two progress lines without a terminal


class ParallelRun:
    """Runs Terraform on several stacks at once: its output goes to one log, its progress to one bar."""

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
        self._skipped: list[str] = []

    def __enter__(self) -> Self:
        self._out = self._log.open("w")
        self._progress.start()
        return self

    def terraform(self, stack: Stack, verb: str, *arguments: str, fine: Sequence[int] = (0,)) -> int:
        """Run Terraform on a stack. Returns its exit code. Raises `DeploymentError` if the exit
        code is not in `fine`.
        """
        said: deque[str] = deque(maxlen=ERROR_LINES)
        with self._lock:
            if self._interrupted:
                raise DeploymentError("interrupted")
            process = subprocess.Popen(
                [program(self._target.environment), verb, "-input=false", "-no-color", *arguments],
                cwd=stack.folder,
                env={**self._target.plain_variables(), **OWN_TERRAFORM},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                # Terraform ends in order when interrupted once, and at once when interrupted twice. Ctrl-C is therefore
                # passed on from here only, not from the terminal as well.
                process_group=0,
            )
            self._running.add(process)
        try:
            for line in process.stdout or ():
                said.append(line)
                with self._lock:
                    self._heed(line, stack.name)
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
            raise DeploymentError(
                f"{self._title} {stack.name}: failed; the end of {self._log}:\n{text}{stack.advice(text)}"
            )
        return code

    def say(self, text: str) -> None:
        """Print a line above the progress."""
        with self._lock:
            console.print(text, markup=False)

    def skip(self, stack: Stack) -> None:
        """Leave out a stack that is deployed as it is synthesized."""
        with self._lock:
            self._skipped.append(stack.name)

    def was_skipped(self, stack: Stack) -> bool:
        return stack.name in self._skipped

    def plan_again(self, stack: Stack, changed_by: str) -> None:
        """Say why a stack that was left out is planned after all."""
        with self._lock:
            self._skipped.remove(stack.name)
        self.say(f"{stack.name}: planned, as the deployment of {changed_by} may have changed its resources")

    def _heed(self, line: str, name: str) -> None:
        self._out.write(f"{name}: {line}")
        self._out.flush()
        planned = PLANNED.search(line)
        if planned:
            self._total += sum(map(int, planned.groups()))
        if DONE.search(line):
            self._done += 1
            # The total is known only after all stacks are planned.
            if not console.is_terminal and self._done % SAID_EVERY == 0:
                console.print(f"{self._title}: {self._done} changes so far")
        self._progress.update(self._task, total=self._total or None, completed=self._done)

    def interrupt(self) -> None:
        """Interrupt all running processes in order, and start no others."""
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
            self._progress.update(self._task, total=self._done, completed=self._done)
        self._progress.stop()
        self._out.close()
        if kind is None:
            changes = f"{self._done} change{'s' * (self._done != 1)}" if self._done else "nothing to change"
            console.print(f"{self._title}: done, {changes}")
            if self._skipped:
                names = ", ".join(sorted(self._skipped))
                console.print(f"Unchanged since the last deployment, not planned (--plan-all): {names}", markup=False)
