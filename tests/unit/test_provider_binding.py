import io
import json
import os
import re
import stat
import subprocess
import sys
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from modules._framework import install
from modules._synth import slim_assembly

ROOT = Path(__file__).parent.parent.parent
LIBRARY, BINDING = install().library, install().binding

STACK = """
import modules
from cdktf import TerraformStack, Testing

stack = TerraformStack(Testing.app(), "stack")
key = modules.Key(stack, "Key", alias="alias/key", description="A key", account_id="123456789012")
"""

# Imported after the JavaScript of other submodules is loaded: as a class, with nested structs, and as an attribute.
LATE = """
from cdktf_cdktf_provider_aws.kinesis_stream import KinesisStream, KinesisStreamStreamModeDetails
import cdktf_cdktf_provider_aws as aws

mode = KinesisStreamStreamModeDetails(stream_mode="ON_DEMAND")
late = KinesisStream(stack, "Late", name="late", kms_key_id=key.arn, stream_mode_details=mode)
assert late.stream_mode_details.stream_mode_input == "ON_DEMAND"
aws.ssm_parameter.SsmParameter(stack, "Parameter", name="late", type="String", value=late.arn)
"""

SLIM = {
    "binding": BINDING,
    "package": "slim",
    "all of it": False,
    "processes": "OneProcess",
    "struct": "make_reference",
}
INSTALLED = {
    "binding": BINDING,
    "package": "installed",
    "all of it": BINDING == "cdktf_cdktf_provider_aws",  # CDK Terrain's imports each submodule when it is asked for
    "processes": "_NodeProcess",
    "struct": "_make_reference_for_native",
}

NOTHING_KEPT = (
    f"synthesizing takes longer than it needs to: all of {BINDING} is loaded, because the parts in use "
    "cannot be kept in the cache folder: [Errno 20] Not a directory: '{folder}'; set XDG_CACHE_HOME to a folder for "
    "caches (SLUICE_SYNTH=ordinary silences this)"
)
IMPORTED_BEFORE = (
    f"synthesizing takes longer than it needs to: {BINDING} was imported before modules, and so all of "
    "it was loaded; put `import modules` above other imports (SLUICE_SYNTH=ordinary silences this)"
)

PRINT = "\nprint(Testing.synth(stack))"


def environment(cache: Path, switch: str = "fast") -> dict[str, str]:
    # `modules` is imported from another folder, as in other people's projects.
    return {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT), "SLUICE_SYNTH": switch}


def start(program: str, cache: Path, switch: str = "fast") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd="/",
        env=environment(cache, switch),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, cache: Path, *, notice: str = "", switch: str = "fast") -> str:
    """The output of a program; `notice` is its line on standard error, after `sluice: `."""
    process = start(program, cache, switch)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert err == (f"sluice: {notice}\n" if notice else "")
    return out


def packages(cache: Path) -> set[str]:
    """Cached packages by name, without the hash of their submodules."""
    return {folder.name.partition("-")[0] for folder in cache.glob("sluice/provider-binding/*/*")}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@dataclass(frozen=True)
class Together:
    """Two processes that started together without a cache: what they printed, and what they kept."""

    cache: Path
    printed: list[str]
    kept: list[Path]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Together:
    cache = tmp_path_factory.mktemp("together") / "cache"
    processes = [start(STACK + PRINT, cache) for _ in range(2)]
    printed = [process.communicate()[0] for process in processes]
    return Together(cache, printed, list(cache.glob("sluice/provider-binding/*/*")))


@pytest.fixture(scope="module")
def warm(together: Together) -> Path:
    """A cache with what `STACK` needs."""
    return together.cache


@pytest.fixture
def no_cache(tmp_path: Path) -> Path:
    """A path where no folder can be created, not even by root."""
    (tmp_path / "file").touch()
    return tmp_path / "file" / "cache"


def with_fewer_submodules(folder: Path) -> Path:
    """A folder for the import path where the binding's `__init__.py` imports a twentieth of its submodules by itself;
    all others can be imported. Python would compile 2,100 of them, for half a minute.
    """
    text = Path(str(sys.modules[BINDING].__file__)).read_text(encoding="utf-8")
    names = re.findall(r"^from \. import (\w+)$", text, re.MULTILINE)
    left_out = {line for name in set(names) - set(names[::20]) for line in (f"from . import {name}", f'    "{name}",')}
    file = folder / BINDING / "__init__.py"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(line for line in text.splitlines() if line not in left_out), encoding="utf-8")
    return folder


def test_the_switch_turns_everything_off_and_the_systems_terraform_is_the_same_bytes(tmp_path: Path) -> None:
    written: dict[str, dict[Path, bytes]] = {}
    for switch in ("fast", "ordinary"):
        out = tmp_path / f"out-{switch}"
        settings = {"CDKTF_OUTDIR": str(out), "STATE_BUCKET": "states"}
        if switch == "ordinary":
            settings["PYTHONPATH"] = os.pathsep.join([str(with_fewer_submodules(tmp_path / "site")), str(ROOT)])
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/support/loaded.py"), str(ROOT / "main.py")],
            env=environment(tmp_path / switch / "cache", switch) | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        written[switch] = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        assert json.loads(done.stdout.splitlines()[-1]) == (SLIM if switch == "fast" else INSTALLED)
        assert (tmp_path / switch / "cache").exists() == (switch == "fast")
    assert packages(tmp_path / "fast" / "cache") == {"slim"}
    assert Path("manifest.json") in written["fast"]
    assert written["fast"] == written["ordinary"]


def test_an_unknown_value_of_the_switch_is_reported(cache: Path) -> None:
    run(
        "import modules",
        cache,
        switch="ordinry",
        notice="SLUICE_SYNTH is 'ordinry', which is neither fast nor ordinary; fast is assumed",
    )


