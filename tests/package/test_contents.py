"""What the wheel and the source distribution hold."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from .conftest import ROOT


def tracked(folder: str, as_: str) -> set[str]:
    """The files of a package in this repository, by their names in the wheel."""
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {f"{as_}/{path.relative_to(ROOT / folder).as_posix()}" for path in files}


def test_the_wheel_holds_both_packages_whole_and_what_they_need_beside_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    elkjs = "sluice_cli/review/picture/node_modules/elkjs"
    made = {f"{elkjs}/{name}" for name in ("LICENSE.md", "package.json", "lib/elk.bundled.js")}
    assert names == {
        *tracked("modules", "sluice"),
        *tracked("sluice_cli", "sluice_cli"),
        *made,
        "sluice_cli/local_aws/requirements.txt",
    }
    javascript = {f"sluice/_synth/{name}.cjs" for name in ("one_process", "compiled_code")}
    assert {"sluice/py.typed", "sluice_cli/py.typed", *javascript} < names


def test_the_wheel_can_be_built_from_the_source_distribution_alone(dist: Path, wheel: Path) -> None:
    (source,) = dist.glob("sluice_cdktf-*.tar.gz")
    with tarfile.open(source) as archive, zipfile.ZipFile(wheel) as built:
        inside = {name.partition("/")[2] for name in archive.getnames()}
        python = {name for name in built.namelist() if name.endswith(".py")}
    assert {name.replace("sluice/", "modules/", 1) if name.startswith("sluice/") else name for name in python} < inside
    assert {"pyproject.toml", "Pipfile.lock", "scripts/build_hook.py", "README.md", "LICENSE"} < inside


def test_an_editable_installation_imports_the_checkout(tmp_path: Path) -> None:
    script = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pth")]
        folders = archive.read(name).decode().split("\n")
    look = "import importlib.util as u; print([u.find_spec(name).origin for name in ('sluice', 'sluice_cli')])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    found = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert [Path(one).resolve() for one in ast.literal_eval(found)] == [
        ROOT / "modules" / "__init__.py",
        ROOT / "sluice_cli" / "__init__.py",
    ]


def test_the_classes_alone_need_cdktf_and_the_binding_and_extras_bring_the_rest(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    required = [one.partition(";") for one in metadata.get_all("Requires-Dist", [])]
    of_extra = {
        extra: sorted(
            what.strip() if "," in what else what.split(">")[0].strip()
            for what, _, when in required
            if f"'{extra}'" in when
        )
        for extra in metadata.get_all("Provides-Extra", [])
    }
    assert sorted(what.strip() for what, _, when in required if not when) == [
        "cdktf-cdktf-provider-aws<21,>=20.1",
        "cdktf<0.22,>=0.21",
        "constructs<11,>=10.4.2",
        "packaging>=23",
    ]
    assert of_extra == {
        "cdktn": ["cdktn-provider-aws<26,>=25.8", "cdktn<0.25,>=0.24"],
        "functions": ["sluice-functions<0.2,>=0.1"],
        "pictures": ["pillow"],
        "scan": ["checkov", "cloudsplaining", "parliament"],
        "test": ["pytest"],
        "tool": ["boto3", "jinja2", "pyyaml", "rich", "watchfiles"],
    }


def test_the_local_aws_is_pinned_with_hashes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read("sluice_cli/local_aws/requirements.txt").decode().splitlines()
    assert {line.partition("==")[0] for line in lines} > {"ministack", "trustme", "boto3", "hypercorn"}
    assert all("==" in line and "--hash=sha256:" in line for line in lines)


@pytest.mark.parametrize("installed", [None, "0.0.1"])
def test_a_wheel_without_the_locked_layout_library_is_not_built(installed: str | None, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in ("modules", "sluice_cli", "scripts"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "Pipfile.lock", "package-lock.json", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    if installed:
        for name in ("LICENSE.md", "package.json", "lib/elk.bundled.js"):
            file = checkout / "node_modules" / "elkjs" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"version": installed}))
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path / "dist"), str(checkout)],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    version = json.loads((ROOT / "package-lock.json").read_text())["packages"]["node_modules/elkjs"]["version"]
    assert (
        f"the build would be incomplete: elkjs@{version} is not installed, and npm is not on PATH: run `npm ci` first"
        in done.stdout + done.stderr
    )
    assert not list(tmp_path.rglob("*.whl"))
