"""A mirror of Terraform's AWS provider that gives Terraform the provider's schemas as they were given before.

Each command of Terraform starts the provider once for its schemas alone, which takes the provider more than a second of
processor time, and hundreds of commands run in the tests. In this mirror the provider is a script: the first process
that a Terraform process starts answers with the schemas that the provider gave the first time, of the types that the
repository names (tests/support/schema_server.py). Every further one is the provider itself.
"""

import contextlib
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from checks import ROOT
from sluice_cli.errors import SluiceError
from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.terraform.mirror import VARIABLE, find_mirrors

SERVER = Path(__file__).parent / "schema_server.py"
NAME = "provider-mirror"
PROVIDERS = "terraform-provider-aws_*"
# A file with the types that the repository names, of one run of the tests: made when schemas are asked for.
NAMED_TYPES = "PYTEST_NAMED_TYPES"
# Of Terraform, and without effect on others: whether it speaks with providers over TLS.
WITHOUT_TLS = "TF_DISABLE_PLUGIN_TLS"
SCRIPT = """#!/bin/sh
# Made by tests/support/provider_mirror.py. The time at which Terraform started tells it from others with its number.
read -r status </proc/$PPID/stat
set -f
set -- ${{status##*) }}
set -C
if [ -z "$PLUGIN_CLIENT_CERT" ] && true 2>/dev/null >"{started}/$PPID-${{20}}"; then
  exec "{python}" -I "{server}" "{provider}" "{kept}"
fi
exec "{provider}"
"""


def use(folder: Path, environment: MutableMapping[str, str]) -> None:
    """Write the mirror to a folder and let Terraform use it, where an unpacked provider is on disk and nobody has named
    another mirror.
    """
    if VARIABLE in environment or not sys.platform.startswith("linux"):
        return
    try:
        mirrors, python = find_mirrors(environment), python_of_local_aws()
    except SluiceError:  # the provider is downloaded then, or tests say what is missing
        return
    started = folder / "started"
    started.mkdir(parents=True, exist_ok=True)
    _forget_ended(started)
    for file in folder.glob("named_types-*"):
        number = file.name.rpartition("-")[2]
        if number == str(os.getpid()) or not Path("/proc", number).exists():
            file.unlink(missing_ok=True)
    for mirror in reversed(mirrors):
        for path in mirror.rglob("*"):
            copy = folder / "mirror" / path.relative_to(mirror)
            if path.is_dir():
                copy.mkdir(parents=True, exist_ok=True)
            elif path.match(PROVIDERS) and os.access(path, os.X_OK):
                status = path.stat()
                kept = folder / f"{path.name}-{status.st_size}-{status.st_mtime_ns}"
                text = SCRIPT.format(started=started, python=python, server=SERVER, provider=path, kept=kept)
                _replace(copy, text, folder / f"draft-{os.getpid()}")
            else:
                with contextlib.suppress(FileExistsError):
                    copy.symlink_to(path)
    environment[VARIABLE] = str(folder / "mirror")
    if (ROOT / ".git").exists():
        environment[NAMED_TYPES] = str(folder / f"named_types-{os.getpid()}")
    environment[WITHOUT_TLS] = "1"  # which takes a tenth of a second to set up


def as_before(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the mirror that `use` named."""
    return {name: value for name, value in environment.items() if name != VARIABLE or NAME not in value}


def _replace(script: Path, text: str, draft: Path) -> None:
    """Another run of the tests may be using it."""
    if not script.is_file() or script.read_text() != text:
        draft.write_text(text)
        draft.chmod(0o755)
        draft.replace(script)


def _forget_ended(started: Path) -> None:
    for mark in started.iterdir():
        number, _, ticks = mark.name.partition("-")
        try:
            runs = Path("/proc", number, "stat").read_text().rpartition(") ")[2].split()[19] == ticks
        except OSError:
            runs = False
        if not runs:
            with contextlib.suppress(OSError):  # another run was first
                mark.unlink()
