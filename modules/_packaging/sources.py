"""Selects the files of a folder for an archive."""

import functools
import os
import re
import stat
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path, PurePosixPath

from ..errors import ConfigurationError

# Caches and the like, which differ from one run to the next.
CACHES = ("__pycache__/", "*.pyc", "*.pyo", ".DS_Store", ".mypy_cache/", ".pytest_cache/", ".ruff_cache/")
# Secrets, version control and development files: left out with a warning, unless `exclude` includes them ("!tests").
DEVELOPMENT = (
    *(".env", ".env.*", ".envrc", ".direnv/", ".netrc", ".npmrc", ".pypirc", ".aws/", ".ssh/"),
    *("*.tfstate", "*.tfstate.backup", ".terraform/", "cdktf.out/"),
    *(".git", ".gitattributes", ".gitignore", ".gitmodules", ".github/", ".hg/", ".svn/"),
    *(".venv/", "venv/", ".tox/", ".nox/", ".eggs/", "*.egg-info/", "node_modules/"),
    *("tests/", ".coverage", ".coverage.*", "htmlcov/", ".idea/", ".vscode/"),
)
# Files of pip that differ from one version of pip to the next, and stubs, which only type checkers read.
OF_PIP = (
    *CACHES,
    "/bin/",
    "/.installed",
    "*.pyi",
    *(
        f"*.dist-info/{name}"
        for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json")
    ),
)
WILDCARD = re.compile(r"[*?[]")
VIRTUAL_ENVIRONMENT = "pyvenv.cfg"  # marks a folder as a virtual environment, whatever its name


@dataclass(frozen=True)
class SourceFile:
    """A file for an archive."""

    path: Path
    executable: bool


def own_files(package: Path, exclude: Sequence[str] = ()) -> tuple[tuple[str, SourceFile], ...]:
    """The files of a function's own folder by name, without those that the patterns exclude.

    Patterns are those of `.gitignore`: a name (`*.md`), a path from the folder (`docs/*`), with `/` at the end for
    folders only. The last matching pattern decides, and `!` includes what an earlier one excludes.
    """
    return _files(package, (*CACHES, *DEVELOPMENT), tuple(exclude))


def library_files(folder: Path) -> tuple[tuple[str, SourceFile], ...]:
    """The files of a folder of installed libraries by name, without pip's leftovers."""
    return _files(folder, OF_PIP, None)


def is_left_by_pip(name: str) -> bool:
    """Whether an installed library's file is none of its own, or in a folder of such."""
    parts = PurePosixPath(name).parts
    folders = ("/".join(parts[:length]) for length in range(1, len(parts)))
    return _is_excluded(name, False, OF_PIP) or any(_is_excluded(folder, True, OF_PIP) for folder in folders)


def forget_files() -> None:
    """Look at folders anew: for programs that outlive a change of them."""
    _files.cache_clear()


@functools.cache
def _files(
    folder: Path, defaults: tuple[str, ...], exclude: tuple[str, ...] | None
) -> tuple[tuple[str, SourceFile], ...]:
    """The files that no pattern excludes. Warns of what is left out by default or by a wildcard; not if `exclude` is
    None."""
    left_out: list[str] = []
    files = tuple(_walk(folder, "", (*defaults, *(exclude or ())), left_out, (folder.resolve(),)))
    expected = (*CACHES, *(one for one in exclude or () if not WILDCARD.search(one)))
    said = sorted(name for name in left_out if not _is_excluded(name, name.endswith("/"), expected))
    if exclude is not None and said:
        names = ", ".join(said[:10]) + (f" and {len(said) - 10} more" if len(said) > 10 else "")
        warnings.warn(
            f"function code: left out of {folder.name}: {names}; exclude=['!{said[0]}'] packs what you need",
            stacklevel=2,
        )
    return files


def _walk(
    folder: Path, inside: str, exclude: tuple[str, ...], left_out: list[str], above: tuple[Path, ...]
) -> Iterator[tuple[str, SourceFile]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError as error:
        raise unreadable(folder, error) from error
    for entry in entries:
        name, path = f"{inside}{entry.name}", Path(entry.path)
        try:
            mode = path.stat().st_mode  # the type of a link's target
        except OSError as error:
            if _is_excluded(name, False, exclude):
                continue
            raise unreadable(path, error) from error
        is_folder = stat.S_ISDIR(mode)
        if _is_excluded(name, is_folder, exclude) or (is_folder and (path / VIRTUAL_ENVIRONMENT).is_file()):
            left_out.append(f"{name}/" if is_folder else name)
        elif is_folder:
            target = path.resolve()
            if target in above:
                raise ConfigurationError(f"function code: {path} links to a folder that it is in; leave it out")
            yield from _walk(path, f"{name}/", exclude, left_out, (*above, target))
        elif stat.S_ISREG(mode):
            if not _is_utf8(name):
                raise ConfigurationError(f"function code: the name of {str(path)!r} is not UTF-8; rename the file")
            yield name, SourceFile(path, bool(mode & stat.S_IXUSR))
        else:
            raise ConfigurationError(f"function code: {path} is neither a file nor a folder; leave it out (`exclude`)")


def unreadable(path: Path, error: OSError) -> ConfigurationError:
    """The error for a file or folder that cannot be read."""
    return ConfigurationError(f"function code: {path} cannot be read: {error.strerror}; leave it out (`exclude`)")


def _is_utf8(name: str) -> bool:
    # https://docs.python.org/3/library/os.html#file-names-command-line-arguments-and-environment-variables
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _is_excluded(name: str, is_folder: bool, patterns: Sequence[str]) -> bool:
    path = name.rstrip("/")
    last = path.rpartition("/")[2]
    for excludes, folders_only, of_path, matches in _last_first(tuple(patterns)):
        if (is_folder or not folders_only) and matches(path if of_path else last):
            return excludes
    return False


@functools.cache
def _last_first(patterns: tuple[str, ...]) -> tuple[tuple[bool, bool, bool, Callable[[str], object]], ...]:
    """The last matching pattern decides. Of each: whether it excludes, whether it is for folders only, whether it is
    for the whole path, and what matches it.
    """
    parsed = []
    for pattern in reversed(patterns):
        given = pattern.removeprefix("!")
        text = given.rstrip("/")
        matches = re.compile(translate(text.removeprefix("/"))).match
        parsed.append((not pattern.startswith("!"), given.endswith("/"), "/" in text, matches))
    return tuple(parsed)
