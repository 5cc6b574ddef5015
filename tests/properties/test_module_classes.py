"""Any arguments of the module classes give valid Terraform or a ConfigurationError, never another exception."""

from collections.abc import Callable
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from constructs import Construct
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import ConfigurationError, DeploymentTarget, Logs, Metric, Names, Release, Vpc

from .gathering import GOOD_NAMES, NAMES, TEXT_TOKEN, TEXTS, Gathering, numbers, options, options_of

ACCOUNT = "123456789012"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools:3"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"

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
    logs=options_of(Logs(), st.sampled_from(["JSON", "Text", "json"]), st.sampled_from([None, "INFO", "warn"])),
    allow_recursion=st.booleans(),
    release=options_of(Release(10), st.one_of(st.none(), st.integers(-1, 101)), numbers(1, 5), st.booleans()),
    vpc=options_of(Vpc(["subnet-1"], ["sg-1"]), st.lists(TEXTS, max_size=17), st.lists(TEXTS, max_size=6)),
)
ALARMS = options(
    {"description": TEXTS, "namespace": st.just("AWS/Lambda"), "metric": NAMES, "above": numbers(0, 0.5)},
    statistic=st.one_of(st.sampled_from(["Sum", "Maximum", "p99", "p99.9", "tm90", "IQM", "p101"]), TEXTS),
    period_seconds=numbers(10, 60, 300),
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
        lambda scope, given: modules.Table.from_name(scope, "Existing", given),
        lambda scope, given: modules.Queue.from_name(scope, "Existing", given),
        lambda scope, given: modules.Topic.from_name(scope, "Existing", given),
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
        target = DeploymentTarget(["us-east-1"], project="shop", state_bucket="state")
        modules.GithubDeployer(scope, "Deployer", identity=identity, target=target, **gathering.given(chosen))

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
    gathering.validate()
