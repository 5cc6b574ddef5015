from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Capacity, ConfigurationError, Index, Key, PythonFunction, Table, Topic

from .synthesized import ACCOUNT, Terraform, allow

ARN = "${aws_dynamodb_table.Records/Table.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
TOPIC_ARN = "${aws_sns_topic.Alarms/Topic.arn}"

BY_TYPE = Index("by-type", partition_key="type", sort_key="made")


def records(stack: TerraformStack, **options: Any) -> Table:
    return Table(stack, "Records", **{"name": "records", "partition_key": "id", "sort_key": "made", **options})


def test_a_table_is_on_demand_recoverable_and_has_text_keys(stack: TerraformStack) -> None:
    records(stack)
    made = Terraform(stack)
    assert made.types() == {"aws_dynamodb_table"}
    assert made.all("aws_dynamodb_table") == {
        "Records/Table": {
            "name": "records",
            "billing_mode": "PAY_PER_REQUEST",
            "hash_key": "id",
            "range_key": "made",
            "attribute": [{"name": "id", "type": "S"}, {"name": "made", "type": "S"}],
            "point_in_time_recovery": {"enabled": True},
            "deletion_protection_enabled": False,
        }
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"protected": True}, {"deletion_protection_enabled": True, "lifecycle": {"prevent_destroy": True}}),
        ({"expiry_attribute": "expires"}, {"ttl": {"enabled": True, "attribute_name": "expires"}}),
        (
            {"capacity": Capacity(read=5, write=3)},
            {"billing_mode": "PROVISIONED", "read_capacity": 5, "write_capacity": 3},
        ),
    ],
)
def test_an_option_changes_only_what_it_says(
    stack: TerraformStack, new_stack: Any, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    records(stack, **options)
    plain = new_stack()
    records(plain)
    assert Terraform(stack).one("aws_dynamodb_table") == {**Terraform(plain).one("aws_dynamodb_table"), **expected}


def test_a_table_without_a_sort_key_has_one_attribute(stack: TerraformStack) -> None:
    records(stack, sort_key=None)
    made = Terraform(stack).one("aws_dynamodb_table")
    assert made["attribute"] == [{"name": "id", "type": "S"}]
    assert "range_key" not in made


def test_an_index_holds_everything_and_declares_each_attribute_once(stack: TerraformStack) -> None:
    records(stack, indexes=[BY_TYPE], capacity=Capacity(read=5, write=3))
    made = Terraform(stack).one("aws_dynamodb_table")
    assert made["attribute"] == [{"name": name, "type": "S"} for name in ("id", "made", "type")]
    assert made["global_secondary_index"] == [
        {
            "name": "by-type",
            "hash_key": "type",
            "range_key": "made",
            "projection_type": "ALL",
            "read_capacity": 5,
            "write_capacity": 3,
        }
    ]


def test_a_table_encrypts_with_a_key_that_it_is_given(stack: TerraformStack, key: Key) -> None:
    records(stack, key=key)
    made = Terraform(stack).one("aws_dynamodb_table")
    assert made["server_side_encryption"] == {"enabled": True, "kms_key_arn": KEY_ARN}


GRANTS = {
    "grant_get": ("Get", "dynamodb:GetItem"),
    "grant_put": ("Put", "dynamodb:PutItem"),
    "grant_batch_write": ("BatchWrite", "dynamodb:BatchWriteItem"),
    "grant_update": ("Update", "dynamodb:UpdateItem"),
    "grant_delete": ("Delete", "dynamodb:DeleteItem"),
    "grant_query": ("Query", "dynamodb:Query"),
}


def test_every_grant_is_tried_here() -> None:
    assert {name for name in vars(Table) if name.startswith("grant_")} == set(GRANTS)


@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_is_one_action_on_the_table_however_often_it_is_given(
    stack: TerraformStack, worker: PythonFunction, grant: str
) -> None:
    table = records(stack, indexes=[BY_TYPE])
    getattr(table, grant)(worker)
    getattr(table, grant)(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    verb, action = GRANTS[grant]
    assert grants == {f"{verb}Records": [allow(verb, [action], ARN)]}


@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_on_an_encrypted_table_brings_the_use_of_its_key(
    stack: TerraformStack, key: Key, worker: PythonFunction, grant: str
) -> None:
    getattr(records(stack, key=key), grant)(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    verb, action = GRANTS[grant]
    assert grants == {
        f"{verb}Records": [allow(verb, [action], ARN)],
        "UseKeyOfRecords": [allow("UseTableKey", ["kms:Decrypt", "kms:DescribeKey"], KEY_ARN)],
    }


def test_several_grants_on_an_encrypted_table_bring_the_use_of_its_key_once(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    table = records(stack, key=key)
    table.grant_get(worker)
    table.grant_put(worker)
    grants = Terraform(stack).grants("Worker")
    key_grants = [one["sid"] for statements in grants.values() for one in statements if KEY_ARN in one["resources"]]
    assert key_grants == ["UseTableKey"]


def test_autoscaling_grows_the_table_and_its_indexes_and_terraform_leaves_them_be(stack: TerraformStack) -> None:
    records(stack, indexes=[BY_TYPE], capacity=Capacity(read=5, write=3, autoscale_to=40))
    made = Terraform(stack)
    assert made.one("aws_dynamodb_table")["lifecycle"] == {
        "ignore_changes": ["read_capacity", "write_capacity", "global_secondary_index"]
    }
    table = "table/${aws_dynamodb_table.Records/Table.name}"
    expected = {
        "Records/ReadScaling": (table, "dynamodb:table:ReadCapacityUnits", 5),
        "Records/ReadByTypeScaling": (f"{table}/index/by-type", "dynamodb:index:ReadCapacityUnits", 5),
        "Records/WriteScaling": (table, "dynamodb:table:WriteCapacityUnits", 3),
        "Records/WriteByTypeScaling": (f"{table}/index/by-type", "dynamodb:index:WriteCapacityUnits", 3),
    }
    assert made.all("aws_appautoscaling_target") == {
        path: {
            "service_namespace": "dynamodb",
            "resource_id": resource,
            "scalable_dimension": dimension,
            "min_capacity": least,
            "max_capacity": 40,
        }
        for path, (resource, dimension, least) in expected.items()
    }
    assert made.all("aws_appautoscaling_policy") == {
        f"{path}Policy": {
            "name": f"{direction}Utilization",
            "policy_type": "TargetTrackingScaling",
            **{
                part: f"${{aws_appautoscaling_target.{path}.{part}}}"
                for part in ("service_namespace", "resource_id", "scalable_dimension")
            },
            "target_tracking_scaling_policy_configuration": {
                "target_value": 70,
                "predefined_metric_specification": {
                    "predefined_metric_type": f"DynamoDB{direction}CapacityUtilization"
                },
            },
        }
        for path in expected
        for direction in ["Read" if "/Read" in path else "Write"]
    }


@pytest.mark.parametrize("capacity", [Capacity(5, 3, autoscale_to=4), Capacity(3, 5, autoscale_to=4)])
def test_autoscaling_below_the_provisioned_units_is_refused(stack: TerraformStack, capacity: Capacity) -> None:
    with pytest.raises(ConfigurationError, match=r"/Records: autoscale_to is 4, below the 5 provisioned units"):
        records(stack, capacity=capacity)


def test_alarms_ring_for_throttled_requests_of_table_and_index_and_for_consumed_capacity(
    stack: TerraformStack, key: Key
) -> None:
    topic = Topic(stack, "Alarms", name="alarms", key=key, account_id=ACCOUNT)
    records(stack, indexes=[BY_TYPE], capacity=Capacity(read=5, write=3), alarm_topic=topic)
    seen = {
        path.removeprefix("Records/Alarms/"): (
            alarm["alarm_name"],
            alarm["namespace"],
            alarm["metric_name"],
            alarm["dimensions"],
            alarm["threshold"],
            alarm["period"],
            alarm["statistic"],
            alarm["alarm_actions"],
        )
        for path, alarm in Terraform(stack).all("aws_cloudwatch_metric_alarm").items()
    }
    table = {"TableName": "records"}
    index = {"TableName": "records", "GlobalSecondaryIndexName": "by-type"}
    assert seen == {
        f"{direction}{what}": (name, "AWS/DynamoDB", metric, dimensions, above, period, "Sum", [TOPIC_ARN])
        for direction, units in (("Read", 5), ("Write", 3))
        for what, name, metric, dimensions, above, period in (
            ("Throttled", f"records-{direction}ThrottleEvents", f"{direction}ThrottleEvents", table, 0, 60),
            (
                "ThrottledByType",
                f"records-by-type-{direction}ThrottleEvents",
                f"{direction}ThrottleEvents",
                index,
                0,
                60,
            ),
            (
                "Consumed",
                f"records-Consumed{direction}CapacityUnits",
                f"Consumed{direction}CapacityUnits",
                table,
                units * 300 * 0.8,
                300,
            ),
            (
                "ConsumedByType",
                f"records-by-type-Consumed{direction}CapacityUnits",
                f"Consumed{direction}CapacityUnits",
                index,
                units * 300 * 0.8,
                300,
            ),
        )
    }


def test_with_autoscaling_the_alarm_on_consumed_capacity_rings_at_80_percent_of_the_most(
    stack: TerraformStack, key: Key
) -> None:
    topic = Topic(stack, "Alarms", name="alarms", key=key, account_id=ACCOUNT)
    records(stack, capacity=Capacity(read=5, write=3, autoscale_to=50), alarm_topic=topic)
    alarms = Terraform(stack).all("aws_cloudwatch_metric_alarm")
    assert {alarms[f"Records/Alarms/{one}Consumed"]["threshold"] for one in ("Read", "Write")} == {50 * 300 * 0.8}
