"""A new CDKTF project from a template: a stack, a function, their tests, and a workflow that runs them."""

import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from importlib.machinery import PathFinder
from keyword import iskeyword, issoftkeyword
from pathlib import Path

from sluice_cli.errors import InputError
from sluice_cli.version import installed_version

TEMPLATE = Path(__file__).with_name("template")
# Files that replace the template's in a project whose function uses the handler toolkit.
WITH_FUNCTIONS = Path(__file__).with_name("with_functions")
SUFFIX = ".template"
DOT = "dot-"  # replaces the leading dot of a file name in the template
PLACEHOLDER = re.compile(r"@([A-Z]+)@")

# The bucket's name is the longest that is derived from it, with at most 63 characters: NAME-inbox-ACCOUNT.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
SHORTEST, LONGEST = 2, 40
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
FORBIDDEN_PREFIXES = ("sthree-", "amzn-s3-demo-")
# Device names, which no file or folder on Windows can have: a project of that name could not be cloned there.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_DEVICES = {"aux", "con", "nul", "prn", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
# Modules and folders of the new project itself, and what it imports.
RESERVED = {
    "cdktf",
    "cdktn",
    "conftest",
    "functions",
    "main",
    "recorder",
    "sluice",
    "sluice_cli",
    "sluice_functions",
    "terraform",
    "tests",
}


def create(name: str, parent: Path, *, functions: bool = False) -> Path:
    """Create the project in a new folder `name` in `parent`, with `functions` on the handler toolkit
    (`sluice_functions`) instead of boto3 alone. Returns the folder.

    Raises `InputError` for an invalid name and for a folder that is not empty. Nothing is left behind if it fails.
    """
    check(name)
    folder = parent / name
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder} exists and is not a folder: choose another name, or move it away")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty: choose another name, or empty it")
    draft = Path(tempfile.mkdtemp(dir=parent, prefix=f".{name}-"))
    try:
        values = _values(name, functions=functions)
        _write(TEMPLATE, draft, values)
        if functions:
            _write(WITH_FUNCTIONS, draft, values)
        draft.chmod(0o755)
        draft.rename(folder)  # atomic; replaces an empty folder
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(draft)
    return folder


def check(name: str) -> None:
    """Raises `InputError` with the reason why a name is invalid, and a similar valid name if there is one."""
    if not NAME.fullmatch(name) or not SHORTEST <= len(name) <= LONGEST:
        like = _like(name)
        raise InputError(
            f"{name!r} cannot be a project's name: {SHORTEST} to {LONGEST} lower-case letters, digits and single "
            "hyphens, beginning with a letter" + (f"; {like} would do" if like else "")
        )
    prefix = next((prefix for prefix in FORBIDDEN_PREFIXES if name.startswith(prefix)), None)
    if prefix:
        raise InputError(f"{name!r} cannot be a project's name: S3 allows no bucket whose name begins with {prefix}")
    if name in WINDOWS_DEVICES:
        raise InputError(
            f"{name!r} cannot be a project's name: Windows reserves it, so the project could not be cloned there; "
            f"{name}-app would do"
        )
    package = _package(name)
    if _is_taken(package):
        raise InputError(
            f"{name!r} cannot be a project's name: its Python package {package} would hide a module of that name, "
            f"or be hidden by it; {name}-app would do"
        )


def _is_taken(package: str) -> bool:
    if package in RESERVED or package in sys.stdlib_module_names or iskeyword(package) or issoftkeyword(package):
        return True
    # Modules in the current folder do not count: the new project cannot import them.
    elsewhere = [one for one in sys.path if one and Path(one).resolve() != Path.cwd()]
    return PathFinder.find_spec(package, elsewhere) is not None


def _like(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    like = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-").lstrip("0123456789-")[:LONGEST].rstrip("-")
    usable = len(like) >= SHORTEST and like not in WINDOWS_DEVICES and not _is_taken(_package(like))
    return like if usable else ""


def _package(name: str) -> str:
    return name.replace("-", "_")


def _values(name: str, *, functions: bool) -> dict[str, str]:
    return {
        "NAME": name,
        "PACKAGE": _package(name),
        "CLASS": "".join(word.capitalize() for word in name.split("-")) + "Stack",
        "ID": str(uuid.uuid4()),
        "EXTRAS": "tool,test,functions" if functions else "tool,test",
        "INSTALLED": f'\n{" " * 12}installed=["sluice-functions"],' if functions else "",
        "VERSION": f"=={version}" if (version := installed_version()) else "",
    }


def _write(template: Path, folder: Path, values: Mapping[str, str]) -> None:
    for source in sorted(template.rglob(f"*{SUFFIX}")):
        parts = source.relative_to(template).parts
        names = [values["PACKAGE"] if one == "package" else one.replace(DOT, ".", 1) for one in parts]
        target = folder.joinpath(*names[:-1], names[-1].removesuffix(SUFFIX))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = PLACEHOLDER.sub(lambda match: values[match[1]], source.read_text(encoding="utf-8"))
        target.write_text(text, encoding="utf-8")
