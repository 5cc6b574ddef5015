"""Says from which folders archives are built, where a program that runs the app asks for it: `sluice watch`."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from .installed import Installed

VARIABLE = "SLUICE_ARCHIVE_SOURCES"  # names a file, to which a line of JSON is added for each archive


def record_sources(
    archive: Path,
    digest: bytes,
    packages: Sequence[Path],
    libraries: Path | None,
    exclude: Sequence[str],
    installed: Installed | None,
) -> None:
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = {
        "sha256": digest.hex(),
        "name": archive.name,
        "packages": [str(one) for one in packages],
        "libraries": str(libraries) if libraries else None,
        "exclude": list(exclude),
        "installed": [list(installed.names), installed.runtime, installed.architecture] if installed else None,
        "builder": __package__,
    }
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
