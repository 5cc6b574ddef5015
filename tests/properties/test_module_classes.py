"""Whatever people give the module classes: valid Terraform or a ConfigurationError, never another exception."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import App, TerraformStack, TerraformVariable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import ConfigurationError, Logs, Metric, Names, Place, Release, Vpc
from sluice_cli.terraform.mirror import terraform_environment

# Their place is taken by a variable's token of the stack that is being built.
TEXT_TOKEN, NUMBER_TOKEN = "<text>", "<number>"

ACCOUNT = "123456789012"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools:3"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
ODD_TEXTS = ["", "A B", "données", "x" * 64, "x" * 300, "${", "${a", "%{a", '"\\', "a/b", "a\nb", "None", "*", "-", "."]

GOOD_NAMES = st.from_regex(r"\A[a-z][a-z0-9]{2,20}(-[a-z0-9]{1,10}){0,2}\Z")
TEXTS = st.one_of(st.sampled_from(ODD_TEXTS), st.text(max_size=20), st.sampled_from([TEXT_TOKEN, f"in-{TEXT_TOKEN}"]))
NAMES = st.one_of(GOOD_NAMES, GOOD_NAMES, TEXTS)
NUMBERS: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([0, 1, -1, 0.5, float("nan"), float("inf"), 1e300, 10**400, True, "30", None, NUMBER_TOKEN]),
    st.integers(-10, 20_000),
)


def numbers(*good: float) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(good), st.sampled_from(good), NUMBERS)


def options(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


FUNCTIONS = options(
    {"name": NAMES},
    handler=st.one_of(st.just("worker.handler.handle"), TEXTS),
    layers=st.lists(st.one_of(st.just(LAYER), TEXTS), max_size=6),
    environment=st.dictionaries(st.one_of(st.from_regex(r"\A[A-Z][A-Z_]{1,9}\Z"), TEXTS), TEXTS, max_size=3),
    timeout_seconds=numbers(1, 30, 900),
    memory_mb=numbers(128, 10240),
    ephemeral_storage_mb=numbers(512, 1024),
    reserved_concurrency=numbers(0, 5),
    runtime=st.one_of(st.sampled_from(["python3.11", "python3.13"]), TEXTS.filter(lambda text: TEXT_TOKEN not in text)),
    architecture=st.one_of(st.sampled_from(["x86_64", "arm64"]), TEXTS.filter(lambda text: TEXT_TOKEN not in text)),
    retries=numbers(0, 2),
    event_age_seconds=numbers(60, 21600),
    log_retention_days=numbers(1, 365),
    logs=st.builds(Logs, st.sampled_from(["JSON", "Text", "json"]), st.sampled_from([None, "INFO", "warn"])),
    allow_recursion=st.booleans(),
    release=st.builds(Release, st.one_of(st.none(), st.integers(-1, 101)), numbers(1, 5), st.booleans()),
    vpc=st.builds(Vpc, st.lists(TEXTS, max_size=17), st.lists(TEXTS, max_size=6)),
)
ALARMS = options(
    {"description": TEXTS, "namespace": st.just("AWS/Lambda"), "metric": NAMES, "above": numbers(0, 0.5)},
    statistic=st.one_of(st.sampled_from(["Sum", "Maximum", "p99", "p99.9", "tm90", "IQM", "p101"]), TEXTS),
    period=numbers(10, 60, 300),
    qualifier=NAMES,
    dimensions=st.dictionaries(NAMES, NAMES, max_size=3),
)
GRAPHS = st.dictionaries(TEXTS, st.lists(st.builds(Metric, NAMES, NAMES, st.dictionaries(NAMES, NAMES, max_size=2))))
DEPLOYERS = options(
    {
        "name": NAMES,
        "repository": st.one_of(st.just("acme/shop"), TEXTS),
        "names": st.lists(st.one_of(st.just("shop-*"), NAMES), min_size=1, max_size=2),
    },
    environment=st.one_of(st.just("Production EU"), TEXTS),
)


class Gathering:
    """One stack in which everything that was accepted comes together; what was refused leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = App(outdir=str(folder / "out"))
        self.stack = TerraformStack(self.app, "stack")
        AwsProvider(self.stack, "Aws", region="us-east-1")
        self.text = str(TerraformVariable(self.stack, "Text", type="string").string_value)
        self.number = TerraformVariable(self.stack, "Number", type="number").number_value
        self.code = folder / "worker"
        self.code.mkdir()
        (self.code / "handler.py").write_text("def handle(event, context): ...\n")
        self.tried = 0
        self.accepted = 0

    def make(self, build: Callable[[Construct], object]) -> None:
        self.tried += 1
        scope = Construct(self.stack, f"Example{self.tried}")
        try:
            build(scope)
        except ConfigurationError as error:
            message = str(error)
            self.stack.node.try_remove_child(scope.node.id)
        else:
            self.accepted += 1
            return
        assert len(message) > len("function: ")
        assert "object at 0x" not in message

    def given(self, value: Any) -> Any:
        """The value with this stack's tokens."""
        if isinstance(value, str):
            return self.number if value == NUMBER_TOKEN else value.replace(TEXT_TOKEN, self.text)
        if isinstance(value, dict):
            return {self.given(name): self.given(item) for name, item in value.items()}
        return [self.given(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def gathering(tmp_path_factory: pytest.TempPathFactory) -> Gathering:
    return Gathering(tmp_path_factory.mktemp("classes"))


@settings(max_examples=40)
@given(chosen=FUNCTIONS)
def test_functions(gathering: Gathering, chosen: dict[str, Any]) -> None:
    given = gathering.given(chosen)
    gathering.make(lambda scope: modules.PythonFunction(scope, "Worker", packages=[gathering.code], **given))


@given(name=NAMES, chosen=st.lists(ALARMS, max_size=3))
def test_alarms(gathering: Gathering, name: str, chosen: list[dict[str, Any]]) -> None:
    def build(scope: Construct) -> None:
        alarms = modules.Alarms(scope, "Alarms", name=gathering.given(name), topic=None)
        for number, one in enumerate(chosen):
            alarms.add(f"Alarm{number % 2}", **{"dimensions": {}, **gathering.given(one)})

    gathering.make(build)


@given(name=NAMES, graphs=GRAPHS)
def test_dashboards(gathering: Gathering, name: str, graphs: dict[str, Any]) -> None:
    gathering.make(lambda scope: modules.Dashboard(scope, "Board", name=name, graphs=graphs))


@given(
    alias=st.one_of(GOOD_NAMES.map("alias/{}".format), TEXTS),
    description=TEXTS,
    days=numbers(7, 30),
    services=st.lists(
        st.sampled_from(["cloudwatch.amazonaws.com", "delivery.logs.amazonaws.com", "lex-v2.amazonaws.com"])
    ),
)
def test_keys(gathering: Gathering, alias: str, description: str, days: Any, services: list[str]) -> None:
    def build(scope: Construct) -> None:
        given = gathering.given({"alias": alias, "description": description, "deletion_window_days": days})
        key = modules.Key(scope, "Key", **given)
        for service in services:
            key.allow_service(service)

    gathering.make(build)


@given(arn=st.one_of(st.sampled_from([KEY, ROLE]), TEXTS), name=NAMES)
def test_what_exists_already(gathering: Gathering, arn: str, name: str) -> None:
    kinds: list[Callable[[Construct, str], Any]] = [
        lambda scope, given: modules.Key.from_arn(scope, "Existing", given),
        lambda scope, given: modules.Role.from_arn(scope, "Existing", given),
        lambda scope, given: modules.Secret.from_arn(scope, "Existing", given),
        lambda scope, given: modules.GithubIdentity.from_arn(scope, "Existing", given),
        lambda scope, given: modules.Role.from_name(scope, "Existing", given),
        lambda scope, given: modules.Secret.from_name(scope, "Existing", given),
        lambda scope, given: modules.Parameter(scope, "Existing", name=given),
    ]
    for kind in kinds:
        for value in (arn, name):
            gathering.make(lambda scope, kind=kind, value=value: kind(scope, gathering.given(value)))  # type: ignore[misc]


@given(name=NAMES, description=TEXTS, days=numbers(0, 7, 30))
def test_secrets(gathering: Gathering, name: str, description: str, days: Any) -> None:
    given = gathering.given({"name": name, "description": description, "recovery_days": days})
    gathering.make(lambda scope: modules.Secret(scope, "Secret", **given))


@settings(max_examples=30)
@given(chosen=DEPLOYERS)
def test_deployers(gathering: Gathering, chosen: dict[str, Any]) -> None:
    def build(scope: Construct) -> None:
        identity = modules.GithubIdentity(scope, "Github")
        place = Place(["us-east-1"], project="shop", state_bucket="state")
        modules.GithubDeployer(scope, "Deployer", identity=identity, place=place, **gathering.given(chosen))

    gathering.make(build)


@given(project=NAMES, system=NAMES, environment=NAMES, part=NAMES)
def test_names(project: str, system: str, environment: str, part: str) -> None:
    names = Names(project, system, environment)
    for make in (names.function, names.table, names.topic, names.queue, names.api, names.dashboard, names.key_alias):
        try:
            made = make(part)
        except ConfigurationError:
            continue
        assert made.removeprefix("alias/").replace("-", "").isalnum()


def test_all_that_was_accepted_is_valid_terraform(gathering: Gathering) -> None:
    assert gathering.accepted > 100
    gathering.app.synth()
    folder = gathering.folder / "out" / "stacks" / "stack"
    environment = terraform_environment(os.environ, gathering.folder / "terraform.rc")
    for command in (["init", "-backend=false", "-input=false"], ["validate"]):
        done = subprocess.run(
            ["terraform", *command, "-no-color"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
