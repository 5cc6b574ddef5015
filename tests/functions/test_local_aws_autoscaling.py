"""Application Auto Scaling on the local AWS: the calls of Terraform's provider."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws

TABLE = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/test-scaled",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
POLICY = {
    "PolicyName": "test",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
    },
}


@pytest.fixture
def scaling(local_aws: LocalAws) -> Any:
    return local_aws.client("application-autoscaling")


def test_targets_and_policies_are_created_described_and_deleted(local_aws: LocalAws, scaling: Any) -> None:
    arn = scaling.register_scalable_target(**TABLE, MinCapacity=1, MaxCapacity=5, Tags={"a": "b"})["ScalableTargetARN"]
    assert scaling.register_scalable_target(**TABLE, MaxCapacity=9)["ScalableTargetARN"] == arn
    put = scaling.put_scaling_policy(**TABLE, **POLICY)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[TABLE["ResourceId"]])[
        "ScalableTargets"
    ]
    assert (target["MinCapacity"], target["MaxCapacity"], target["ScalableTargetARN"]) == (1, 9, arn)
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", PolicyNames=["test"])["ScalingPolicies"]
    assert {name: policy[name] for name in POLICY} == POLICY
    assert policy["PolicyARN"] == put["PolicyARN"]
    elsewhere = local_aws.client("application-autoscaling", region_name="us-west-2")
    assert elsewhere.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []

    scaling.delete_scaling_policy(**TABLE, PolicyName="test")
    scaling.deregister_scalable_target(**TABLE)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.deregister_scalable_target(**TABLE)


def test_a_policy_needs_a_target(scaling: Any) -> None:
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.put_scaling_policy(**{**TABLE, "ResourceId": "table/test-none"}, **POLICY)
