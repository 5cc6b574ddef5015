"""Runs Terraform on several stacks at once, and shows the progress."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
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
DONE = re.compile(r"^(?P<address>\S+): (?:Creation|Modifications|Destruction) complete after")
# Every ten seconds for a resource that takes longer.
AWAITED = re.compile(r"^(?P<address>\S+): Still (?:creating|modifying|destroying)\.\.\.")

ERROR_LINES = 40
SAID_EVERY = 20  # changes between two progress lines without a terminal
SAID_AFTER = 15  # seconds without such a line, after which one says what is awaited


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
        # A plan takes a whole processor; an apply mostly waits. More plans at once would only delay the first apply.
        self._turns = threading.Semaphore(os.cpu_count() or 1)
        self._holders: set[str] = set()
        self._awaited: dict[str, str] = {}  # type by stack and address
        self._said = time.monotonic()
        self._running: set[subprocess.Popen[str]] = set()
        self._interrupted = False
        self._skipped: list[str] = []
        self._with_changes: set[str] = set()

    def __enter__(self) -> Self:
        self._out = self._log.open("w")
        self._progress.start()
        return self

    @contextlib.contextmanager
    def turn(self, stack: Stack) -> Iterator[None]:
        """The stack's turn to plan. It ends with the plan, so that the next stack plans while this one applies."""
        self._turns.acquire()
        with self._lock:
            self._holders.add(stack.name)
        try:
            yield
        finally:
            with self._lock:
                self._end_turn(stack.name)

    def _end_turn(self, name: str) -> None:
        if name in self._holders:
            self._holders.remove(name)
            self._turns.release()

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

    def has_changes(self, stack: Stack) -> bool:
        """Whether the plan of the last command had changes of resources."""
        return stack.name in self._with_changes

    def plan_again(self, stack: Stack, changed_by: str) -> None:
        """Say why a stack that was left out is planned after all."""
        with self._lock:
            self._skipped.remove(stack.name)
        self.say(f"{stack.name}: planned, as the deployment of {changed_by} may have changed its resources")

    def _heed(self, line: str, name: str) -> None:
        self._out.write(f"{name}: {line}")
        self._out.flush()
        planned, done, awaited = PLANNED.search(line), DONE.match(line), AWAITED.match(line)
        if planned:
            self._total += sum(map(int, planned.groups()))
            self._with_changes.add(name)
            self._end_turn(name)
        if awaited:
            address = awaited["address"]
            self._awaited[f"{name} {address}"] = address.rpartition(".")[0].rpartition(".")[2]
        if done:
            self._done += 1
            self._awaited.pop(f"{name} {done['address']}", None)
        waiting = self._waiting()
        # The total is known only after all stacks are planned.
        if not console.is_terminal and (
            (done and self._done % SAID_EVERY == 0) or (waiting and time.monotonic() - self._said >= SAID_AFTER)
        ):
            self._said = time.monotonic()
            console.print(f"{self._title}: {self._done} changes so far{waiting}", markup=False)
        self._progress.update(
            self._task, description=f"{self._title}{waiting}", total=self._total or None, completed=self._done
        )

    def _waiting(self) -> str:
        """What takes longer than ten seconds, by type: `, waiting for 2 aws_sqs_queue`."""
        counts = Counter(self._awaited.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        return f", waiting for {kinds}" if kinds else ""

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
