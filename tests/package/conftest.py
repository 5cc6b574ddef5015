"""The wheel, built once for all tests of this folder, and an environment outside of the repository that has only it."""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, as a user has it, and a folder to work in."""

    environment: Path
    folder: Path

    def run(self, *command: str, cwd: Path | None = None, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment. Nothing of this repository is on any path, nor any AWS variable set."""
        path = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "SLUICE_"))}
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={**own, "PATH": path, "VIRTUAL_ENV": str(self.environment), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def check(self, *command: str, cwd: Path | None = None, **variables: str) -> str:
        """As `run`, and fail with everything that was printed unless it succeeds; gives the standard output."""
        done = self.run(*command, cwd=cwd, **variables)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheel and source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """`pip install sluice-cdktf[tool,test]`, and mypy, in a fresh environment; a minute, most of it the binding."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=True)
    made = Installed(environment, tmp_path_factory.mktemp("elsewhere"))
    made.check("pip", "install", "--no-compile", "--disable-pip-version-check", f"{wheel}[tool,test]", "mypy")
    return made
