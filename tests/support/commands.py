"""The operator's command line on the tests' deployment."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from sluice_cli.local_aws.server import ROOT, LocalAws

# The commands as they are, except that `--local` means the tests' local AWS, and that they need not ask Terraform for
# a system's outputs.
RUN = """
import json, sys
from pathlib import Path
from sluice_cli.terraform import deployment
from sluice_cli.verbs import failures
from checks.verbs import simulate
from sluice_cli import target
from sluice_cli import __main__ as tool
from checks import __main__ as checks
target.LOCAL = failures.LOCAL = simulate.LOCAL = Path(sys.argv.pop(1))
outputs, patience = json.loads(sys.argv.pop(1)), float(sys.argv.pop(1))
simulate.PATIENCE_SECONDS = patience
if outputs:
    deployment.outputs = lambda system, target: outputs
sys.exit((checks if sys.argv[1] in checks.NAMES else tool).main())
"""


def run_command(
    local: LocalAws,
    outputs: Mapping[str, str] | None,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    patience: float = 60,
    timeout: float = 240,
) -> tuple[int, str, str]:
    """Exit code, output and error output. Without `outputs` nothing is deployed."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(local.folder), json.dumps(outputs), str(patience), *arguments],
        cwd=ROOT,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
