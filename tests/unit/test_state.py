import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, StateBackend

from .synthesized import Terraform

ON_AWS = {
    "bucket": "states",
    "key": "a/b/dev/terraform.tfstate",
    "region": "eu-west-1",
    "encrypt": True,
    "use_lockfile": True,
}


def test_state_is_encrypted_and_locked_with_s3s_own_lock_file(stack: TerraformStack) -> None:
    StateBackend(stack, bucket="states", state_key="a/b/dev/terraform.tfstate", region="eu-west-1")
    assert Terraform(stack).json["terraform"]["backend"] == {"s3": ON_AWS}


def test_state_of_a_local_aws_goes_there_with_every_call(stack: TerraformStack) -> None:
    endpoint = "https://127.0.0.1:4566"
    StateBackend(
        stack, bucket="states", state_key="a/b/dev/terraform.tfstate", region="eu-west-1", endpoint_url=endpoint
    )
    assert Terraform(stack).json["terraform"]["backend"] == {
        "s3": {
            **ON_AWS,
            "endpoints": {"s3": endpoint, "sts": endpoint, "iam": endpoint},
            "use_path_style": True,
            "skip_metadata_api_check": True,
        }
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"state_key": "/shop/terraform.tfstate"},
            "state_key is '/shop/terraform.tfstate'.*it may not begin or end with /",
        ),
        ({"state_key": ""}, "state_key is ''"),
        ({"bucket": "${var.bucket}"}, "bucket of the state is .*a backend takes no references: give a text"),
    ],
)
def test_keys_that_cannot_hold_a_state_are_refused(
    stack: TerraformStack, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        StateBackend(
            stack, **{"bucket": "states", "state_key": "shop/terraform.tfstate", "region": "us-east-1", **options}
        )
