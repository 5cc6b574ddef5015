"""The virtual environment of the local AWS. It is separate because ministack pins versions of its own.

In a checkout of Sluice it is `.tools/local-aws`, made by `make setup`. Elsewhere it is installed once into the user's
cache folder, from the pinned requirements with hashes in the package.
"""

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sluice_cli.errors import LocalAwsError
from sluice_cli.locking import locked

CHECKOUT = Path(__file__).parent.parent.parent
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
SHOWN_LINES = 12


def python_of_local_aws() -> Path:
    """The Python of the local AWS; its virtual environment is installed if it is missing. Raises `LocalAwsError` with
    advice if that fails.
    """
    own = CHECKOUT / ".tools" / "local-aws" / "bin" / "python"
    if own.is_file():
        return own
    if not REQUIREMENTS.is_file():
        raise LocalAwsError(f"the local AWS is not installed in {CHECKOUT}: run `make setup` there")
    text = REQUIREMENTS.read_bytes()
    version = "{}.{}".format(*sys.version_info)
    name = f"local-aws-{hashlib.sha256(text).hexdigest()[:12]}-python{version}"
    folder = cache_folder() / name
    if not _is_there(folder):
        cache_folder().mkdir(parents=True, exist_ok=True)
        with locked(cache_folder() / f"{name}.lock", "the installation of the local AWS"):
            if not _is_there(folder):
                _make(folder)
    return folder / "bin" / "python"


def cache_folder() -> Path:
    """`sluice` in XDG_CACHE_HOME, or in `~/.cache`. It can be deleted at any time; missing parts
    are installed again.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sluice"


def _is_there(folder: Path) -> bool:
    return (folder / "bin" / "python").exists()


def _make(folder: Path) -> None:
    print(f"Installing the local AWS into {folder}, once: about 150 MB, a minute", file=sys.stderr)
    # Installed under another name and renamed when complete: an interrupted installation is never used.
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    try:
        venv = "Python's venv module (on Debian: apt install python3-venv)"
        # -P, and -I where Python starts another one: modules in the caller's folder must not shadow Python's.
        _run([sys.executable, "-P", "-m", "venv", "--without-pip", str(partial)], venv)
        python = str(partial / "bin" / "python")
        # A pip of its own takes seconds to install. Environments like uv's have none to use.
        pip = [sys.executable, "-P", "-m", "pip", "--python", python]
        if not _pip_takes_another_python():
            _run([python, "-I", "-m", "ensurepip"], venv)
            pip = [python, "-P", "-m", "pip"]
        # Not compiled: what is imported is compiled then, a tenth of it.
        options = ["--require-hashes", "--no-deps", "--no-compile", "--quiet", "--disable-pip-version-check"]
        _run(
            [*pip, "install", *options, "-r", str(REQUIREMENTS)],
            "a package index that pip reaches (PIP_INDEX_URL names another than PyPI)",
        )
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _pip_takes_another_python() -> bool:
    """https://pip.pypa.io/en/stable/news/#v22-3"""
    try:
        version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        return False
    return [int(number) for number in re.findall(r"\d+", version)] >= [22, 3]


def _run(command: list[str], needs: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-SHOWN_LINES:])
        raise LocalAwsError(f"the local AWS could not be installed; it takes {needs}:\n{said}")


def version_of_ministack() -> str:
    """The version of the local AWS's server, without starting its Python. Raises `LocalAwsError`."""
    found = sorted(python_of_local_aws().parent.parent.glob("lib/python*/site-packages/ministack-*.dist-info"))
    return found[-1].name.removeprefix("ministack-").removesuffix(".dist-info") if found else "unknown"
