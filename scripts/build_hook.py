"""Adds files to the wheel: the JavaScript that lays out diagrams, so that diagrams need no npm, and the pinned
requirements of the local AWS.

Run by hatchling (pyproject.toml). Both come from the lock files and from what `make setup` installs.
"""

import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ELKJS = Path("node_modules", "elkjs")
ELKJS_FILES = ("LICENSE.md", "package.json", "lib/elk.bundled.js")
# elk.cjs is in the parent folder of node_modules, where Node.js resolves the package.
ELKJS_IN_WHEEL = Path("sluice_cli", "review", "picture", "node_modules", "elkjs")

LOCAL_AWS_REQUIREMENTS = Path("sluice_cli", "local_aws", "requirements.txt")


class BuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version
        root = Path(self.root)
        files: dict[str, str] = build_data["force_include"]
        if not (root / ELKJS / ELKJS_FILES[-1]).is_file():
            print("elkjs is not installed (`make setup` or `npm ci`): this build cannot draw pictures", file=sys.stderr)
        else:
            place = ELKJS_IN_WHEEL if self.target_name == "wheel" else ELKJS
            files |= {str(root / ELKJS / name): str(place / name) for name in ELKJS_FILES}
        if self.target_name == "wheel":
            self._made = tempfile.TemporaryDirectory()
            requirements = Path(self._made.name, LOCAL_AWS_REQUIREMENTS.name)
            pinned = runpy.run_path(str(root / "scripts" / "locked_requirements.py"))["locked_requirements"]
            requirements.write_text(pinned(["local-aws"]))
            files[str(requirements)] = str(LOCAL_AWS_REQUIREMENTS)
