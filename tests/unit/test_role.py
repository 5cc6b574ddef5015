import json
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformStack, TerraformVariable, Testing

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