def test_a_slim_package_is_reused_and_extended_when_a_submodule_is_added(warm: Path) -> None:
    def kept(program: str = "") -> int:
        if program:
            run(program, warm)
        return len(list(warm.glob("sluice/provider-binding/*/slim-*")))

    before = kept()
    more = "import modules, cdktf_cdktf_provider_aws.kinesis_stream" + STACK
    assert kept(more) == before + 1
    assert kept(more) == kept(STACK) == before + 1


def test_a_submodule_imported_late_works_at_once_and_gives_the_same_terraform(warm: Path, no_cache: Path) -> None:
    (kept,) = warm.glob("sluice/provider-binding/*")
    late = run(STACK + LATE + PRINT, warm)
    assert packages(warm) == {"slim", "single"}
    assert late == run(
        STACK + LATE + PRINT, no_cache, notice=NOTHING_KEPT.format(folder=no_cache / kept.relative_to(warm))
    )
    assert set(json.loads(late)["resource"]) == {
        "aws_kms_key",
        "aws_kms_alias",
        "aws_kinesis_stream",
        "aws_ssm_parameter",
    }


def test_processes_that_start_together_share_one_package_of_the_users_own(together: Together) -> None:
    first, second = together.printed
    assert json.loads(first) == json.loads(second)
    (package,) = together.kept
    assert package.name.partition("-")[0] == "slim"
    assert stat.S_IMODE(package.parent.stat().st_mode) == 0o700


def test_a_submodule_that_does_not_exist_is_an_ordinary_error(warm: Path) -> None:
    run(
        STACK
        + """
import cdktf_cdktf_provider_aws as aws
for attempt in (lambda: aws.no_such_thing, lambda: __import__("cdktf_cdktf_provider_aws.no_such_thing")):
    try:
        attempt()
    except (AttributeError, ModuleNotFoundError) as error:
        assert "no_such_thing" in str(error)
    else:
        raise AssertionError
""",
        warm,
    )


def test_a_binding_that_was_imported_before_stays_as_it_is_and_is_reported(cache: Path) -> None:
    run(
        f"""
import sys, types
own = sys.modules["{BINDING}"] = types.ModuleType("{BINDING}")
import jsii
create = jsii.create
try:
    import modules
except ModuleNotFoundError:
    pass  # the stand-in has no submodules
assert sys.modules["{BINDING}"] is own
assert jsii.create is create
""",
        cache,
        notice=IMPORTED_BEFORE,
    )


def installed(folder: Path, *, indent: int | None, submodules: Collection[str]) -> Path:
    """A binding's `_jsii` folder with a package in jsii's format."""
    types = {
        f"@cdktf/p.{name}.T{number}": {"docs": {"summary": name}, "fqn": name, "nested": {"docs": {}, "kind": 1}}
        for name in submodules
        for number in range(2)
    }
    assembly = {
        "dependencies": {"cdktf": "^1"},
        "name": "@cdktf/p",
        "readme": {"markdown": "types"},
        "submodules": {f"@cdktf/p.{name}": {"of": name} for name in submodules},
        "types": types,
        "version": "1.0.0",
    }
    files = {
        "package/.jsii": json.dumps(assembly, indent=indent),
        "package/package.json": '{"name": "@cdktf/p", "version": "1.0.0"}',
        "package/lib/index.js": "".join(f'exports.{name} = require("./{name.lower()}");\n' for name in submodules),
        **{
            f"package/lib/{name.lower()}/index.js": f"exports.{name} = 1;\n//# sourceMappingURL=data:{name}"
            for name in submodules
        },
    }
    folder.mkdir()
    (folder / "__init__.py").touch()
    with tarfile.open(folder / "p@1.0.0.jsii.tgz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return folder


@pytest.mark.parametrize("indent", [2, None])
@pytest.mark.parametrize(("wanted", "names"), [(["s3_bucket", "zone"], ["s3Bucket", "zone"]), (["key"], ["key"])])
def test_a_slim_package_holds_the_submodules_asked_for_without_documentation_and_source_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None, wanted: list[str], names: list[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    slim = slim_assembly.find(
        installed(tmp_path / "_jsii", indent=indent, submodules=["key", "s3Bucket", "zone"]), wanted
    )
    with tarfile.open(slim.folder / "_jsii" / "p@1.0.0.jsii.tgz") as archive:
        files = {one.name: (archive.extractfile(one) or io.BytesIO()).read().decode() for one in archive}
    assert json.loads(files.pop("package/.jsii")) == {
        "dependencies": {"cdktf": "^1"},
        "name": "@cdktf/p",
        "submodules": {f"@cdktf/p.{name}": {"of": name} for name in names},
        "types": {
            f"@cdktf/p.{name}.T{number}": {"fqn": name, "nested": {"kind": 1}} for name in names for number in range(2)
        },
        "version": "1.0.0",
    }
    index = files.pop("package/lib/index.js")
    assert [line for line in index.splitlines() if "require" in line] == [
        f'Object.defineProperty(exports, "{name}", {{ enumerable: true, get: () => require("./{name.lower()}") }});'
        for name in names
    ]
    assert files == {
        "package/package.json": '{"name": "@cdktf/p", "version": "1.0.0"}',
        **{f"package/lib/{name.lower()}/index.js": f"exports.{name} = 1;" for name in names},
    }


def test_no_slim_package_is_made_of_a_binding_that_lacks_a_submodule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = installed(tmp_path / "_jsii", indent=2, submodules=["key"])
    with pytest.raises(slim_assembly.NotSlimmableError, match=r"exports \['key'\], asked for \['key', 'zone'\]"):
        slim_assembly.find(folder, ["key", "zone"])
    assert packages(tmp_path) == set()
