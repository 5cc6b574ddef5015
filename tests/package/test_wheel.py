"""A user's steps with the wheel, outside of this repository: README's commands and examples, exactly as printed."""

import json
import os
import re
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from sluice_cli.terraform.mirror import VARIABLE
from tests.support.known_types import known_types

from .conftest import ROOT

# Marks of blocks in README and docs that are run; a block with a name becomes that file.
RUN = re.compile(r"<!-- run by tests/package(?:: (\S+))? -->\n```\w+\n(.*?)```", re.DOTALL)

# Variables of the caller that could lead into this repository or to an AWS.
FOREIGN = ("AWS_", "PYTHON", "SLUICE_", "TERRAFORM_", "VIRTUAL_ENV", "COVERAGE")


def blocks(page: str) -> dict[str, str]:
    """The marked blocks by file name; commands have none."""
    return dict(RUN.findall((ROOT / page).read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Shell:
    """A user's shell in an empty folder, where pip finds the wheel."""

    folder: Path
    dist: Path

    def run(self, commands: str, folder: Path | None = None) -> tuple[int, str]:
        """The exit code, and everything that is printed."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        if VARIABLE in os.environ:  # where Terraform finds the tests' provider
            own[VARIABLE] = os.environ[VARIABLE]
        # Otherwise most of the time goes into compiling submodules of the binding that nothing imports. For pip "no"
        # says that it does not compile, and "1" that it does: https://pip.pypa.io/en/stable/topics/configuration/#boolean-options
        own["PIP_NO_COMPILE"] = "no"
        links = f"{self.dist} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", commands],
            cwd=folder or self.folder,
            env={**own, "PIP_FIND_LINKS": links, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def check(self, commands: str, folder: Path | None = None) -> str:
        code, printed = self.run(commands, folder)
        assert code == 0, f"{commands}\nended with {code}:\n{printed}"
        return printed

    def activated(self, commands: str) -> str:
        return f". {shlex.quote(str(self.folder / '.venv'))}/bin/activate\n{commands}"


@pytest.fixture(scope="module")
def shell(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("user"), dist)


@dataclass(frozen=True)
class Tutorial:
    """The tutorial's blocks of code."""

    readmes: list[str]  # commands that README has too
    stack: str
    upload: str
    changed: str
    review: str

    @classmethod
    def read(cls) -> "Tutorial":
        page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
        install, test, up, upload, review, _aws = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        stack, changed = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        return cls((install + test + up).splitlines(), stack, upload, changed, review)

    def script(self) -> str:
        """From the upload on: the shell's commands, with the change of the stack."""
        edit = (
            "from pathlib import Path; stack = Path('invoice_inbox/stack.py'); text = stack.read_text(); "
            f"assert {self.stack.splitlines()[0]!r} in text; "
            f"stack.write_text(text.replace({self.stack.splitlines()[0]!r}, {self.changed.strip()!r}))"
        )
        return f'{self.upload}\npython3 -c {shlex.quote(edit)}\n{self.review.strip()} || echo "exit code $?"\n'


@dataclass(frozen=True)
class Followed:
    """README's commands with their output and the time when each was done, in seconds; before the last one the
    tutorial's commands, in the same project.
    """

    printed: dict[str, str]
    done: dict[str, float]
    tutorial: str


@pytest.fixture(scope="module")
def followed(shell: Shell) -> Followed:
    commands = blocks("README.md")[""].splitlines()
    (shell.folder / "tutorial.sh").write_text(Tutorial.read().script())
    commands.insert(-1, "sh -e ../tutorial.sh > ../tutorial.log 2>&1")
    marked = "\n".join(f'{one}\necho; echo "=== $(date +%s.%N) "{shlex.quote(one.split("  #")[0])}' for one in commands)
    began = time.time()
    output = shell.check(marked)
    parts = re.split(r"^=== ([\d.]+) (.*)$\n", output, flags=re.MULTILINE)
    names = [name.strip() for name in parts[2::3]]
    return Followed(
        dict(zip(names, parts[0::3], strict=False)),
        {name: float(at) - began for name, at in zip(names, parts[1::3], strict=True)},
        (shell.folder / "tutorial.log").read_text(),
    )


def test_readmes_commands_lead_from_nothing_to_a_deployed_stack_and_back(followed: Followed, shell: Shell) -> None:
    new, tests, up, outputs, _tutorial, down = list(followed.printed)[2:]
    assert "Created invoice-inbox" in followed.printed[new]
    assert re.search(r"^\d+ passed", followed.printed[tests].splitlines()[-2].strip("= "))
    assert "failed" not in followed.printed[tests]
    assert "Deploying: done" in followed.printed[up]
    assert "invoice-inbox-inbox-000000000000" in followed.printed[outputs]
    assert "Local AWS: stopped" in followed.printed[down]
    left = {one.name for one in (shell.folder / "invoice-inbox").iterdir()}
    assert left - {".sluice", "cdktf.out", ".pytest_cache", "diagrams", "hello.txt"} == {
        ".github",
        ".gitignore",
        "README.md",
        "cdktf.json",
        "functions",
        "invoice_inbox",
        "main.py",
        "pyproject.toml",
        "requirements.txt",
        "tests",
    }
    print(json.dumps(followed.done, indent=2))


def test_the_tutorials_commands_upload_an_object_and_review_a_change(followed: Followed) -> None:
    tutorial = Tutorial.read()
    readmes = [part.strip() for one in followed.printed for part in one.split("&&")]
    assert [one for one in tutorial.readmes if one not in readmes] == []
    assert "<Error>" not in followed.tutorial  # curl prints what S3 answers
    assert "Events stop: Inbox bucket: invoice-inbox-recorder gets fewer events" in followed.tutorial
    assert "sluice review --local --acknowledge 'aws_s3_bucket_notification.Inbox_Notification_" in followed.tutorial
    assert followed.tutorial.endswith("exit code 3\n")


def test_the_version_is_the_packages(followed: Followed, shell: Shell, wheel: Path) -> None:
    del followed
    assert shell.check(shell.activated("sluice --version")) == f"sluice {wheel.name.split('-')[1]}\n"


def test_pictures_need_no_npm(followed: Followed, shell: Shell) -> None:
    del followed
    folder = shell.folder / "invoice-inbox"
    shell.check(shell.activated("sluice diagram"), folder)
    assert (folder / "diagrams" / "invoice-inbox.svg").read_text().count("<text") > 3


def test_a_scan_without_its_extra_says_what_installs_it_before_anything_is_deployed(
    followed: Followed, shell: Shell
) -> None:
    del followed
    folder = shell.folder / "invoice-inbox"
    before = sorted(folder.iterdir())
    code, printed = shell.run(shell.activated("sluice scan"), folder)
    assert code == 2
    assert printed.endswith(': run `pip install "sluice-cdktf[scan]"`\n')
    assert sorted(folder.iterdir()) == before


@pytest.fixture(scope="module")
def required(followed: Followed, shell: Shell) -> str:
    """What pip prints when it installs what the new project requires: mypy."""
    del followed
    return shell.check(shell.activated("pip install -r requirements.txt"), shell.folder / "invoice-inbox")


@pytest.fixture(scope="module")
def typed(required: str, shell: Shell) -> Shell:
    """With mypy in the environment."""
    del required
    known_types(shell.folder / TYPES)
    return shell


# What mypy has found out about the libraries, for both tests.
TYPES = "types"
MYPY = f"mypy --cache-dir ../{TYPES}"


def test_the_new_project_has_no_type_errors_and_asks_pip_for_nothing_but_mypy_that_is_not_there(
    typed: Shell, required: str
) -> None:
    assert "Success: no issues found" in typed.check(typed.activated(f"{MYPY} ."), typed.folder / "invoice-inbox")
    collected = [line for line in required.splitlines() if line.startswith("Collecting")]
    assert collected[0].startswith("Collecting mypy ")
    assert [line for line in collected[1:] if "(from mypy->" not in line] == []
    assert re.search(r"sluice-cdktf\[test,tool\]==\d+\.\d+\.\d+", required)


def test_readmes_example_synthesizes_passes_mypy_and_its_unit_test(typed: Shell) -> None:
    folder = typed.folder / "example"
    (folder / "functions" / "shrink").mkdir(parents=True)
    (folder / "functions" / "shrink" / "handler.py").write_text("def handle(event, context):\n    return event\n")
    for name, text in {**blocks("README.md"), **blocks("docs/synth.md"), **blocks("docs/testing.md")}.items():
        if name:
            (folder / name).write_text(text)
    assert typed.check(typed.activated("python main.py"), folder) == ""
    synthesized = json.loads((folder / "cdktf.out" / "stacks" / "thumbnails" / "cdk.tf.json").read_text())
    (table,) = synthesized["resource"]["aws_dynamodb_table"].values()
    assert (table["name"], table["hash_key"]) == ("thumbnails", "pictureId")
    assert "Success: no issues found in 2 source files" in typed.check(
        typed.activated(f"{MYPY} --strict main.py test_thumbnails.py"), folder
    )
    assert "1 passed" in typed.check(typed.activated("pytest"), folder)
