"""Lock files of uv, Poetry, Pipenv and pip-tools."""

import json
from pathlib import Path

import pytest

from modules import ConfigurationError, Dependencies
from modules._packaging.libraries import marker_environment
from modules._packaging.locks import read_pins

HASHES = [f"sha256:{digit * 64}" for digit in "0123456789"]

UV = f"""
version = 1
[[package]]
name = "demo"
version = "0.1"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "pydantic", extra = ["email"] }},
    {{ name = "tomli", marker = "python_full_version < '3.11'" }},
    {{ name = "numpy", version = "1.0", marker = "python_version < '3.13'" }},
    {{ name = "numpy", version = "2.0", marker = "python_version >= '3.13'" }},
]
[package.dev-dependencies]
dev = [{{ name = "local" }}]
[package.optional-dependencies]
aws = [{{ name = "boto3" }}]
[[package]]
name = "pydantic"
version = "2.14.4"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{{ name = "pydantic-core" }}]
wheels = [{{ url = "https://index.example/pydantic.whl", hash = "{HASHES[1]}" }}]
sdist = {{ url = "https://index.example/pydantic.tar.gz", hash = "{HASHES[0]}" }}
[package.optional-dependencies]
email = [{{ name = "email-validator" }}]
[[package]]
name = "pydantic-core"
version = "2.50.5"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://index.example/core.whl", hash = "{HASHES[2]}" }}]
[[package]]
name = "email-validator"
version = "2.4.0"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{{ name = "pydantic" }}]
wheels = [{{ url = "https://index.example/email.whl", hash = "{HASHES[3]}" }}]
[[package]]
name = "numpy"
version = "1.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://index.example/numpy1.whl", hash = "{HASHES[4]}" }}]
[[package]]
name = "numpy"
version = "2.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://index.example/numpy2.whl", hash = "{HASHES[5]}" }}]
[[package]]
name = "boto3"
version = "1.44.8"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://index.example/boto3.whl", hash = "{HASHES[6]}" }}]
[[package]]
name = "local"
version = "1.0"
source = {{ editable = "../local" }}
"""

POETRY_2 = f"""
[[package]]
name = "Pillow"
version = "13.0.0"
optional = false
groups = ["main", "dev"]
files = [{{ file = "a.whl", hash = "{HASHES[1]}" }}, {{ file = "a.tar.gz", hash = "{HASHES[0]}" }}]
[[package]]
name = "colorama"
version = "0.4.6"
optional = false
groups = ["main", "dev"]
markers = {{ main = "sys_platform == 'win32'", dev = "sys_platform == 'linux'" }}
files = [{{ file = "c.whl", hash = "{HASHES[2]}" }}]
[[package]]
name = "pytest"
version = "9.0.0"
optional = false
groups = ["dev"]
files = [{{ file = "p.whl", hash = "{HASHES[3]}" }}]
[metadata]
lock-version = "2.1"
"""

POETRY_1 = f"""
[[package]]
name = "requests"
version = "2.32.3"
optional = false
files = [{{ file = "r.whl", hash = "{HASHES[1]}" }}]
[package.dependencies]
idna = ">=2.5"
PySocks = {{ version = ">=1.5", optional = true }}
tomli = {{ version = "*", markers = "python_version < \\"3.11\\"" }}
[package.extras]
socks = ["PySocks (>=1.5)"]
[[package]]
name = "idna"
version = "3.10"
optional = false
files = [{{ file = "i.whl", hash = "{HASHES[2]}" }}]
[[package]]
name = "pysocks"
version = "1.7.1"
optional = true
files = [{{ file = "s.whl", hash = "{HASHES[3]}" }}]
[[package]]
name = "pytest"
version = "9.0.0"
optional = false
files = [{{ file = "p.whl", hash = "{HASHES[4]}" }}]
[metadata]
lock-version = "2.0"
"""
POETRY_1_PROJECT = """
[tool.poetry.dependencies]
python = "^3.11"
requests = { version = "^2", extras = ["socks"] }
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""

PIPFILE = {
    "_meta": {"sources": []},
    "default": {
        "idna": {"hashes": [HASHES[1]], "version": "==3.10"},
        "tomli": {"hashes": [HASHES[2]], "version": "==2.0", "markers": "python_version < '3.11'"},
    },
    "lambda": {
        "boto3": {"hashes": [HASHES[3]], "version": "==1.44.8", "extras": ["crt"]},
        "filetype": {"hashes": [HASHES[4], HASHES[0]], "version": "==1.2.0"},
    },
    "develop": {"local": {"path": ".", "editable": True}},
}

REQUIREMENTS = f"""
# by pip-compile --generate-hashes
--index-url https://index.example/simple
idna==3.10 \\
    --hash={HASHES[1]} \\
    --hash={HASHES[0]}
    # via requests
Requests[socks]==2.32.3 ; python_version >= "3.11" --hash={HASHES[2]}
tomli==2.0 ; python_version < "3.11" \\
    --hash={HASHES[3]}
