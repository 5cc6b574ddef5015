"""Function archives: file selection, libraries from lock files, and reproducible ZIP files."""

from .archive import build_archive, sha256
from .libraries import build_libraries
from .pins import Dependencies

__all__ = ["Dependencies", "build_archive", "build_libraries", "sha256"]
