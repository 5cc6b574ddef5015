"""The roles of GitHub's workflows trust one repository and are limited to one project."""

import json
import re
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, DeploymentTarget, GithubDeployer, GithubIdentity
from tests.unit.synthesized import ACCOUNT, DNS_SUFFIX, PARTITION, Terraform

TARGET = DeploymentTarget(["us-east-1"], project="sluice", state_bucket="state", account_id=ACCOUNT)


def deployer(stack: TerraformStack, **options: Any) -> GithubDeployer:
    given = {"repository": "acme/shop", "target": TARGET, "names": ["sluice-*"], "name": "github-role", **options}
    return GithubDeployer(stack, "Deployer", identity=GithubIdentity(stack, "Github"), **given)


def trust(stack: TerraformStack) -> dict[str, Any]:
    (statement,) = Terraform(stack).policies()["Deployer/AssumeRole"]
    return statement


def statements(stack: TerraformStack, part: str) -> dict[str, Any]:
    """The statements of all policies of one part, by Sid."""
    policies = {
        path: found for path, found in Terraform(stack).policies().items() if path.startswith(f"Deployer/{part}")
    }
    return {one["sid"]: one for found in policies.values() for one in found}


def test_the_identity_provider_is_githubs_for_sts_only(stack: TerraformStack) -> None:
    GithubIdentity(stack, "Github")
    assert Terraform(stack).one("aws_iam_openid_connect_provider") == {
        "url": "https://token.actions.githubusercontent.com",
        "client_id_list": ["sts.amazonaws.com"],
    }


