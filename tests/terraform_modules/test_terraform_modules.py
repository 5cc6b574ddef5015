"""The plain Terraform modules say what the CDKTF stacks say, whatever is chosen."""

import functools
import json
import random
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.terraform_modules.building import Built
from scripts.terraform_modules.inputs import OPTIONS
from scripts.terraform_modules.learning import Choices, evaluate
from scripts.terraform_modules.markers import FINGERPRINT, FIRST, SECOND
from scripts.terraform_modules.mock_tests import HEAD, values_of
from scripts.terraform_modules.releasing import pack_release
from scripts.terraform_modules.samples import System
from settings import Settings
from sluice_cli.export.files import write_files
from sluice_cli.export.tree import map_texts
from tests.support.sources import OF_PLAIN_MODULES, sources
from tests.terraform_modules.comparing import REGION, planned, write_root

ROOT = Path(__file__).parents[2]
PLAN_ONLY = f'{HEAD}\nrun "plan" {{\n  command = plan\n}}\n'
FINGERPRINTS = "${sha256(jsonencode("


@pytest.mark.parametrize("name", OPTIONS)
def test_the_committed_module_is_what_the_stack_of_today_gives(built: dict[str, Built], name: str) -> None:
    folder = ROOT / "terraform" / name
    committed = {file: (folder / file).read_text(encoding="utf-8") for file in sources(folder, *OF_PLAIN_MODULES)}
    assert committed == built[name].texts, "run `make terraform-modules` and commit what it writes"


def random_choices(system: System, seed: int) -> Choices:
    """Some options, more than were ever seen together; the last time all of them."""
    chosen = random.Random(seed)  # noqa: S311
    return {
        option.name: chosen.choice([*option.settings])
        for option in system.options
        if seed == 0 or chosen.random() < 0.6
    }


@pytest.mark.parametrize("name", OPTIONS)
def test_other_values_under_options_never_seen_together_give_what_the_stack_says(
    systems: dict[str, System], built: dict[str, Built], name: str
) -> None:
    system = systems[name]
    for values, seed in ((SECOND, 0), (FIRST, 1), (SECOND, 2)):
        choices = random_choices(system, seed)
        if values is SECOND and choices.get("cors_origins") == "one":
            choices = {**choices, "cors_origins": "several"}  # its only origin is one of the first values
        settings = system.settings(choices, values)
        learned = system.markers.compute(evaluate(built[name].learned, choices), settings)
        assert _comparable(learned) == _comparable(system.synthesize(settings)), choices


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    """Without comments, Terraform's own fingerprints, and types of which there is no resource; numbers as texts."""
    own = map_texts(
        document,
        lambda text: "fingerprint" if FINGERPRINT.fullmatch(text) or text.startswith(FINGERPRINTS) else text,
    )
    parts: dict[str, Any] = _without_comments(own)
    for part in ("data", "resource"):
        parts[part] = {type_: blocks for type_, blocks in parts[part].items() if blocks}
        for type_ in parts[part]:
            for block in parts[part][type_].values():
                block.pop("lifecycle", None)
    return parts


def _without_comments(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_comments(item) for name, item in value.items() if name != "//"}
    if isinstance(value, list):
        return [_without_comments(item) for item in value]
    # Terraform makes a text of a number where a text is wanted.
    return str(value) if isinstance(value, int | float) else value


@pytest.mark.parametrize("name", OPTIONS)
def test_terraform_validates_the_module_and_passes_its_own_tests(
    written: Path, environment: dict[str, str], name: str
) -> None:
    terraform(written / name, environment, "init", "-input=false")
    # That validates the module before its first run, with the provider's own checks of values.
    assert "0 failed" in terraform(written / name, environment, "test")


def terraform(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["terraform", arguments[0], "-no-color", *arguments[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_module_without_its_archive_is_valid_and_a_plan_says_where_to_get_it(
    built: dict[str, Built], environment: dict[str, str], tmp_path: Path
) -> None:
    write_files({**built["invocation-log"].texts, "tests/options.tftest.hcl": PLAN_ONLY}, {}, tmp_path)
    terraform(tmp_path, environment, "init", "-input=false")
    terraform(tmp_path, environment, "validate")
    tested = subprocess.run(
        ["terraform", "test", "-no-color"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    said = " ".join((tested.stdout + tested.stderr).replace("│", " ").split())
    assert "invocation_log.zip is missing: use a released archive of this module, or run" in said


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder of releases, and the address of the HTTP server that hands them out."""
    folder = tmp_path / "releases"
    folder.mkdir()
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_terraform_installs_a_release_and_its_archive_from_an_address(
    built: dict[str, Built], written: Path, environment: dict[str, str], releases: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = releases
    name, module = "invocation-log", built["invocation-log"]
    files = [*module.texts, *module.archives]
    release = pack_release(written / name, files, folder)
    first = release.read_bytes()
    assert pack_release(written / name, reversed(files), folder).read_bytes() == first

    root = tmp_path / "root"
    root.mkdir()
    call = {"source": f"{address}/{release.name}", "environment": "dev"}
    (root / "main.tf.json").write_text(json.dumps({"module": {"log": call}}))
    terraform(root, environment, "init", "-input=false")
    terraform(root, environment, "validate")
    installed = root / ".terraform" / "modules" / "log"
    assert {one: (installed / one).read_bytes() for one in files} == {
        one: (written / name / one).read_bytes() for one in files
    }


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_plans_the_resources_that_the_stack_plans(
    systems: dict[str, System],
    built: dict[str, Built],
    written: Path,
    environment: dict[str, str],
    tmp_path: Path,
    name: str,
) -> None:
    system = systems[name]
    every = [{}, *system.together()]
    cases = [(values_of(system, choices), stack_of(system, choices)) for choices in every]
    write_root(tmp_path, written / name, cases, system.stack_folder / "assets")
    plans = planned(tmp_path, environment)
    assert len(plans) == (2 if name == "file-metadata" else 1)  # before and after its table was scaled
    addresses = built[name].module.addresses
    for run, number, choices in ((run, number, choices) for run in plans for number, choices in enumerate(every)):
        own = {addresses[address]: change for address, change in run[f"plain_{number}"].items()}
        stack = run[f"cdktf_{number}"]
        for address, change in own.items():
            if "policy" in change["after_unknown"] and address.startswith("aws_kms_key."):
                # A statement that may refer to the API is read once the API is there, where it is left out, too.
                assert "policy" not in change["after"]
                change["after_unknown"] = stack[address]["after_unknown"]
                change["after"] = {**change["after"], **_policy(stack[address]["after"])}
        assert own == stack, choices


def _policy(after: dict[str, Any]) -> dict[str, Any]:
    return {"policy": after["policy"]} if "policy" in after else {}


def stack_of(system: System, choices: Choices) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in values_of(system, choices).items()
    }
    if "protected_environments" in values:
        values["protected_environments"] = ",".join(values["protected_environments"])
    return system.synthesize(Settings(**{"region": REGION, **values}))
