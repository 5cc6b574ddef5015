"""A mirror of Terraform's AWS provider that gives Terraform the provider's schemas as they were given before.

Each command of Terraform starts the provider once for its schemas alone, which takes the provider more than a second of
processor time, and hundreds of commands run in the tests. In this mirror the provider is a script: the first process
that a Terraform process starts answers with the schemas that the provider gave the first time, of the types that the
repository names (tests/support/schema_server.py). Every further one is the provider itself.
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from sluice_cli.errors import SluiceError
from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.terraform.mirror import VARIABLE, find_mirrors

SERVER = Path(__file__).parent / "schema_server.py"
NAME = "provider-mirror"
PROVIDERS = "terraform-provider-aws_*"
ROOT = Path(__file__).parent.parent.parent
# Of Terraform, and without effect on others: whether it speaks with providers over TLS.
WITHOUT_TLS = "TF_DISABLE_PLUGIN_TLS"
WORD = re.compile(rb"\b(?:data_)?(?:aws_)?([a-z][a-z0-9_]*)")
SCRIPT = """#!/bin/sh
# Made by tests/support/provider_mirror.py. The time at which Terraform started tells it from others with its number.
read -r status </proc/$PPID/stat
set -f
set -- ${{status##*) }}
if [ -z "$PLUGIN_CLIENT_CERT" ] && mkdir "{started}/$PPID-${{20}}" 2>/dev/null; then
  exec "{python}" -I "{server}" "{provider}" "{kept}" "{names}"
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
        mirrors, python, named = find_mirrors(environment), python_of_local_aws(), _names()
    except (SluiceError, OSError, subprocess.CalledProcessError):
        return  # the provider is downloaded then, tests say what is missing, or this is no clone
    started = folder / "started"
    started.mkdir(parents=True, exist_ok=True)
    _forget_ended(started)
    names = folder / "names"
    _replace(names, "\n".join(sorted(named)), folder)
    for mirror in reversed(mirrors):
        for path in mirror.rglob("*"):
            copy = folder / "mirror" / path.relative_to(mirror)
            if path.is_dir():
                copy.mkdir(parents=True, exist_ok=True)
            elif path.match(PROVIDERS) and os.access(path, os.X_OK):
                status = path.stat()
                kept = folder / f"{path.name}-{status.st_size}-{status.st_mtime_ns}"
                text = SCRIPT.format(
                    started=started, python=python, server=SERVER, provider=path, kept=kept, names=names
                )
                _replace(copy, text, folder)
            else:
                with contextlib.suppress(FileExistsError):
                    copy.symlink_to(path)
    environment[VARIABLE] = str(folder / "mirror")
    environment[WITHOUT_TLS] = "1"  # which takes a tenth of a second to set up


def as_before(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the mirror that `use` named."""
    return {name: value for name, value in environment.items() if name != VARIABLE or NAME not in value}


def _names() -> set[str]:
    """The names of all types that a file of the repository may mean: `aws_sqs_queue` also where it says
    `cdktf_cdktf_provider_aws.sqs_queue`.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    found: set[bytes] = set()
    for name in listed.split(b"\0"):
        with contextlib.suppress(OSError):  # removed, or a folder
            found.update(WORD.findall(Path(ROOT, os.fsdecode(name)).read_bytes()))
    return {f"aws_{word.decode()}" for word in found}


def _replace(file: Path, text: str, folder: Path) -> None:
    """Another run of the tests may be using it."""
    if not file.is_file() or file.read_text() != text:
        draft = folder / f"draft-{os.getpid()}"
        draft.write_text(text)
        draft.chmod(0o755)
        draft.replace(file)


def _forget_ended(started: Path) -> None:
    for mark in started.iterdir():
        number, _, ticks = mark.name.partition("-")
        try:
            runs = Path("/proc", number, "stat").read_text().rpartition(") ")[2].split()[19] == ticks
        except OSError:
            runs = False
        if not runs:
            with contextlib.suppress(FileNotFoundError):
                mark.rmdir()
