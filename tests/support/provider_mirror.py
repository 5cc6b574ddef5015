"""A mirror of Terraform's AWS provider that gives Terraform the provider's schemas as they were given before, and
processes of the provider that run already.

Each command of Terraform starts the provider once for its schemas alone, which takes the provider more than a second of
processor time, and again for each walk through the configuration; hundreds of commands run in the tests. In this
mirror the provider is a script that has Terraform connected by a process of the test run
(tests/support/provider_server.py). Without one, and for Terraform with TLS or a log, it is the provider itself.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from sluice_cli.errors import SluiceError
from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.terraform.mirror import VARIABLE, find_mirrors

ROOT = Path(__file__).parent.parent.parent
SERVER = "tests.support.provider_server"
NAME = "provider-mirror"
PROVIDERS = "terraform-provider-aws_*"
# The folder of the process that connects, named after the process that runs the tests.
VARIABLE_OF_RUN = "PYTEST_PROVIDERS"
RUN = "run"
# Of Terraform, and without effect on others: whether it speaks with providers over TLS.
WITHOUT_TLS = "TF_DISABLE_PLUGIN_TLS"
SCRIPT = """#!{bash}
# Made by tests/support/provider_mirror.py
set +o posix  # where it was set, a failed redirection would end this
trap '' INT  # Terraform ends its providers in order
ask() {{
  read -r port token <"$PYTEST_PROVIDERS/address" && exec 3<>"/dev/tcp/127.0.0.1/$port" &&
    printf '%s\\n' "$token" $$ $PPID "{provider}" "{kept}" >&3 && read -r line <&3
}} 2>/dev/null
if [ -n "$PYTEST_PROVIDERS" ] && [ -z "$PLUGIN_CLIENT_CERT$TF_LOG$TF_LOG_PROVIDER" ]; then
  if ask || {{ PYTHONPATH="{root}" "{python}" -Ps -m {server} "$PYTEST_PROVIDERS" >/dev/null 2>&1 && ask; }}; then
    echo "$line"
    read -r _ <&3
    exit
  fi
fi
exec "{provider}" 3>&-
"""


def use(folder: Path, environment: MutableMapping[str, str]) -> None:
    """Write the mirror to a folder and let Terraform use it, where an unpacked provider is on disk and nobody has named
    another mirror.
    """
    bash = shutil.which("bash")
    if VARIABLE in environment or bash is None or not sys.platform.startswith("linux"):
        return
    try:
        mirrors, python = find_mirrors(environment), python_of_local_aws()
    except SluiceError:  # the provider is downloaded then, or tests say what is missing
        return
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob(f"{RUN}-*"):
        number = earlier.name.rpartition("-")[2]
        if number == str(os.getpid()) or not Path("/proc", number).exists():
            shutil.rmtree(earlier, ignore_errors=True)
    for mirror in reversed(mirrors):
        for path in mirror.rglob("*"):
            copy = folder / "mirror" / path.relative_to(mirror)
            if path.is_dir():
                copy.mkdir(parents=True, exist_ok=True)
            elif path.match(PROVIDERS) and os.access(path, os.X_OK):
                status = path.stat()
                kept = folder / f"{path.name}-{status.st_size}-{status.st_mtime_ns}"
                text = SCRIPT.format(bash=bash, python=python, root=ROOT, server=SERVER, provider=path, kept=kept)
                _replace(copy, text, folder / f"draft-{os.getpid()}")
            else:
                with contextlib.suppress(FileExistsError):
                    copy.symlink_to(path)
    environment[VARIABLE] = str(folder / "mirror")
    environment[VARIABLE_OF_RUN] = str(folder / f"{RUN}-{os.getpid()}")
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
