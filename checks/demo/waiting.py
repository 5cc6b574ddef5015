"""Progress while results arrive."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terminal import console

PATIENCE_SECONDS = 60
STEP_SECONDS = 0.3


def wait_for(local: LocalAws, total: int, look: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Wait until `look` counts `total` results of each kind, and show the counts meanwhile. Returns the counts. Raises
    `DeploymentError` after a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        found = look()
        tasks = {kind: progress.add_task(kind, total=total) for kind in found}
        while True:
            for kind, task in tasks.items():
                progress.update(task, completed=len(found[kind]))
            if all(len(one) >= total for one in found.values()):
                break
            if time.monotonic() > deadline:
                missing = ", ".join(f"{len(one)} {kind.lower()}" for kind, one in found.items())
                raise DeploymentError(
                    f"after {PATIENCE_SECONDS} s there are only {missing} of {total}; "
                    f"the local AWS logs to {local.folder / 'local-aws.log'}"
                )
            time.sleep(STEP_SECONDS)
            found = look()
    console.print(" ".join(f"{kind}: {len(one)} of {total}." for kind, one in found.items()))
    return found
