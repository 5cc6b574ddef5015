"""Function archives: file selection, libraries from lock files, and reproducible ZIP files."""

from .archive import archive_files, build_archive, sha256, write_archive
from .installed import Installed
from .libraries import build_libraries
from .pins import Dependencies
from .sources import forget_files

__all__ = [
    "Dependencies",
    "Installed",
    "archive_files",
    "build_archive",
    "build_libraries",
    "forget_files",
    "sha256",
    "write_archive",
]
