"""Waiting for results."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terminal import console

PATIENCE_SECONDS = 60
STEP_SECONDS = 0.3


def wait_for(local: LocalAws, total: int, look: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Wait until `look` counts `total` results of each kind. Returns the counts. Raises `DeploymentError` after a
    minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = look()
    if _lacks(found, total):
        # No progress bar: the deployment of other systems has one at the same time.
        console.print(f"Waiting for {' and '.join(kind.lower() for kind in found)} ...", markup=False)
    while _lacks(found, total):
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


def _lacks(found: Mapping[str, Any], total: int) -> bool:
    return any(len(one) < total for one in found.values())
