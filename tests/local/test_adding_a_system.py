"""A system added in four places (tests/unit/test_adding_a_system.py) needs no registration for demo or proofs."""

import re
from pathlib import Path
from urllib.request import urlopen

from sluice_cli.project import Project, Synthesized
from sluice_cli.target import local_aws_of, local_target
from tests.support.added_system import copy_with_added_system, run

# In the tree's own project, after its `make demo`: the proofs of one system.
PROVE = """
from checks.deployed import repository
from checks.verbs.prove_iam import prove_all
from sluice_cli.target import local_aws_of, local_target

project = repository()
local = local_aws_of(project)
proofs = prove_all(["doorbell"], local, local_target(project))["doorbell"]
print(len([one for one in proofs if one.run]), [one.problem for one in proofs if one.problem])
"""


def test_an_added_system_is_deployed_shown_and_proven_on_a_local_aws(tmp_path: Path) -> None:
    tree = tmp_path / "sluice"
    copy_with_added_system(tree)
    try:
        shown = run(tree, "-m", "checks", "demo", "doorbell")
        assert shown.returncode == 0, shown.stdout + shown.stderr
        assert "doorbell" in Synthesized.read(local_target(Project.read(tree)).output).folders  # of all systems
        assert "Rows: 2 of 2." in shown.stdout
        (console,) = re.findall(r"(http://127\.0\.0\.1:\d+/)#token=", shown.stdout)
        with urlopen(console, timeout=60) as page:  # noqa: S310 - an http address, by the pattern
            assert b"<title>" in page.read()
        proven = run(tree, "-c", PROVE)
        assert proven.returncode == 0, proven.stderr
        by_runs, problems = proven.stdout.splitlines()[-1].split(" ", 1)
        assert (int(by_runs) > 5, problems) == (True, "[]")
    finally:
        local_aws_of(Project.read(tree)).stop()  # and the console with it