"""


def lines(lock: Path, group: str = "default", runtime: str = "python3.13", boto3_of_runtime: bool = False) -> list[str]:
    environment = marker_environment(runtime, "arm64")
    return [pin.line for pin in read_pins(Dependencies(lock, group, boto3_of_runtime), environment)]


def pin(name: str, *hashes: int) -> str:
    return " ".join([name, *(f"--hash={HASHES[number]}" for number in hashes)])


@pytest.fixture
def uv(tmp_path: Path) -> Path:
    (tmp_path / "uv.lock").write_text(UV)
    return tmp_path / "uv.lock"


@pytest.fixture
def pipfile(tmp_path: Path) -> Path:
    (tmp_path / "Pipfile.lock").write_text(json.dumps(PIPFILE))
    return tmp_path / "Pipfile.lock"


def test_uv_lock_gives_the_projects_own_dependencies_with_extras_for_the_runtime(uv: Path) -> None:
    assert lines(uv) == [
        pin("email-validator==2.4.0", 3),
        pin("numpy==2.0", 5),
        pin("pydantic==2.14.4", 0, 1),
        pin("pydantic-core==2.50.5", 2),
    ]
    assert lines(uv, runtime="python3.12")[1] == pin("numpy==1.0", 4)
    assert pin("boto3==1.44.8", 6) in lines(uv, "aws")
    assert pin("boto3==1.44.8", 6) not in lines(uv, "aws", boto3_of_runtime=True)


def test_poetry_2_lock_gives_a_groups_libraries_with_its_own_markers(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text(POETRY_2)
    assert lines(lock) == [pin("pillow==13.0.0", 0, 1)]
    assert lines(lock, "dev") == [
        pin("colorama==0.4.6", 2),
        pin("pillow==13.0.0", 0, 1),
        pin("pytest==9.0.0", 3),
    ]


def test_poetry_1_lock_is_followed_from_pyproject(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text(POETRY_1)
    (tmp_path / "pyproject.toml").write_text(POETRY_1_PROJECT)
    assert lines(lock) == [pin("idna==3.10", 2), pin("pysocks==1.7.1", 3), pin("requests==2.32.3", 1)]
    assert lines(lock, "dev") == [pin("pytest==9.0.0", 4)]


def test_pipfile_lock_gives_one_category(pipfile: Path) -> None:
    assert lines(pipfile) == [pin("idna==3.10", 1)]
    assert lines(pipfile, "lambda") == [pin("boto3==1.44.8", 3), pin("filetype==1.2.0", 0, 4)]
    assert lines(pipfile, "lambda", boto3_of_runtime=True) == [pin("filetype==1.2.0", 0, 4)]


def test_requirements_with_hashes_are_read_line_by_line(tmp_path: Path) -> None:
    lock = tmp_path / "requirements-lambda.txt"
    lock.write_text(REQUIREMENTS)
    assert lines(lock) == [pin("idna==3.10", 0, 1), pin("requests==2.32.3", 2)]


@pytest.mark.parametrize(
    ("name", "text", "group", "message"),
    [
        ("uv.lock", UV, "dev", "takes local from a folder, an address or Git; only libraries of a package index"),
        ("uv.lock", UV, "test", "has no group 'test', only default, dev, aws$"),
        ("uv.lock", "not = [", "default", "is not a uv.lock, or is damaged: Invalid value"),
        (
            "uv.lock",
            "version = 1",
            "default",
            "is not a uv.lock, or is damaged: it has no 'package'; write it again with its tool$",
        ),
        ("poetry.lock", POETRY_2, "docs", "has no group 'docs', only dev, main$"),
        ("poetry.lock", POETRY_1, "default", "cannot be read: No such file"),  # its pyproject.toml
        ("Pipfile.lock", json.dumps(PIPFILE), "develop", "takes local from a folder"),
        ("Pipfile.lock", json.dumps(PIPFILE), "docs", "has no group 'docs', only default, lambda, develop$"),
        ("Pipfile.lock", "[]", "default", "is not a lock file|has no group"),
        ("requirements.txt", "idna==3.10\n", "default", "has no hash of idna; lock it again with hashes$"),
        ("requirements.txt", f"idna>=3 --hash={HASHES[0]}", "default", "does not pin idna to one version"),
        ("requirements.txt", "-r other.txt", "default", "has '-r other.txt'; give a file of pinned lines with hashes$"),
        ("requirements.txt", "idna @ https://index.example/a.whl", "default", "does not pin idna to one version"),
        ("requirements.txt", "???", "default", "is not a requirements file, or is damaged: Expected package name"),
        ("requirements.txt", REQUIREMENTS, "dev", "has no group 'dev', only one$"),
        ("Pipfile", "", "default", "is none of uv.lock, poetry.lock, Pipfile.lock and requirements.txt$"),
    ],
)
def test_libraries_that_are_not_pinned_from_an_index_are_refused_by_name(
    tmp_path: Path, name: str, text: str, group: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=rf"^dependencies: .*{name} .*{message}|{message}"):
        lines(tmp_path / name, group)


def test_a_missing_lock_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^dependencies: .*/uv\.lock cannot be read: No such file"):
        lines(tmp_path / "uv.lock")
