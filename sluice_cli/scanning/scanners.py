"""Runs the scanners, each in a process of its own.

In a checkout of Sluice they have an environment of their own (`.tools/scanners`), because Checkov pins a boto3 version;
elsewhere the extra `scan` installs them beside Sluice.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice_cli.errors import InputError

from .stack import ScannedStack

ROOT = Path(__file__).parent.parent.parent
IN_CHECKOUT = (ROOT / "Pipfile.lock").is_file()
BIN = ROOT / ".tools" / "scanners" / "bin" if IN_CHECKOUT else Path(sys.executable).parent
INSTALL = "sh scripts/setup.sh scanners" if IN_CHECKOUT else 'pip install "sluice-cdktf[scan]"'

# Checkov's frameworks, each with the name of the file that it reads.
FRAMEWORKS = {"terraform_json": "synthesized.tf.json", "terraform_plan": "plan.json"}


# Runs a scanner's program. A tenth of its time would be looking for garbage after each 700 new objects, as Python does,
# and another a log that nobody reads and YAML, as which Checkov reads Terraform's JSON, without libyaml.
RUN = """
import gc, logging, runpy, sys
import yaml
gc.set_threshold(1_000_000)
logging.disable(logging.INFO)
if yaml.__with_libyaml__:
    yaml.SafeLoader = yaml.loader.SafeLoader = yaml.CSafeLoader
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class ScannerFailed(RuntimeError):
    """A scanner failed; the message has its output."""


@dataclass(frozen=True)
class ScannerFinding:
    """A scanner's finding about one resource. `where` is the framework of Checkov's, or the policy."""

    stack: str
    resource: str
    check: str
    says: str
    where: str


@dataclass
class ScanResult:
    """The findings, and the number of passed checks by stack and framework."""

    findings: list[ScannerFinding] = field(default_factory=list)
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)


def check_scanners() -> None:
    """Raises `InputError` with the command that installs the scanners, if they are missing."""
    if not (BIN / "checkov").is_file():
        raise InputError(f"the scanners are not installed in {BIN.parent}: run `{INSTALL}`")


def checkov(stacks: Sequence[ScannedStack], frameworks: Sequence[str] = tuple(FRAMEWORKS)) -> ScanResult:
    """Run Checkov once, off line, on the Terraform, on the plans, or on both.

    Raises `ScannerFailed`, also if Checkov saw nothing of a stack: it skips files that it cannot parse without a
    message.
    """
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        write(stacks, Path(folder), frameworks)
        found = checkov_on(Path(folder), frameworks)
    unseen = [f"{one.name} ({where})" for one in stacks for where in frameworks if not found.passed[one.name, where]]
    if unseen:
        raise ScannerFailed(f"Checkov passed nothing in {', '.join(unseen)}: it did not read it")
    return found


def write(stacks: Sequence[ScannedStack], folder: Path, frameworks: Sequence[str]) -> None:
    """Write what `checkov_on` reads of stacks into a folder."""
    for stack in stacks:
        for framework, document in zip(FRAMEWORKS, (stack.synthesized, without_absent(stack.plan)), strict=True):
            if framework not in frameworks:
                continue
            path = folder / stack.name / FRAMEWORKS[framework]
            path.parent.mkdir(exist_ok=True)
            # Indented, because Checkov cannot parse a file with a single long line.
            path.write_text(_as_yaml_reads_it(json.dumps(document, indent=2)), encoding="utf-8")


def _as_yaml_reads_it(text: str) -> str:
    """JSON for Checkov, which reads it as YAML: that knows no pairs of escapes for characters beyond U+FFFF, and only
    escapes of control characters."""
    return re.sub(r"\\ud[89ab]..\\ud[c-f]..", lambda pair: str(json.loads(f'"{pair[0]}"')), text)


def without_absent(value: Any) -> Any:
    """A plan without empty lists and texts: they stand for blocks and arguments that a resource does not have, which
    Checkov takes for given ones. A function without variables would have an environment that is not encrypted."""
    if isinstance(value, Mapping):
        return {name: without_absent(one) for name, one in value.items() if one not in ([], "")}
    return [without_absent(one) for one in value] if isinstance(value, list) else value


def checkov_on(folder: Path, frameworks: Sequence[str]) -> ScanResult:
    """Run Checkov once, off line, on a folder that has a folder for each stack. Raises `ScannerFailed`."""
    reports = _run(
        [
            *(str(BIN / "checkov"), "--directory", str(folder), "--framework", *frameworks),
            *("--skip-download", "--output", "json", "--soft-fail", "--compact"),
        ]
    )
    found = ScanResult()
    for report in reports if isinstance(reports, list) else [reports]:
        where, results = str(report["check_type"]), report["results"]
        if results["parsing_errors"]:
            raise ScannerFailed(f"Checkov could not read {', '.join(sorted(results['parsing_errors']))}")
        found.passed.update((_stack(one), where) for one in results["passed_checks"])
        found.findings += [
            ScannerFinding(_stack(one), one["resource"].rpartition(".")[2], one["check_id"], one["check_name"], where)
            for one in results["failed_checks"]
        ]
    return found


def linters(stacks: Sequence[ScannedStack]) -> ScanResult:
    """Run parliament and cloudsplaining on every policy. Raises `ScannerFailed`."""
    policies = [[stack.name, name, text] for stack in stacks for name, text in stack.policies.items()]
    judged = _run([str(Path(__file__).parent / "lint_policies.py")], json.dumps(policies))
    found = ScanResult()
    for (stack, name, _), complaints in zip(policies, judged, strict=True):
        found.passed[stack, "policies"] += not complaints
        found.findings += [ScannerFinding(stack, name, check, says, "policies") for check, says in complaints]
    return found


def _stack(result: Any) -> str:
    return Path(result["file_path"]).parent.name


def _run(command: list[str], given: str | None = None) -> Any:
    # Scanners get no credentials, proxies or platform keys of the caller.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    python = BIN / "python"
    for program in (Path(command[0]), python):
        if not program.is_file():
            raise ScannerFailed(f"{program.name} is not installed: run `{INSTALL}`")
    done = subprocess.run(
        [str(python), "-P", "-c", RUN, *command],  # without -P it would import modules of the caller's folder
        input=given,
        env={**environment, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-15:])
        raise ScannerFailed(
            f"{Path(command[0]).name} ended with {done.returncode} and gave no JSON:\n{tail}"
        ) from error
