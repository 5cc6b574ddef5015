"""The projects in examples/, each as its user has it: a folder of its own, Sluice from the wheels."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks import ROOT
from sluice_cli.deployment.plan import StackPlan
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, PRIVATE_FOLDER, Project
from sluice_cli.pytest_plugin import SHARED
from sluice_cli.stack import synthesized_stacks
from sluice_cli.target import Target, local_target
from tests.support import forked
from tests.support.commands import once
from tests.support.provider_mirror import VARIABLE_OF_RUN

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob(f"*/{FILE}"))
# Variables of the caller that could lead into this repository or to an AWS.
FOREIGN = ("AWS_", "PYTHONSAFEPATH", "PYTEST_", "SLUICE_", "POWERTOOLS_")
# They take longer to load than everything else.
UNUSED_PLUGINS = ("cacheprovider", "hypothesispytest", "anyio", "xdist")
LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Example:
    """A copy of an example, on the tests' local AWS."""

    folder: Path
    site: Path

    @classmethod
    def copy(cls, name: str, folder: Path, site: Path, local: LocalAws) -> "Example":
        shutil.copytree(EXAMPLES / name, folder / name)
        settings = json.loads((folder / name / FILE).read_text())
        (folder / name / FILE).write_text(json.dumps({**settings, "app": once(settings["app"])}))
        (folder / name / PRIVATE_FOLDER).mkdir()
        (folder / name / PRIVATE_FOLDER / "local").symlink_to(local.folder)
        return cls(folder / name, site)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state_bucket(self) -> str:
        return str(self.target.state_bucket)

    @property
    def target(self) -> Target:
        return local_target(Project.read(self.folder))

    @property
    def environment(self) -> dict[str, str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(FOREIGN) or name == VARIABLE_OF_RUN
        }
        return {**own, "PYTHONPATH": str(self.site), SHARED: str(self.target.folder)}

    def suite(self) -> "subprocess.CompletedProcess[str]":
        """Run the example's own tests."""
        environment = self.environment.items()
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *(f"-pno:{plugin}" for plugin in UNUSED_PLUGINS)],
            cwd=self.folder,
            env={name: value for name, value in environment if name == "PYTHONPATH" or not name.startswith("PYTHON")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )

    def review(self) -> tuple[int, dict[str, Any]]:
        """The exit code of `sluice review`, and what it found in the stack."""
        done = forked.run("sluice_cli", ("review", "--local", "--json"), self.folder, self.environment, LONGEST_SECONDS)
        assert done.stdout, done.stderr
        (review,) = json.loads(done.stdout)
        return done.returncode, dict(review)

    def plan(self) -> StackPlan:
        """Terraform's plan of what is synthesized."""
        (stack,) = synthesized_stacks(self.target)
        return StackPlan.make(stack)

    def change(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Replace texts, given by file, each of which occurs once."""
        for file, replaced in texts.items():
            path = self.folder / file
            content = path.read_text(encoding="utf-8")
            for old, new in replaced.items():
                assert content.count(old) == 1, (file, old)
                content = content.replace(old, new)
            path.write_text(content, encoding="utf-8")


@dataclass(frozen=True)
class Outcome:
    """The results of an example: reviewed, deployed and tested by its suite, planned again, changed and reviewed."""

    example: Example
    first_review: tuple[int, dict[str, Any]]
    suite: "subprocess.CompletedProcess[str]"
    second_plan: StackPlan
    synthesized: str
    changed_review: tuple[int, dict[str, Any]]


def run(example: Example, change: Mapping[str, Mapping[str, str]]) -> Outcome:
    first = example.review()
    suite = example.suite()
    plan = example.plan()
    synthesized = (plan.stack.folder / "cdk.tf.json").read_text(encoding="utf-8")
    example.change(change)
    return Outcome(example, first, suite, plan, synthesized, example.review())


def dangers(review: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Each dangerous change: the resource's type, and the danger."""
    return sorted((change["type"], danger["danger"]) for change in review["changes"] for danger in change["dangers"])
