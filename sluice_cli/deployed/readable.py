"""Reads several stacks, of which some may be unreadable: the others are shown all the same."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sluice_cli.errors import SluiceError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.stack import Stack
from sluice_cli.text import clean_lines

AT_ONCE = 4  # terraform processes

Result = TypeVar("Result")


class UnreadableStacks:
    """The stacks that a command could not read: each is reported on standard error once. `exit_code` is that of the
    first. Unless they are `tolerated`, the first one raises its `SluiceError`."""

    def __init__(self, *, tolerated: bool = True) -> None:
        self.exit_code: int = ExitCode.DONE
        self._tolerated = tolerated
        self._names: set[str] = set()

    def read(self, stacks: Sequence[Stack], read: Callable[[Stack], Result]) -> dict[str, Result]:
        """What `read` returns for each stack, by name, without those for which it fails."""

        def prepared(stack: Stack) -> Result:
            stack.prepare_queries()
            return read(stack)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            reading = {stack.name: pool.submit(prepared, stack) for stack in stacks}
        results = {}
        for name, one in reading.items():
            try:
                results[name] = one.result()
            except SluiceError as error:
                if not self._tolerated:
                    raise
                self._report(name, error)
        return results

    def _report(self, name: str, error: SluiceError) -> None:
        if name in self._names:
            return
        self._names.add(name)
        self.exit_code = self.exit_code or error.exit_code
        message = str(error)
        print(clean_lines(message if name in message else f"{name}: {message}"), file=sys.stderr)
