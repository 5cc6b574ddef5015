import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.project import Project
from sluice_cli.target import Target
from sluice_cli.terraform import mirror as terraform_mirror
from sluice_cli.terraform.mirror import VARIABLE, MirrorError, Provider, find_mirrors, terraform_environment
from sluice_cli.terraform.program import TERRAFORM

from .answering import answering

ALWAYS = {"CHECKPOINT_DISABLE": "1", "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "true"}
PLATFORM = terraform_mirror._platform()
PROVIDER = "registry.terraform.io/hashicorp/aws"
VERSION = "5.100.0"
# The versions that stacks ask for when they say nothing else.
AWS = Provider("hashicorp/aws", ">= 5.100.0, < 7.0.0")


def hold(folder: Path, version: str = VERSION, platform: str = PLATFORM, of: str = PROVIDER) -> Path:
    (folder / of / version / platform).mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine of this test's own: an empty home, empty prefixes, and a registry that does not answer."""
    terraform_mirror.registry_answers.cache_clear()
    monkeypatch.setattr(terraform_mirror, "ROOT", tmp_path / "project")
    monkeypatch.setattr(terraform_mirror, "ADD_ON_PREFIXES", (str(tmp_path / "opt"), str(tmp_path / "srv")))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    # urllib reads proxy variables once for each process.
    monkeypatch.setattr(urllib.request, "_opener", None)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nothing listens
    yield tmp_path
    terraform_mirror.registry_answers.cache_clear()


def variables(machine: Path, **more: str) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(machine / "data"), "XDG_DATA_DIRS": f"{machine}/share-1:{machine}/share-2", **more}


# In the order of the search.
PLACES = [
    "project/terraform.d/plugins",
    "home/.terraform.d/plugins",
    "data/terraform/plugins",
    "share-1/terraform/plugins",
    "share-2/terraform/plugins",
    "opt",
    "opt/mirror",
    "opt/terraform/mirror",
    "srv",
]


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_the_first_place_that_holds_the_provider_wins(machine: Path, first: int) -> None:
    for place in PLACES[first:]:
        hold(machine / place)
    assert find_mirrors(variables(machine), AWS) == [machine / PLACES[first]]


def test_the_variable_goes_before_every_place(machine: Path) -> None:
    for place in PLACES:
        hold(machine / place)
    named = hold(machine / "named")
    assert find_mirrors(variables(machine, **{VARIABLE: str(named)}), AWS) == [named]


def test_a_packed_provider_counts_too(machine: Path) -> None:
    packed = machine / "opt" / PROVIDER / f"terraform-provider-aws_{VERSION}_{PLATFORM}.zip"
    packed.parent.mkdir(parents=True)
    packed.touch()
    assert find_mirrors(variables(machine), AWS) == [machine / "opt"]


def other_version(folder: Path) -> Path:
    return hold(folder, version="1.2.3")


def other_platform(folder: Path) -> Path:
    return hold(folder, platform="plan9_mips")


@pytest.mark.parametrize("unfit", [other_version, other_platform])
def test_another_version_or_platform_does_not_count(machine: Path, unfit: Callable[[Path], Path]) -> None:
    unfit(machine / PLACES[0])
    fit = hold(machine / PLACES[-1])
    assert find_mirrors(variables(machine), AWS) == [fit]


def test_a_variable_that_names_the_wrong_folder_is_an_error_and_not_passed_over(machine: Path) -> None:
    hold(machine / PLACES[0])
    with pytest.raises(MirrorError) as error:
        find_mirrors(variables(machine, **{VARIABLE: "/nowhere"}), AWS)
    assert str(error.value) == (f"{VARIABLE}: '/nowhere' does not hold {PROVIDER} >= 5.100.0, < 7.0.0 for {PLATFORM}")


def test_where_no_provider_can_be_had_the_error_says_what_to_set(machine: Path) -> None:
    with pytest.raises(MirrorError) as error:
        terraform_environment(variables(machine), machine / "terraform.rc", [AWS])
    assert str(error.value) == (
        f"Terraform's registry is out of reach and no mirror of its AWS provider >= 5.100.0, < 7.0.0 "
        f"({PLATFORM}) was found; set {VARIABLE} to a folder that holds {PROVIDER} "
        "(`terraform providers mirror FOLDER` makes one where the registry answers)"
    )
    assert not (machine / "terraform.rc").exists()


def installation(*mirrors: Path, of: str = PROVIDER) -> str:
    blocks = "".join(
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = ["{of}"]\n  }}\n' for mirror in mirrors
    )
    return f"""
provider_installation {{
{blocks}  direct {{
    exclude = ["{of}"]
  }}
}}
"""


def test_a_mirror_is_used_for_the_one_provider_when_the_registry_is_out_of_reach(machine: Path) -> None:
    mirror = hold(machine / "opt")
    generated = machine / "new" / "terraform.rc"
    environment = variables(machine)
    assert terraform_environment(environment, generated) == {
        **environment,
        **ALWAYS,
        "TF_CLI_CONFIG_FILE": str(generated),
    }
    assert generated.read_text() == installation(mirror)


def test_each_version_that_will_do_comes_from_the_first_folder_that_holds_it(machine: Path) -> None:
    hold(hold(machine / PLACES[0]), "4.67.0")
    hold(hold(machine / PLACES[2]), "6.28.0")
    hold(machine / PLACES[5], "7.0.0")
    folders = [machine / PLACES[0], machine / PLACES[2]]
    assert find_mirrors(variables(machine), AWS) == folders
    generated = machine / "terraform.rc"
    # The second stack asks for one in particular.
    terraform_environment(variables(machine), generated, [AWS, Provider("hashicorp/aws", "6.28.0")])
    assert generated.read_text() == installation(*folders)


