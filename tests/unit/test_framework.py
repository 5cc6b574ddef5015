"""Which framework is used: decided by what is installed. The packages are stand-ins, in an environment of their own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import packaging
import pytest

from checks import ROOT

# The door alone: what it lets in is not there.
INSTALL = f"""
import sys, types
modules = sys.modules["modules"] = types.ModuleType("modules")
modules.__path__ = [{str(ROOT / "modules")!r}]
from modules._framework import install
print(install().name)
"""
CONSTRUCTS = {"import_name": "constructs", "version": "10.7.2"}
CDKTF = {"import_name": "cdktf", "version": "0.21.0", "requires": ["constructs<11,>=10.4.2"]}
CDKTF_AWS = {"import_name": "cdktf_cdktf_provider_aws", "version": "20.1.0", "requires": ["cdktf<0.22.0,>=0.21.0"]}
CDKTN = {"import_name": "cdktn", "version": "0.24.0", "requires": ["constructs <10.8.0,>=10.6.0"]}
CDKTN_AWS = {"import_name": "cdktn_provider_aws", "version": "25.8.1", "requires": ["cdktn <0.25.0,>=0.24.0"]}

Installed = Callable[..., Callable[..., tuple[int, str, str]]]


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """An environment with these packages and nothing else; gives how a program is run in it."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "packaging").symlink_to(Path(packaging.__file__).parent)

    def install(*packages: dict[str, object]) -> Callable[..., tuple[int, str, str]]:
        for one in packages:
            name = str(one["import_name"])
            (site / name).mkdir()
            (site / name / "__init__.py").write_text(f"OF = {name!r}\n")
            (site / name / "s3_bucket.py").write_text("class S3Bucket: ...\n")
            information = site / f"{name}-{one['version']}.dist-info"
            information.mkdir()
            needs: list[str] = one.get("requires", [])  # type: ignore[assignment]
            lines = ["Metadata-Version: 2.1", f"Name: {name.replace('_', '-')}", f"Version: {one['version']}"]
            (information / "METADATA").write_text(
                "\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs), ""])
            )

        def run(program: str = "", before: str = "") -> tuple[int, str, str]:
            done = subprocess.run(
                [sys.executable, "-S", "-c", f"{before}\n{INSTALL}\n{program}"],
                cwd="/",
                env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            return done.returncode, done.stdout, done.stderr

        return run

    return install


def last_line(run: Callable[..., tuple[int, str, str]], before: str = "") -> str:
    """The message with which the import fails."""
    code, out, err = run(before=before)
    assert (code, out) == (1, ""), err
    name, _, message = err.splitlines()[-1].partition(": ")
    assert name == "ImportError"
    return message


def test_cdktf_is_used_where_it_is_installed_and_nothing_is_said(installed: Installed) -> None:
    run = installed(CONSTRUCTS, CDKTF, CDKTF_AWS)
    assert run("import cdktf; print(cdktf.OF, len(sys.meta_path))", "import sys; print(len(sys.meta_path))") == (
        0,
        "3\nCDKTF\ncdktf 3\n",
        "",
    )


NAMES = """
import importlib.util
import cdktf, cdktn
import cdktf_cdktf_provider_aws as aws
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
import cdktn_provider_aws.s3_bucket as s3_bucket
print(cdktf is cdktn, cdktf.__name__, cdktf.__spec__.name, cdktf.OF)
print(aws is sys.modules["cdktn_provider_aws"], S3Bucket is s3_bucket.S3Bucket, aws.s3_bucket is s3_bucket)
print(s3_bucket.__spec__.name, hasattr(s3_bucket, "__path__"), importlib.reload(cdktn) is cdktn)
try:
    import cdktf_cdktf_provider_aws.no_such_thing
except ModuleNotFoundError as error:
    print(error)
print(importlib.util.find_spec("cdktf.nothing"), importlib.util.find_spec("cdktf_other"))
"""


def test_cdk_terrain_takes_the_names_where_it_alone_is_installed_and_each_class_exists_once(
    installed: Installed,
) -> None:
    assert installed(CONSTRUCTS, CDKTN, CDKTN_AWS)(NAMES) == (
        0,
        "CDK Terrain\nTrue cdktn cdktn cdktn\nTrue True True\ncdktn_provider_aws.s3_bucket False True\n"
        "No module named 'cdktf_cdktf_provider_aws.no_such_thing'\nNone None\n",
        "",
    )


def test_with_both_installed_cdktf_is_used_and_that_is_said(installed: Installed) -> None:
    run = installed(CONSTRUCTS, CDKTF, CDKTF_AWS, CDKTN, CDKTN_AWS)
    assert run("import cdktf; print(cdktf.OF)") == (
        0,
        "CDKTF\ncdktf\n",
        "sluice: cdktn and cdktn-provider-aws are installed beside CDKTF, which is used; to use CDK Terrain, run "
        "`pip uninstall cdktf cdktf-cdktf-provider-aws`; to silence this, run "
        "`pip uninstall cdktn cdktn-provider-aws`\n",
    )


def test_a_half_beside_a_whole_is_said_with_what_would_complete_it(installed: Installed) -> None:
    run = installed(CONSTRUCTS, CDKTF, CDKTF_AWS, CDKTN)
    assert run() == (
        0,
        "CDKTF\n",
        "sluice: cdktn is installed beside CDKTF, which is used; to use CDK Terrain, run `pip uninstall cdktf "
        "cdktf-cdktf-provider-aws` and `pip install cdktn-provider-aws`; to silence this, run `pip uninstall cdktn`\n",
    )


def test_the_one_that_is_complete_is_used_even_where_half_of_cdktf_is_left(installed: Installed) -> None:
    run = installed(CONSTRUCTS, CDKTF, CDKTN, CDKTN_AWS)
    code, out, err = run("import cdktf; print(cdktf.OF)")
    assert (code, out) == (0, "CDK Terrain\ncdktn\n")
    assert err.startswith("sluice: cdktf is installed beside CDK Terrain, which is used; to use CDKTF, run ")
    assert last_line(run, before="import cdktf") == (
        "cdktf was imported before modules, which uses CDK Terrain because CDKTF is not complete "
        "(cdktf-cdktf-provider-aws is missing): run `pip uninstall cdktf` to use CDK Terrain, or "
        "`pip install cdktf-cdktf-provider-aws` to use CDKTF"
    )


def test_a_folder_that_is_named_like_a_framework_is_none(installed: Installed, tmp_path: Path) -> None:
    run = installed(CONSTRUCTS, CDKTN, CDKTN_AWS)
    for name in ("cdktf", "cdktf_cdktf_provider_aws"):
        (tmp_path / "site" / name / "__pycache__").mkdir(parents=True)
    assert run("import cdktf; print(cdktf.OF)") == (0, "CDK Terrain\ncdktn\n", "")


NEEDED = (
    "modules needs CDKTF (cdktf and cdktf-cdktf-provider-aws) or CDK Terrain (cdktn and cdktn-provider-aws); "
    "installed: "
)


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        ([], "none of them. Run `pip install cdktf cdktf-cdktf-provider-aws`"),
        ([CDKTF], "cdktf. Run `pip install cdktf-cdktf-provider-aws`"),
        ([CDKTF_AWS], "cdktf-cdktf-provider-aws. Run `pip install cdktf`"),
        ([CDKTN], "cdktn. Run `pip install cdktn-provider-aws`"),
        ([CDKTN_AWS], "cdktn-provider-aws. Run `pip install cdktn`"),
        ([CDKTF, CDKTN_AWS], "cdktf and cdktn-provider-aws. Run `pip install cdktf-cdktf-provider-aws`"),
        ([CDKTF_AWS, CDKTN], "cdktf-cdktf-provider-aws and cdktn. Run `pip install cdktf`"),
    ],
)
def test_where_no_framework_is_complete_the_error_says_what_is_there_and_what_to_install(
    installed: Installed, packages: list[dict[str, object]], message: str
) -> None:
    assert last_line(installed(*packages)) == NEEDED + message


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        (
            [{**CONSTRUCTS, "version": "10.4.2"}, CDKTN, CDKTN_AWS],
            "cdktn 0.24.0 needs constructs <10.8.0,>=10.6.0, and 10.4.2 is installed: run "
            "`pip install 'constructs<10.8.0,>=10.6.0'`",
        ),
        (
            [{**CONSTRUCTS, "version": "10.8.1"}, CDKTN, CDKTN_AWS],
            "cdktn 0.24.0 needs constructs <10.8.0,>=10.6.0, and 10.8.1 is installed: run "
            "`pip install 'constructs<10.8.0,>=10.6.0'`",
        ),
        (
            [{**CONSTRUCTS, "version": "11.0.0"}, CDKTF, CDKTF_AWS],
            "cdktf 0.21.0 needs constructs <11,>=10.4.2, and 11.0.0 is installed: run "
            "`pip install 'constructs<11,>=10.4.2'`",
        ),
        (
            [CDKTN, CDKTN_AWS],
            "cdktn needs constructs, which is not installed: run `pip install 'constructs<10.8.0,>=10.6.0'`",
        ),
        (
            [CONSTRUCTS, {**CDKTN, "version": "0.22.1"}, CDKTN_AWS],
            "cdktn-provider-aws 25.8.1 needs cdktn <0.25.0,>=0.24.0, and 0.22.1 is installed: run "
            "`pip install 'cdktn<0.25.0,>=0.24.0'`",
        ),
    ],
)
def test_packages_that_do_not_fit_each_other_are_named_with_the_versions_that_do(
    installed: Installed, packages: list[dict[str, object]], message: str
) -> None:
    assert last_line(installed(*packages)) == message
