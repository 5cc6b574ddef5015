"""Check the locked Python and npm packages for known vulnerabilities."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from checks import ROOT
from scripts.locked_requirements import locked_requirements
from sluice_cli.terminal import console

HELP = (
    "known vulnerabilities in the locked dependencies; asks PyPI and npm's registry; exit code 0 when there are none, "
    "1 when there are, 2 when it could not be told"
)
TOOLS = ROOT / ".tools"


class NotAudited(RuntimeError):
    """The advisories could not be fetched, so that the result is unknown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    table = Table("Where", "Package", "Advisory", "Fixed in")
    found, unknown = 0, []
    for where, audit in (("Pipfile.lock", python_advisories), ("package-lock.json", npm_advisories)):
        try:
            advisories = audit()
        except NotAudited as error:
            unknown.append(f"{where}: {error}")
            continue
        console.print(f"{where}: {len(advisories)} advisories", markup=False)
        found += len(advisories)
        for advisory in advisories:
            table.add_row(where, *advisory)
    if found:
        console.print(table)
    for one in unknown:
        print(f"not audited: {one}", file=sys.stderr)
    return 1 if found else 2 if unknown else 0


def python_advisories() -> list[tuple[str, str, str]]:
    """Package, advisory, and the versions that fix it. Raises `NotAudited` if a package could not be checked: pip-audit
    itself skips packages that its source does not know."""
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    categories = [name for name in lock if name != "_meta"]
    advisories: set[tuple[str, str, str]] = set()
    for category in categories:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
            requirements.write(locked_requirements([category]))
            requirements.flush()
            options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
            said = _run([str(TOOLS / "scanners/bin/pip-audit"), "--requirement", requirements.name, *options])
        packages = _json(said, "pip-audit")["dependencies"]
        skipped = [f"{one['name']} ({one['skip_reason']})" for one in packages if "skip_reason" in one]
        if skipped or not packages:
            raise NotAudited(f"{len(skipped)} of {len(packages)} packages of [{category}], such as {skipped[:1]}")
        advisories |= {
            (f"{one['name']} {one['version']}", known["id"], ", ".join(known["fix_versions"]) or "no version yet")
            for one in packages
            for known in one["vulns"]
        }
    return sorted(advisories)


def npm_advisories() -> list[tuple[str, str, str]]:
    """`python_advisories` for npm packages. Raises `NotAudited`."""
    said = _json(_run(["npm", "audit", "--json", "--package-lock-only"]), "npm audit")
    if "vulnerabilities" not in said:
        raise NotAudited(f"npm's registry gave no advisories: {said.get('message') or said}")
    return sorted(
        (name, ", ".join(via["url"] for via in one["via"] if isinstance(via, dict)), str(one["fixAvailable"]))
        for name, one in said["vulnerabilities"].items()
    )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NotAudited(
            f"{Path(command[0]).name} is not installed: `make audit` installs or names what it needs"
        ) from error


def _json(done: subprocess.CompletedProcess[str], tool: str) -> Any:
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        tail = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise NotAudited(f"{tool} ended with {done.returncode}: {tail}") from error


if __name__ == "__main__":
    sys.exit(run(argparse.Namespace()))