def test_where_only_another_major_version_is_held_the_error_names_it_and_its_folder(machine: Path) -> None:
    held = hold(machine / "opt")
    with pytest.raises(MirrorError) as error:
        find_mirrors(variables(machine), Provider("registry.terraform.io/hashicorp/aws", ">= 6.47.0, < 7.0.0"))
    assert str(error.value).startswith(
        "Terraform's registry is out of reach and no mirror of its AWS provider >= 6.47.0, < 7.0.0 "
        f"({PLATFORM}) was found, only 5.100.0 in {held}; set {VARIABLE} to a folder that holds {PROVIDER} "
    )


@pytest.fixture(params=["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "home"])
def configured(request: pytest.FixtureRequest, machine: Path) -> Callable[[str], tuple[Path, dict[str, str]]]:
    """A CLI configuration in each of the ways that Terraform supports."""

    def write(text: str) -> tuple[Path, dict[str, str]]:
        if request.param == "home":
            path, named = machine / "home" / ".terraformrc", {}
        else:
            path = machine / "own.rc"
            named = {request.param: str(path)}
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path, variables(machine, **named)

    return write


def test_a_users_own_provider_installation_is_left_alone(
    machine: Path, configured: Callable[[str], tuple[Path, dict[str, str]]]
) -> None:
    hold(machine / "opt")
    own, environment = configured("provider_installation {\n  direct {}\n}\n")
    generated = machine / "terraform.rc"
    result = terraform_environment(environment, generated)
    assert result == {**environment, **ALWAYS, "TF_CLI_CONFIG_FILE": str(own)}
    assert not generated.exists()
    assert own.read_text() == "provider_installation {\n  direct {}\n}\n"


def test_other_settings_of_the_users_cli_configuration_are_kept(
    machine: Path, configured: Callable[[str], tuple[Path, dict[str, str]]]
) -> None:
    mirror = hold(machine / "opt")
    text = '# provider_installation is not set here\nplugin_cache_dir = "/cache"\n'
    own, environment = configured(text)
    generated = machine / "terraform.rc"
    assert terraform_environment(environment, generated)["TF_CLI_CONFIG_FILE"] == str(generated)
    assert generated.read_text() == text + installation(mirror)
    assert own.read_text() == text


def test_a_variable_that_points_at_no_file_is_dropped_or_replaced(machine: Path) -> None:
    mirror = hold(machine / "opt")
    environment = variables(machine, TF_CLI_CONFIG_FILE=str(machine / "missing.rc"))
    generated = machine / "terraform.rc"
    assert terraform_environment(environment, generated)["TF_CLI_CONFIG_FILE"] == str(generated)
    assert generated.read_text() == installation(mirror)


@pytest.fixture
def registry(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A registry on this machine that answers over TLS."""
    make_certificate = [
        str(python_of_local_aws()),
        "-m",
        "trustme",
        "--quiet",
        "--dir",
        str(machine),
        "-i",
        "127.0.0.1",
    ]
    subprocess.run(make_certificate, check=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(machine / "server.pem", machine / "server.key")
    with answering("/.well-known/terraform.json", tls) as port:
        ours = replace(TERRAFORM, registry=f"127.0.0.1:{port}")
        monkeypatch.setattr(terraform_mirror, "product", lambda environment: ours)
        monkeypatch.setenv("SSL_CERT_FILE", str(machine / "client.pem"))
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.delenv(name)
        yield ours.registry


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("wrong", [{}, {"TF_CLI_CONFIG_FILE": "/missing.rc"}])
def test_where_the_registry_answers_nothing_is_set_but_what_is_wrong_is_dropped(
    machine: Path, wrong: dict[str, str]
) -> None:
    hold(machine / "opt")
    generated = machine / "terraform.rc"
    assert terraform_environment(variables(machine, **wrong), generated) == {**variables(machine), **ALWAYS}
    assert not generated.exists()


def test_a_mirror_that_is_named_is_used_even_where_the_registry_answers(machine: Path, registry: str) -> None:
    mirror = hold(machine / "named", of=f"{registry}/hashicorp/aws")
    generated = machine / "terraform.rc"
    environment = variables(machine, **{VARIABLE: str(mirror)})
    assert terraform_environment(environment, generated)["TF_CLI_CONFIG_FILE"] == str(generated)
    assert generated.read_text() == installation(mirror, of=f"{registry}/hashicorp/aws")


def test_the_callers_environment_is_not_changed(machine: Path) -> None:
    hold(machine / "opt")
    environment = variables(machine, TF_CLI_CONFIG_FILE=str(machine / "missing.rc"))
    before = dict(environment)
    terraform_environment(environment, machine / "terraform.rc")
    assert environment == before


def test_an_unchanged_configuration_is_not_written_again(machine: Path) -> None:
    hold(machine / "opt")
    generated = machine / "terraform.rc"
    terraform_environment(variables(machine), generated)
    generated.chmod(0o400)
    before = generated.stat().st_mtime_ns
    terraform_environment(variables(machine), generated)
    assert generated.stat().st_mtime_ns == before


def test_providers_write_a_log_only_where_the_caller_wants_one(tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").write_text('{"app": "true"}')

    def logs(**variables: str) -> dict[str, str]:
        target = Target({**os.environ, **variables}, tmp_path, project=Project.read(tmp_path))
        return {name: value for name, value in target.variables().items() if name.startswith("TF_LOG")}

    assert logs() == {"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER_AWS": "OFF"}
    assert logs(TF_LOG_PROVIDER="debug") == {"TF_LOG_PROVIDER": "debug"}
