"""`sluice new` creates a complete project, or nothing. tests/package runs the project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sluice_cli.errors import InputError
from sluice_cli.new_project import creating
from sluice_cli.new_project.creating import create

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent

WINDOWS = "Windows reserves it, so the project could not be cloned there; {}-app would do"
FORM = "2 to 40 lower-case letters, digits and single hyphens, beginning with a letter"
HIDES = "its Python package {package} would hide a module of that name, or be hidden by it; {name}-app would do"
TAKEN = ("json", "class", "match", "sluice", "cdktf", "tests")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MyApp", f"{FORM}; my-app would do"),
        ("my_app", f"{FORM}; my-app would do"),
        ("9 lives", f"{FORM}; lives would do"),
        ("-x", FORM),
        ("a", FORM),
        ("", FORM),
        ("a" * 41, f"{FORM}; {'a' * 40} would do"),
        ("../outside", f"{FORM}; outside would do"),
        ("/tmp/there", f"{FORM}; tmp-there would do"),  # noqa: S108
        ("double--hyphen", f"{FORM}; double-hyphen would do"),
        ("line\nend", f"{FORM}; line-end would do"),
        ("größe", f"{FORM}; gr-e would do"),
        ("Json", FORM),
        ("CON", FORM),
        ("nul", WINDOWS.format("nul")),
        ("com1", WINDOWS.format("com1")),
        ("sthree-things", "S3 allows no bucket whose name begins with sthree-"),
        *(
            (name, HIDES.format(package=name, name=name))
            for name in ("json", "class", "match", "sluice", "cdktf", "tests")
        ),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_one_that_can(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        create(name, tmp_path)
    assert str(refused.value) == f"{name!r} cannot be a project's name: {reason}"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices" / "mine").write_text("mine")
    with pytest.raises(InputError, match="invoices is not empty"):
        create("invoices", tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "invoices",
        "invoices/mine",
    ]


def test_an_existing_file_is_left_unchanged(tmp_path: Path) -> None:
    (tmp_path / "invoices").write_text("mine")
    (tmp_path / "links").symlink_to(tmp_path / "nowhere")
    for name in ("invoices", "links"):
        with pytest.raises(InputError, match=f"{name} exists and is not a folder"):
            create(name, tmp_path)
    assert (tmp_path / "invoices").read_text() == "mine"


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "invoices").mkdir()
    assert create("invoices", tmp_path) == tmp_path / "invoices"
    assert (tmp_path / "invoices" / "cdktf.json").is_file()
    assert (tmp_path / "invoices").stat().st_mode & 0o777 == 0o755


def test_an_interrupted_creation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(template: Path, folder: Path, values: object) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(creating, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        create("invoices", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module", params=[("invoice-inbox", False), ("bucket", True), ("a1-b2", False)])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, functions = request.param
    return create(name, tmp_path_factory.mktemp("new"), functions=functions)


def test_nothing_of_the_template_is_left_in_the_project(project: Path) -> None:
    package = project.name.replace("-", "_")
    files = {path.relative_to(project).as_posix(): path for path in project.rglob("*") if path.is_file()}
    assert set(files) == {
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "cdktf.json",
        "functions/recorder/__init__.py",
        "functions/recorder/handler.py",
        "functions/recorder/rows.py",
        f"{package}/__init__.py",
        f"{package}/stack.py",
        "main.py",
        "pyproject.toml",
        "requirements.txt",
        "tests/test_deployed.py",
        "tests/test_rows.py",
        "tests/test_stack.py",
    }
    assert not [name for name, path in files.items() if re.search(r"@[A-Z]+@", path.read_text())]


def test_each_project_has_an_id_of_its_own(tmp_path: Path) -> None:
    written = [(create(name, tmp_path) / "cdktf.json").read_text() for name in ("one-app", "two-app")]
    assert written[0] != written[1]


def test_the_projects_code_and_workflow_pass_the_linters(project: Path) -> None:
    commands: list[list[str | Path]] = [
        [BIN / "ruff", "check", "--no-cache", "--select", "E,F,I,UP,B,SIM,RUF", "."],
        [BIN / "ruff", "format", "--no-cache", "--check", "."],
        [BIN / "zizmor", "--offline", "--quiet", ".github/workflows"],
    ]
    for command in commands:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_function_on_the_toolkit_gets_it_into_its_archive_and_has_tests_of_its_own(tmp_path: Path) -> None:
    project = create("toolkit", tmp_path, functions=True)
    assert (project / "requirements.txt").read_text().startswith("sluice-cdktf[tool,test,functions]")
    assert 'installed=["sluice-functions"],' in (project / "toolkit" / "stack.py").read_text()
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_rows.py"]
    done = subprocess.run(
        run, cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
