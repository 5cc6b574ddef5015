"""Archives of the modules for people who have no clone: each with the function's code, ready for `source`."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from modules._packaging.archive import write_archive
from modules._packaging.sources import SourceFile

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"


def pack_release(module: Path, files: Iterable[str], folder: Path) -> Path:
    """Write `terraform-NAME-VERSION.zip` with these files of a module, and return its path. The same files give the
    same bytes, so that a release can be rebuilt and compared."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"terraform-{module.name}-{version}.zip"
    with archive.open("wb") as out:
        write_archive(out, {name: SourceFile(module / name, executable=False) for name in files})
    return archive
