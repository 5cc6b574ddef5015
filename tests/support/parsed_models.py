"""Parses what botocore reads, once for all commands that are forked, as the local AWS does for functions."""

import runpy
from pathlib import Path

# Not imported: commands import the repository's own modules themselves.
FORK_SERVER = Path(__file__).parents[2] / "sluice_cli" / "local_aws" / "emulator" / "fork_server.py"

runpy.run_path(str(FORK_SERVER))["parse_models"]()
