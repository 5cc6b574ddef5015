"""`scripts/setup.sh` in a small project: with uv, with each step failing, and repeatedly."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.locked_requirements import locked_requirements

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = ("setup.sh", "locked_requirements.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that locks one small library for everything."""
    (tmp_path / "scripts").mkdir()
    for name in SCRIPTS:
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts" / name)
    locked = json.loads((ROOT / "Pipfile.lock").read_text())
    small = {"idna": locked["default"]["idna"]}
    lock = {"default": small, "develop": {"uv": locked["develop"]["uv"]}, "local-aws": small, "lambda": small}
    (tmp_path / "Pipfile.lock").write_text(json.dumps(lock))
    package = {"name": "small", "version": "1.0.0", "private": True}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "package-lock.json").write_text(
        json.dumps({**package, "lockfileVersion": 3, "packages": {"": package}})
    )
    (tmp_path / "node_modules").mkdir()
    return tmp_path


def set_up(
    project: Path, *extras: str, environment: Mapping[str, str] = os.environ
) -> subprocess.CompletedProcess[str]:
    variables = {**environment, "PYTHON": sys.executable}
    command = ["/bin/sh", str(project / "scripts" / "setup.sh"), *extras]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_where_uv_fails_pip_installs_everything_and_a_second_run_has_nothing_to_do(project: Path) -> None:
    # The real uv, with an unreachable index.
    offline = {**os.environ, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(project / "cache")}
    done = set_up(project, environment=offline)
    assert done.returncode == 0, done.stdout + done.stderr
    by_pip = "by pip, since uv failed: see .tools/logs"
    assert installed(done) == [
        f"the Python environment {by_pip}/the-python-environment.log",
        f"the functions' libraries {by_pip}/the-functions-libraries.log",
        "the layout of pictures",
        f"the local AWS {by_pip}/the-local-aws.log",
    ]
    for python in (".venv/bin/python", ".tools/local-aws/bin/python"):
        assert subprocess.run([project / python, "-c", "import idna"], check=False).returncode == 0
    assert (project / ".tools" / "lambda-libraries" / "idna" / "core.py").is_file()
    assert (project / ".venv" / "bin" / "sluice").is_file()
    log = (project / ".tools" / "logs" / "the-local-aws.log").read_text()
    assert "Successfully installed idna" in log  # pip's message

    again = set_up(project, environment=offline)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    more = set_up(project, "dev", "npm", environment=offline)
    assert more.returncode == 0
    assert [one.partition(" by pip")[0] for one in installed(more)] == ["cdktf-cli", "the tools of tests and lint"]


def installed(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What was installed, and how; each step says when it begins and when it ends."""
    said = [line.partition(" (")[0] for line in done.stdout.splitlines() if not line.startswith("Waiting")]
    steps = sorted(line.removeprefix("Installed ") for line in said if line.startswith("Installed "))
    begun = [f"Installing {one.partition(' by pip')[0]} ..." for one in steps]
    assert sorted(said) == sorted([*begun, *(f"Installed {one}" for one in steps)])
    return steps


def test_a_step_that_fails_is_named_with_the_end_of_its_log(project: Path) -> None:
    lock = json.loads((project / "Pipfile.lock").read_text())
    lock["default"] = {"idna": {**lock["default"]["idna"], "hashes": ["sha256:" + 64 * "0"]}}
    (project / "Pipfile.lock").write_text(json.dumps(lock))
    # As with `env -i`: no settings of the tests' machine help uv.
    done = set_up(project, environment={"PATH": os.environ["PATH"], "HOME": str(project)})
    assert done.returncode == 1
    first, *log = done.stderr.splitlines()
    assert first == "Installing the Python environment failed; the end of .tools/logs/the-python-environment.log:"
    assert any("idna" in line for line in log)
    # Where no variable is needed to reach the index, uv reaches it with the certificates that pip trusts.
    whole = (project / ".tools" / "logs" / "the-python-environment.log").read_text()
    assert "Hash mismatch for `idna" in whole or "THESE PACKAGES DO NOT MATCH THE HASHES" not in whole
    assert not (project / ".tools" / "local-aws").exists()


def test_locked_requirements_are_those_of_the_categories_with_markers_and_hashes(tmp_path: Path) -> None:
    lock = tmp_path / "Pipfile.lock"
    first = {"version": "==1.0", "hashes": ["sha256:aa", "sha256:bb"]}
    second = {"version": "==2.0", "markers": "python_version >= '3.9'", "hashes": ["sha256:cc"]}
    lock.write_text(json.dumps({"default": {"b": first}, "develop": {"a": second, "b": first}, "other": {"c": first}}))
    assert locked_requirements(["packages", "dev-packages"], lock) == (
        "a==2.0 ; python_version >= '3.9' --hash=sha256:cc\nb==1.0 --hash=sha256:aa --hash=sha256:bb\n"
    )
    assert locked_requirements(["other"], lock) == "c==1.0 --hash=sha256:aa --hash=sha256:bb\n"
    with pytest.raises(KeyError, match="bench"):
        locked_requirements(["bench"], lock)
