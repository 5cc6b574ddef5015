"""Adds files to the wheel: elkjs, the JavaScript library that lays out diagrams, so that diagrams need no npm, and the
pinned requirements of the local AWS.

Run by hatchling (pyproject.toml). Both come from the lock files. A build that cannot include them fails.
"""

import base64
import hashlib
import json
import runpy
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ELKJS = Path("node_modules", "elkjs")
ELKJS_FILES = ("LICENSE.md", "package.json", "lib/elk.bundled.js")
# elk.cjs is in the parent folder of node_modules, where Node.js resolves the package.
ELKJS_IN_WHEEL = Path("sluice_cli", "review", "picture", "node_modules", "elkjs")
LOCK = "package-lock.json"
EDITABLE = Path(".tools", "editable")  # one of dev-mode-dirs in pyproject.toml

LOCAL_AWS_REQUIREMENTS = Path("sluice_cli", "local_aws", "requirements.txt")


class IncompleteError(RuntimeError):
    """A file of the package cannot be included."""


class BuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        files: dict[str, str] = build_data["force_include"]
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-build-")  # removed when the hook is, after the build
        folder = Path(self._folder.name)
        if version == "editable":  # which has all else in the checkout
            link_modules(root)
            return
        try:
            elkjs = elkjs_folder(root, folder)
        except IncompleteError as error:
            self.app.abort(f"the build would be incomplete: {error}")
        place = ELKJS_IN_WHEEL if self.target_name == "wheel" else ELKJS
        files |= {str(elkjs / name): str(place / name) for name in ELKJS_FILES}
        if self.target_name == "wheel":
            requirements = folder / LOCAL_AWS_REQUIREMENTS.name
            pinned = runpy.run_path(str(root / "scripts" / "locked_requirements.py"))["locked_requirements"]
            requirements.write_text(pinned(["local-aws"]))
            files[str(requirements)] = str(LOCAL_AWS_REQUIREMENTS)


def link_modules(root: Path) -> None:
    """Make `modules/` importable as `sluice`, for an editable installation."""
    link = root / EDITABLE / "sluice"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(root / "modules", target_is_directory=True)


def elkjs_folder(root: Path, folder: Path) -> Path:
    """The folder of the locked version of elkjs: the installed one, or one that npm downloads into `folder`.

    A source distribution brings it, without a lock file. Raises `IncompleteError`.
    """
    lock = root / LOCK
    locked = json.loads(lock.read_text(encoding="utf-8"))["packages"][ELKJS.as_posix()] if lock.is_file() else None
    installed = root / ELKJS
    if all((installed / name).is_file() for name in ELKJS_FILES):
        version = json.loads((installed / "package.json").read_text(encoding="utf-8"))["version"]
        if locked is None or version == locked["version"]:
            return installed
    if locked is None:
        raise IncompleteError(f"{ELKJS} is missing from this source distribution")
    return _downloaded(f"elkjs@{locked['version']}", locked["integrity"], folder)


def _downloaded(package: str, integrity: str, folder: Path) -> Path:
    advice = "run `npm ci` first (`make package` does)"
    try:
        command = ["npm", "pack", package, "--pack-destination", str(folder), "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise IncompleteError(f"{package} is not installed, and npm is not on PATH: {advice}") from error
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        reason = done.stderr.strip().partition("\n")[0] or "no reason is given"
        raise IncompleteError(f"{package} is not installed, and npm cannot download it ({reason}): {advice}")
    algorithm, _, expected = integrity.partition("-")
    if base64.b64encode(hashlib.new(algorithm, archives[0].read_bytes()).digest()).decode() != expected:
        raise IncompleteError(f"npm downloaded a {package} whose hash is not the one in {LOCK}")
    with tarfile.open(archives[0]) as archive:
        members = [archive.getmember(f"package/{name}") for name in ELKJS_FILES]
        archive.extractall(folder, members, filter="data")
    return folder / "package"