@pytest.mark.parametrize(
    ("environment", "subject"),
    [("production", "repo:acme/shop:environment:production"), (None, "repo:acme/shop:pull_request")],
)
def test_the_trust_names_repository_and_environment_exactly(
    stack: TerraformStack, environment: str | None, subject: str
) -> None:
    deployer(stack, environment=environment)
    assert trust(stack) == {
        "sid": "GithubWorkflows",
        "effect": "Allow",
        "principals": [
            {"type": "Federated", "identifiers": ["${aws_iam_openid_connect_provider.Github/Provider.arn}"]}
        ],
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "resources": [],
        "condition": [
            {
                "test": "StringEquals",
                "variable": "token.actions.githubusercontent.com:aud",
                "values": ["sts.amazonaws.com"],
            },
            {"test": "StringEquals", "variable": "token.actions.githubusercontent.com:sub", "values": [subject]},
        ],
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"repository": "acme/*"}, "without wildcards"),
        ({"repository": "acme"}, "owner/name"),
        ({"environment": "*"}, "without wildcards"),
        ({"name": "sluice-deployer"}, "could give itself rights"),
        ({"names": ["*"]}, "could give itself rights"),
        ({"names": []}, "names is empty; the role could do nothing"),
        ({"target": DeploymentTarget([], "sluice", "state")}, "target.regions is empty"),
    ],
)
def test_a_trust_or_a_reach_that_is_too_wide_is_an_error(
    stack: TerraformStack, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        deployer(stack, **options)


@pytest.mark.parametrize("text", ["%{if}-*", "${oops-*"])
def test_a_name_that_terraform_would_take_for_a_template_is_refused(stack: TerraformStack, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"names\[1\]"):
        deployer(stack, names=["sluice-*", text])


@pytest.mark.parametrize("part", ["project", "state_bucket"])
def test_a_target_that_terraform_would_take_for_a_template_is_refused(stack: TerraformStack, part: str) -> None:
    given = {"regions": ["us-east-1"], "project": "sluice", "state_bucket": "states", part: "%{a"}
    with pytest.raises(ConfigurationError, match=f"target.{part}"):
        deployer(stack, target=DeploymentTarget(**given))  # type: ignore[arg-type]


def test_the_reviewing_role_reads_and_writes_nothing_but_locks_and_reviews(stack: TerraformStack) -> None:
    deployer(stack)
    assert [path for path in Terraform(stack).policies() if path.startswith("Deployer/Deploy")] == []
    writing = {
        sid: (one["actions"], one["resources"])
        for sid, one in statements(stack, "Review").items()
        if any(re.search(r":(Put|Create|Delete|Update|Add|Set|Tag|Pass|POST|PUT|PATCH)", a) for a in one["actions"])
    }
    assert writing == {
        "Lock": (
            ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            [f"arn:{PARTITION}:s3:::state/sluice/*/terraform.tfstate.tflock"],
        ),
        "Reviews": (["s3:GetObject", "s3:PutObject"], [f"arn:{PARTITION}:s3:::state/reviews/sluice/*"]),
    }


def test_the_deploying_role_reaches_resources_by_name_and_others_by_tag_only(stack: TerraformStack) -> None:
    deployer(stack, environment="production")
    tagged = {}
    for part in ("Review", "Deploy"):
        for sid, one in statements(stack, part).items():
            if one.get("condition"):
                tagged[f"{part} {sid}"] = [(c["variable"], c["values"]) for c in one["condition"]]
                continue
            for resource in one["resources"]:
                named = "sluice-*" in resource or resource.startswith(f"arn:{PARTITION}:s3:::state")
                # These services have no names in their ARNs.
                kinds = (":apigateway:", "scalable-target", "Execution-Logs", "event-source-mapping")
                nameless = any(kind in resource for kind in kinds)
                assert named or nameless or sid in ("Lists", "Subscriptions"), (part, sid, resource)
    project = [("aws:ResourceTag/Project", ["sluice"])]
    functions = [
        ("lambda:FunctionArn", [f"arn:{PARTITION}:lambda:us-east-1:{ACCOUNT}:function:sluice-*"]),
    ]
    assert tagged == {
        "Review Keys": project,
        "Deploy Keys": project,
        "Deploy KeysOfTables": [*project, ("kms:ViaService", [f"dynamodb.us-east-1.{DNS_SUFFIX}"])],
        "Deploy NewKeys": [("aws:RequestTag/Project", ["sluice"])],
        "Deploy Mappings": functions,
        "Deploy NewMappings": functions,
        "Deploy RolesOfFunctions": [
            (
                "iam:PassedToService",
                ["codedeploy.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"],
            )
        ],
    }


def test_no_action_has_a_wildcard_and_no_data_is_read_or_deleted(stack: TerraformStack) -> None:
    deployer(stack, environment="production")
    every = [
        (sid, action)
        for part in ("Review", "Deploy")
        for sid, one in statements(stack, part).items()
        for action in one["actions"]
    ]
    assert [action for _, action in every if "*" in action] == []
    content = {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "dynamodb:GetItem",
        "dynamodb:Scan",
        "sqs:ReceiveMessage",
    }
    assert {sid for sid, action in every if action in content} == {"State", "Lock", "Reviews", "WriteState"}


def test_a_deployment_calls_the_functions_that_start_releases_and_no_others(stack: TerraformStack) -> None:
    deployer(stack, environment="production")
    every = [*statements(stack, "Review").values(), *statements(stack, "Deploy").values()]
    assert [one["resources"] for one in every if "lambda:InvokeFunction" in one["actions"]] == [
        [f"arn:{PARTITION}:lambda:us-east-1:{ACCOUNT}:function:sluice-*-release-start"]
    ]


def test_each_policy_fits_and_all_are_attached(stack: TerraformStack) -> None:
    # 6,144 characters, 10 for a role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    names = ["sluice-*", "lambda-trigger-bucket-*", "lambda-invocation-logs-*", "s3-processor-*"]
    deployer(
        stack,
        environment="production",
        names=names,
        target=DeploymentTarget(["us-east-1", "us-west-2"], "sluice", "state", ACCOUNT),
    )
    terraform = Terraform(stack)
    documents = {path: found for path, found in terraform.policies().items() if path != "Deployer/AssumeRole"}
    assert (
        max(
            len(json.dumps(found, separators=(",", ":")).replace(PARTITION, "aws-us-gov"))
            for found in documents.values()
        )
        < 6144
    )
    policies = terraform.all("aws_iam_policy")
    assert len(documents) == len(policies) <= 10
    assert sorted(one["policy_arn"] for one in terraform.all("aws_iam_role_policy_attachment").values()) == sorted(
        f"${{aws_iam_policy.{path}.arn}}" for path in policies
    )
    assert len({one["name"] for one in policies.values()}) == len(policies)


@pytest.mark.parametrize(("environment", "subject"), [("Production EU", "Production EU"), ("a:b", "a%3Ab")])
def test_an_environments_name_may_have_blanks_and_colons(stack: TerraformStack, environment: str, subject: str) -> None:
    deployer(stack, environment=environment)
    (trust,) = Terraform(stack).policies()["Deployer/AssumeRole"]
    assert trust["condition"][1]["values"] == [f"repo:acme/shop:environment:{subject}"]


def test_an_identity_provider_that_exists_already_is_given_by_its_arn(stack: TerraformStack) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    identity = GithubIdentity.from_arn(stack, "Github", arn)
    given: Any = {"repository": "acme/shop", "target": TARGET, "names": ["sluice-*"]}
    GithubDeployer(stack, "Deployer", name="github-role", identity=identity, **given)
    made = Terraform(stack)
    assert made.all("aws_iam_openid_connect_provider") == {}
    (trust,) = made.policies()["Deployer/AssumeRole"]
    assert trust["principals"] == [{"type": "Federated", "identifiers": [arn]}]


@pytest.mark.parametrize("arn", ["github", f"arn:aws:iam::{ACCOUNT}:oidc-provider/example.com"])
def test_another_identity_provider_is_refused(stack: TerraformStack, arn: str) -> None:
    with pytest.raises(ConfigurationError, match="AWS allows the ARN of GitHub's provider such as "):
        GithubIdentity.from_arn(stack, "Github", arn)


def test_the_account_is_the_stacks_unless_another_is_given(stack: TerraformStack) -> None:
    deployer(stack, target=DeploymentTarget(["us-east-1"], project="sluice", state_bucket="state"))
    account = "${data.aws_caller_identity.CurrentAccount.account_id}"
    assert statements(stack, "Review")["Sqs"]["resources"] == [f"arn:{PARTITION}:sqs:us-east-1:{account}:sluice-*"]
