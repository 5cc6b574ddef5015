"""Each example passes its tests that need no AWS, is listed for readers, and has no type errors."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checks import ROOT
from sluice_cli.project import Project
from sluice_cli.review.picture.stacks import draw_all
from tests.support.examples import EXAMPLES, NAMES


def installed(site: Path) -> dict[str, str]:
    """The environment of a user's programs, with Sluice from the wheels."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"PYTHONPATH": str(site)}


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_that_need_no_aws_pass(name: str, site: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--ignore", "tests/test_deployed.py"]
    done = subprocess.run(
        command, cwd=tmp_path / name, env=installed(site), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_shows_the_picture_of_the_stack_as_it_is(name: str, site: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    app = Project.read(tmp_path / name)
    drawn = draw_all(app.synthesize(installed(site), tmp_path / "cdktf.out", quiet=True))[name]
    committed = EXAMPLES / name / "diagrams" / f"{name}.svg"
    assert drawn == committed.read_text(encoding="utf-8"), "run `sluice diagram` in the example"
    assert f"](diagrams/{name}.svg)" in (EXAMPLES / name / "README.md").read_text(encoding="utf-8")


def test_every_example_is_listed_for_readers() -> None:
    for page in (EXAMPLES / "README.md", ROOT / "docs" / "examples.md"):
        text = page.read_text(encoding="utf-8")
        assert [name for name in NAMES if name not in text] == []


def test_the_examples_have_no_type_errors(site: Path, tmp_path: Path) -> None:
    """Checked in one run, in which `main.py` and `tests` of each have a name of their own."""
    bases, files = [str(site)], []
    for name in NAMES:
        folder = tmp_path / name
        package = name.replace("-", "_")
        for path in sorted((EXAMPLES / name).rglob("*.py")):
            inside = path.relative_to(EXAMPLES / name).as_posix()
            target = folder / re.sub(r"^(main|tests)(?=[./])", rf"{package}_\1", inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8").replace("from tests.", f"from {package}_tests."))
            files.append(str(target))
        bases += [str(folder), str(folder / "functions")]
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(
        "[mypy]\nstrict = true\nexplicit_package_bases = true\nnamespace_packages = true\n"
        "[mypy-cdktf_cdktf_provider_aws]\nfollow_imports = skip\n"
        "[mypy-boto3.*,botocore.*]\nignore_missing_imports = true\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(configuration), *files],
        cwd=tmp_path,
        env={"PATH": "", "MYPYPATH": ":".join(bases)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
