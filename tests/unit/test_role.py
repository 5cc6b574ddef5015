import json
import re
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformStack, TerraformVariable, Testing
from cdktf_cdktf_provider_aws.provider import AwsProvider

from modules import ConfigurationError, Role, Table

from .synthesized import ACCOUNT, PARTITION, Terraform, allow


def test_a_role_of_others_gets_each_grant_as_an_inline_policy_of_its_own(stack: TerraformStack) -> None:
    role = Role.from_name(stack, "Reporting", "reporting")
    table = Table(stack, "Orders", name="orders", partition_key="id")
    table.grant_get(role)
    table.grant_get(role)
    made = Terraform(stack)
    assert made.all("aws_iam_role") == {}
    assert made.all("aws_iam_role_policy") == {
        "Reporting/GetOrders/RolePolicy": {
            "name": "GetOrders",
            "role": "reporting",
            "policy": "${data.aws_iam_policy_document.Reporting/GetOrders/Policy.json}",
        }
    }
    assert made.policies() == {
        "Reporting/GetOrders/Policy": [allow("Get", ["dynamodb:GetItem"], "${aws_dynamodb_table.Orders/Table.arn}")]
    }


def test_a_role_with_a_path_is_given_by_its_arn(stack: TerraformStack) -> None:
    arn = f"arn:aws-cn:iam::{ACCOUNT}:role/teams/blue/worker"
    role = Role.from_arn(stack, "Worker", arn)
    assert (role.role_name, role.arn) == ("worker", arn)


def test_the_arn_of_a_named_role_is_in_the_stacks_account_and_partition(stack: TerraformStack) -> None:
    TerraformOutput(stack, "Arn", value=Role.from_name(stack, "Worker", "worker").arn)
    account = "${data.aws_caller_identity.CurrentAccount.account_id}"
    assert Terraform(stack).outputs() == {"Arn": f"arn:{PARTITION}:iam::{account}:role/worker"}


def test_the_name_in_an_arn_that_terraform_knows_later_is_taken_by_terraform(stack: TerraformStack) -> None:
    arn = TerraformVariable(stack, "RoleArn", type="string").string_value
    Table(stack, "Orders", name="orders", partition_key="id").grant_get(Role.from_arn(stack, "Worker", arn))
    (policy,) = json.loads(Testing.synth(stack))["resource"]["aws_iam_role_policy"].values()
    assert policy["role"] == '${element(reverse(split("/", var.RoleArn)), 0)}'


THEIRS = "arn:aws:iam::999999999999:role/teams/blue/worker"
OF_ANOTHER_ACCOUNT = (
    f"stack/Worker: {THEIRS} is of another account than the stack, and only that account's stacks can add policies to "
    "it. Grant there, or to a role of this account that the other may assume"
)


def test_the_plan_of_a_grant_to_a_role_of_another_account_fails_in_words(stack: TerraformStack) -> None:
    Table(stack, "Orders", name="orders", partition_key="id").grant_get(Role.from_arn(stack, "Worker", THEIRS))
    policy = Terraform(stack).one("aws_iam_role_policy")
    # The local AWS has that one account, whose roles an ARN of the account to come may name.
    accounts = '["999999999999", "000000000000"]'
    assert policy["lifecycle"] == {
        "precondition": [
            {
                "condition": f"${{contains({accounts}, data.aws_caller_identity.CurrentAccount.account_id)}}",
                "error_message": OF_ANOTHER_ACCOUNT,
            }
        ]
    }


def test_a_grant_to_a_role_of_an_account_that_the_provider_does_not_admit_is_refused(stack: TerraformStack) -> None:
    AwsProvider(stack, "Aws", region="us-east-1", allowed_account_ids=[ACCOUNT])
    table = Table(stack, "Orders", name="orders", partition_key="id")
    with pytest.raises(ConfigurationError, match=f"^{re.escape(OF_ANOTHER_ACCOUNT)}$"):
        table.grant_get(Role.from_arn(stack, "Worker", THEIRS))
    table.grant_get(Role.from_arn(stack, "Own", f"arn:aws:iam::{ACCOUNT}:role/worker"))
    assert list(Terraform(stack).all("aws_iam_role_policy")) == ["Own/GetOrders/RolePolicy"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("worker", r"/Worker: arn is 'worker', AWS allows a role's ARN such as "),
        (f"arn:aws:iam::{ACCOUNT}:user/me", r"AWS allows a role's ARN such as "),
        (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", "is managed by AWS"),
        (f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1", "is managed by AWS"),
    ],
)
def test_roles_that_aws_manages_and_other_arns_are_refused(stack: TerraformStack, given: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Role.from_arn(stack, "Worker", given)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "teams/worker"])
def test_a_name_that_iam_does_not_allow_is_refused(stack: TerraformStack, name: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"stack/Worker: name is .*, AWS allows 1 to 64 letters, digits and "):
        Role.from_name(stack, "Worker", name)
