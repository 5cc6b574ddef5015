"""Properties of every system: tags, state, region, local endpoint, permissions, secure defaults."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cdktf import App

from settings import Settings
from stacks import SYSTEMS, ApiGatewayAccount, add_systems

from .synthesized import PARTITION, Terraform, allow_service

LOCAL = "https://127.0.0.1:4566"
CONFIGURATIONS = {
    "default": Settings(),
    "local": Settings(endpoint_url=LOCAL, state_bucket="states"),
    "elsewhere": Settings(
        project="other",
        environment="prod",
        region="eu-west-1",
        owner="Team Blue",
        cost_center="CC-1",
        state_bucket="states",
    ),
}
# Regions of the requirements; all other systems default to us-east-1.
OWN_REGIONS = {"invocation-log": "us-west-2"}

Synthesized = Callable[[str], Terraform]


@pytest.fixture(scope="module", params=[*SYSTEMS, ApiGatewayAccount], ids=lambda system: system.__name__)
def system(request: pytest.FixtureRequest, new_app: Callable[[], App]) -> tuple[str, Synthesized]:
    """The name of a system, and how to synthesize it in one of the configurations, once for each."""
    build = request.param
    return build(new_app(), Settings()).node.id, cache(lambda name: Terraform(build(new_app(), CONFIGURATIONS[name])))


@pytest.mark.parametrize(
    ("configuration", "region", "tags"),
    [
        (
            "default",
            None,
            {"Project": "sluice", "Environment": "dev", "Owner": "platform-team", "CostCenter": "unassigned"},
        ),
        (
            "elsewhere",
            "eu-west-1",
            {"Project": "other", "Environment": "prod", "Owner": "Team Blue", "CostCenter": "CC-1"},
        ),
    ],
)
def test_the_provider_sets_the_six_tags_and_the_region_and_targets_aws(
    system: tuple[str, Synthesized], configuration: str, region: str | None, tags: dict[str, str]
) -> None:
    name, synthesized = system
    assert synthesized(configuration).json["provider"] == {
        "aws": [
            {
                "region": region or OWN_REGIONS.get(name, "us-east-1"),
                "default_tags": [{"tags": {**tags, "System": name, "ManagedBy": "cdktf"}}],
            }
        ]
    }


def test_no_resource_replaces_one_of_the_six_tags(system: tuple[str, Synthesized]) -> None:
    six = {"Project", "Environment", "System", "Owner", "CostCenter", "ManagedBy"}
    resources = system[1]("default").json["resource"]
    assert {
        f"{kind}.{path}": overridden
        for kind, all_of_kind in resources.items()
        for path, resource in all_of_kind.items()
        if (overridden := six & set(resource.get("tags", {})))
    } == {}


@pytest.mark.parametrize(
    ("configuration", "bucket", "project", "environment", "region"),
    [
        # A bucket of this name cannot exist: `terraform init` fails and names the setting.
        ("default", "STATE_BUCKET-is-not-set", "sluice", "dev", "us-east-1"),
        ("elsewhere", "states", "other", "prod", "eu-west-1"),
    ],
)
def test_state_is_in_s3_with_one_key_for_each_stack_and_environment(
    system: tuple[str, Synthesized], configuration: str, bucket: str, project: str, environment: str, region: str
) -> None:
    name, synthesized = system
    assert synthesized(configuration).json["terraform"]["backend"] == {
        "s3": {
            "bucket": bucket,
            "key": f"{project}/{name}/{environment}/terraform.tfstate",
            "region": region,
            "encrypt": True,
            "use_lockfile": True,
        }
    }


def test_on_a_local_aws_the_provider_takes_every_services_endpoint_from_the_environment(
    system: tuple[str, Synthesized],
) -> None:
    name, synthesized = system
    (provider,) = synthesized("local").json["provider"]["aws"]
    assert {key: value for key, value in provider.items() if key != "default_tags"} == {
        "region": OWN_REGIONS.get(name, "us-east-1"),
        "s3_use_path_style": True,
        "skip_metadata_api_check": "true",
    }


def test_on_a_local_aws_state_goes_there_too(system: tuple[str, Synthesized]) -> None:
    name, synthesized = system
    assert synthesized("local").json["terraform"]["backend"]["s3"] == {
        "bucket": "states",
        "key": f"sluice/{name}/dev/terraform.tfstate",
        "region": "us-east-1",
        "encrypt": True,
        "use_lockfile": True,
        "endpoints": {"s3": LOCAL, "sts": LOCAL, "iam": LOCAL},
        "use_path_style": True,
        "skip_metadata_api_check": True,
    }


@pytest.mark.parametrize(("configuration", "endpoint"), [("default", None), ("elsewhere", None), ("local", LOCAL)])
def test_functions_learn_of_the_endpoint_where_there_is_one(
    system: tuple[str, Synthesized], configuration: str, endpoint: str | None
) -> None:
    functions = system[1](configuration).all("aws_lambda_function")
    assert {path: one["environment"]["variables"].get("AWS_ENDPOINT_URL") for path, one in functions.items()} == (
        dict.fromkeys(functions, endpoint)
    )


def test_no_role_may_do_anything_to_everything_but_write_traces(system: tuple[str, Synthesized]) -> None:
    made = system[1]("default")
    roles = [path.removesuffix("/Role") for path in made.all("aws_iam_role")]
    wide = [
        statement
        for role in roles
        for statements in made.grants(role).values()
        for statement in statements
        if "*" in statement["resources"] or any("*" in action for action in statement["actions"])
    ]
    traces = {
        "sid": "WriteTraces",
        "effect": "Allow",
        "actions": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "resources": ["*"],
    }
    assert wide == [traces for _ in made.all("aws_lambda_function")]


def test_only_lambda_may_assume_the_roles(system: tuple[str, Synthesized]) -> None:
    made = system[1]("default")
    functions, policies = owners(made, "aws_lambda_function"), made.policies()
    lambda_only = {
        "sid": "LambdaService",
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
        "actions": ["sts:AssumeRole"],
        "resources": [],
    }
    assert {one: policies[f"{one}/AssumeRole"] for one in functions} == {one: [lambda_only] for one in functions}
    assert {one: made.all("aws_iam_role")[f"{one}/Role"]["assume_role_policy"] for one in functions} == {
        one: f"${{data.aws_iam_policy_document.{one}/AssumeRole.json}}" for one in functions
    }


def test_keys_and_topics_admit_cloudwatch_of_this_account_and_nobody_else(system: tuple[str, Synthesized]) -> None:
    made = system[1]("default")
    account = "${data.aws_caller_identity.Account.account_id}"
    policies, topics = made.policies(), owners(made, "aws_sns_topic")
    admitted = {
        one: [statement for statement in policies[f"{one}/Policy"] if statement["effect"] == "Allow"]
        for one in (*topics, *owners(made, "aws_kms_key"))
    }
    storage_keys = {one for one in admitted if one.endswith("Key") and one != "Key"}
    services = {one: statements for one, statements in admitted.items() if one not in storage_keys}
    expected: dict[str, list[Any]] = {one: [] for one in topics}
    if topics:
        topic = "${aws_sns_topic.AlarmTopic/Topic.arn}"
        expected["AlarmTopic"] = [allow_service("cloudwatch", ["sns:Publish"], topic, account)]
        expected["Key"] = [
            {
                "sid": "AccountPolicies",
                "effect": "Allow",
                "principals": [{"type": "AWS", "identifiers": [f"arn:{PARTITION}:iam::{account}:root"]}],
                "actions": ["kms:*"],
                "resources": ["*"],
            },
            allow_service("cloudwatch", ["kms:Decrypt", "kms:GenerateDataKey*"], "*", account),
        ]
    assert services == expected


def owners(made: Terraform, resource_type: str) -> set[str]:
    return {path.rpartition("/")[0] for path in made.all(resource_type)}


@pytest.mark.parametrize(
    "companion",
    [
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
    ],
)
def test_no_bucket_is_without_its_protection(system: tuple[str, Synthesized], companion: str) -> None:
    made = system[1]("default")
    assert owners(made, companion) == owners(made, "aws_s3_bucket")


def test_no_function_is_without_retries_log_group_and_failure_queue(system: tuple[str, Synthesized]) -> None:
    made = system[1]("default")
    functions = owners(made, "aws_lambda_function")
    assert {
        path: one["destination_config"]["on_failure"]["destination"]
        for path, one in made.all("aws_lambda_function_event_invoke_config").items()
    } == {f"{one}/AsynchronousInvocation": f"${{aws_sqs_queue.{one}/Failures/Queue.arn}}" for one in functions}
    assert {f"{one}/LogGroup" for one in functions} <= set(made.all("aws_cloudwatch_log_group"))


def test_every_alarm_notifies_the_systems_topic(system: tuple[str, Synthesized]) -> None:
    topic = ["${aws_sns_topic.AlarmTopic/Topic.arn}"]
    alarms = system[1]("default").all("aws_cloudwatch_metric_alarm")
    assert {path: (one["alarm_actions"], one["ok_actions"]) for path, one in alarms.items()} == (
        dict.fromkeys(alarms, (topic, topic))
    )


def test_alarm_names_are_unique(system: tuple[str, Synthesized]) -> None:
    names = [one["alarm_name"] for one in system[1]("default").all("aws_cloudwatch_metric_alarm").values()]
    assert sorted(names) == sorted(set(names))


def test_the_logging_role_of_an_account_is_a_stack_that_systems_wait_for_where_it_is_managed(
    new_app: Callable[[], App],
) -> None:
    def stacks(settings: Settings) -> dict[str, list[str]]:
        app = new_app()
        add_systems(app, settings)
        children: Any = app.node.children
        return {child.node.id: [one.node.id for one in child.dependencies] for child in children}

    alone = stacks(Settings())
    assert alone == {name: [] for name in alone}
    assert "api-gateway-account" not in alone
    assert stacks(Settings(api_logging_role="managed")) == {
        **{name: ["api-gateway-account"] for name in alone},
        "api-gateway-account": [],
    }
