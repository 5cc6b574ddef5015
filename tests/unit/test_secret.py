from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Key, Parameter, PythonFunction, Secret

from .synthesized import ACCOUNT, PARTITION, REGION, Terraform, allow

THE_ACCOUNT = "${data.aws_caller_identity.CurrentAccount.account_id}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
SECRET_ARN = "${aws_secretsmanager_secret.Password/Secret.arn}"  # noqa: S105
DECRYPT = {"test": "StringLike", "variable": "kms:EncryptionContext:SecretARN"}


def read_statements(stack: TerraformStack) -> list[dict[str, Any]]:
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    ((_, statements),) = grants.items()
    return list(statements)


def test_a_secret_has_no_value_and_can_be_restored(stack: TerraformStack) -> None:
    Secret(stack, "Password", name="shop/password", description="opens the shop")
    made = Terraform(stack)
    assert made.all("aws_secretsmanager_secret") == {
        "Password/Secret": {"name": "shop/password", "description": "opens the shop", "recovery_window_in_days": 30}
    }
    assert made.policies()["Password/Policy"][0]["effect"] == "Deny"
    assert made.one("aws_secretsmanager_secret_policy") == {
        "secret_arn": SECRET_ARN,
        "policy": "${data.aws_iam_policy_document.Password/Policy.json}",
    }
    assert "aws_secretsmanager_secret_version" not in made.types()


def test_a_function_may_read_that_secret_only(stack: TerraformStack, worker: PythonFunction) -> None:
    Secret(stack, "Password", name="shop/password").grant_read(worker)
    assert read_statements(stack) == [allow("ReadSecret", ["secretsmanager:GetSecretValue"], SECRET_ARN)]


def test_a_grant_includes_use_of_the_secrets_key_for_that_secret(
    stack: TerraformStack, worker: PythonFunction, key: Key
) -> None:
    Secret(stack, "Password", name="shop/password", key=key).grant_read(worker)
    assert Terraform(stack).one("aws_secretsmanager_secret")["kms_key_id"] == KEY_ARN
    assert read_statements(stack) == [
        allow("ReadSecret", ["secretsmanager:GetSecretValue"], SECRET_ARN),
        {**allow("DecryptSecret", ["kms:Decrypt"], KEY_ARN), "condition": [{**DECRYPT, "values": [SECRET_ARN]}]},
    ]


def test_a_secret_that_exists_is_granted_by_name_with_the_six_characters_that_aws_adds(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    Secret.from_name(stack, "Password", "shop/password").grant_read(worker)
    arn = f"arn:{PARTITION}:secretsmanager:{REGION}:{THE_ACCOUNT}:secret:shop/password-??????"
    assert read_statements(stack) == [allow("ReadSecret", ["secretsmanager:GetSecretValue"], arn)]


def test_a_secret_that_exists_is_granted_by_its_arn(stack: TerraformStack, worker: PythonFunction) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:shop/password-AbCdEf"
    Secret.from_arn(stack, "Password", arn).grant_read(worker)
    assert read_statements(stack) == [allow("ReadSecret", ["secretsmanager:GetSecretValue"], arn)]


@pytest.mark.parametrize("name", ["/shop/limit", "shop-limit"])
def test_a_function_may_read_that_parameter_only(stack: TerraformStack, worker: PythonFunction, name: str) -> None:
    parameter = Parameter(stack, "Limit", name=name)
    parameter.grant_read(worker)
    arn = f"arn:{PARTITION}:ssm:{REGION}:{THE_ACCOUNT}:parameter/{name.removeprefix('/')}"
    assert read_statements(stack) == [allow("ReadParameter", ["ssm:GetParameter", "ssm:GetParameters"], arn)]


def test_a_parameter_that_a_key_encrypts_is_decrypted_as_that_parameter_only(
    stack: TerraformStack, worker: PythonFunction, key: Key
) -> None:
    Parameter(stack, "Limit", name="/shop/limit", key=key).grant_read(worker)
    (_, decrypt) = read_statements(stack)
    arn = f"arn:{PARTITION}:ssm:{REGION}:{THE_ACCOUNT}:parameter/shop/limit"
    only = {"test": "StringEquals", "variable": "kms:EncryptionContext:PARAMETER_ARN", "values": [arn]}
    assert decrypt == {**allow("DecryptParameter", ["kms:Decrypt"], KEY_ARN), "condition": [only]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda stack: Secret(stack, "S", name="a b"), "S: name is 'a b', AWS allows 1 to 512 letters"),
        (lambda stack: Secret(stack, "S", name="a", recovery_days=5), "recovery_days is 5, AWS allows 7 to 30"),
        (lambda stack: Secret(stack, "S", name="shop/db-AbCdEf"), "AWS allows a name without the end that Secrets"),
        (lambda stack: Secret.from_name(stack, "S", "shop/db-master"), "give the complete ARN: Secret.from_arn"),
        (lambda stack: Secret.from_name(stack, "S", "db-AbC123"), "give the complete ARN: Secret.from_arn"),
        (lambda stack: Secret.from_name(stack, "S", ""), "stack/S: name is ''"),
        (lambda stack: Secret.from_arn(stack, "S", "arn:aws:s3:::a-AbCdEf-AbCdEf"), "it is another thing's"),
        (lambda stack: Parameter(stack, "P", name="/aws/service/x"), "AWS allows no name that begins with aws or ssm"),
        (lambda stack: Parameter(stack, "P", name="a b"), "P: name is 'a b'"),
    ],
)
def test_values_that_aws_refuses_are_rejected(stack: TerraformStack, make: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make(stack)


@pytest.mark.parametrize("name", ["db-master", "orders-202601", "db-AbCdEfg", "db-AbCdE", "AbCdEf"])
def test_names_that_only_resemble_an_arns_end_are_taken(stack: TerraformStack, name: str) -> None:
    Secret(stack, "S", name=name)
    assert Terraform(stack).one("aws_secretsmanager_secret")["name"] == name
