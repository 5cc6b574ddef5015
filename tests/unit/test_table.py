from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from modules import Capacity, ConfigurationError, Index, Key, OnDemandLimit, PythonFunction, Table, Topic

from .synthesized import ACCOUNT, Terraform, allow, index_keys

ARN = "${aws_dynamodb_table.Records/Table.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
TOPIC_ARN = "${aws_sns_topic.Alarms/Topic.arn}"

BY_TYPE = Index("by-type", partition_key="type", sort_key="made")


def records(stack: TerraformStack, **options: Any) -> Table:
    return Table(stack, "Records", **{"name": "records", "partition_key": "id", "sort_key": "made", **options})


def test_a_table_is_on_demand_recoverable_and_has_text_keys(stack: TerraformStack) -> None:
    records(stack)
    made = Terraform(stack)
    assert made.types() == {"aws_cloudwatch_metric_alarm", "aws_dynamodb_table"}
    assert set(made.all("aws_cloudwatch_metric_alarm")) == {
        "Records/Alarms/ReadThrottled",
        "Records/Alarms/WriteThrottled",
    }
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
        ({"recovery_days": 7}, {"point_in_time_recovery": {"enabled": True, "recovery_period_in_days": 7}}),
        ({"recovery_days": 35}, {}),
        ({"stream": "KEYS_ONLY"}, {"stream_enabled": True, "stream_view_type": "KEYS_ONLY"}),
        (
            {"capacity": OnDemandLimit(read=100, write=50)},
            {"on_demand_throughput": {"max_read_request_units": 100, "max_write_request_units": 50}},
        ),
        ({"capacity": OnDemandLimit(write=50)}, {"on_demand_throughput": {"max_write_request_units": 50}}),
        (
            {"attribute_types": {"id": "binary", "made": "number"}},
            {"attribute": [{"name": "id", "type": "B"}, {"name": "made", "type": "N"}]},
        ),
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
            **index_keys("type", "made"),
            "projection_type": "ALL",
            "read_capacity": 5,
            "write_capacity": 3,
        }
    ]


def test_an_index_may_have_no_sort_key_and_hold_some_attributes_or_only_keys(stack: TerraformStack) -> None:
    records(
        stack,
        attribute_types={"size": "number"},
        indexes=[Index("by-type", "type", attributes=["title"]), Index("by-size", "size", "made", attributes=[])],
        capacity=OnDemandLimit(read=10),
    )
    made = Terraform(stack).one("aws_dynamodb_table")
    assert made["attribute"] == [
        {"name": name, "type": type_} for name, type_ in (("id", "S"), ("made", "S"), ("type", "S"), ("size", "N"))
    ]
    limit = {"on_demand_throughput": {"max_read_request_units": 10}}
    assert made["global_secondary_index"] == [
        {
            "name": "by-type",
            **index_keys("type"),
            "projection_type": "INCLUDE",
            "non_key_attributes": ["title"],
            **limit,
        },
        {"name": "by-size", **index_keys("size", "made"), "projection_type": "KEYS_ONLY", **limit},
    ]


def index(number: int, **options: Any) -> Index:
    return Index(f"by-{number:03}", f"key-{number}", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, "name is 'a b', AWS allows 3 to 255 letters"),
        ({"name": "ab"}, "name is 'ab', AWS allows 3 to 255 letters"),
        ({"partition_key": ""}, "partition_key is '', AWS allows 1 to 255"),
        ({"sort_key": ""}, "sort_key is '', AWS allows 1 to 255"),
        ({"sort_key": "id"}, "partition_key and sort_key are both 'id'"),
        ({"indexes": [Index("by-type", "type", "")]}, "index by-type: sort_key is '', AWS allows 1 to 255"),
        ({"indexes": [Index("by-type", "type", "type")]}, "index by-type: partition_key and sort_key are both 'type'"),
        ({"indexes": [index(number) for number in range(21)]}, "indexes has 21, AWS allows 0 to 20 global"),
        ({"indexes": [index(1), index(1)]}, "two indexes are called by-001"),
        ({"indexes": [Index("a b", "type")]}, "indexes: name is 'a b', AWS allows 3 to 255"),
        ({"indexes": [index(1, attributes=[str(n) for n in range(21)])]}, "index by-001: attributes has 21"),
        ({"indexes": [index(1, attributes=["a", "a"])]}, "index by-001: attributes has a name twice"),
        ({"indexes": [index(1, attributes=["key-1"])]}, "index by-001: attributes has key-1, which is a key of it"),
        (
            {"indexes": [index(one, attributes=[f"{one}-{n}" for n in range(20)]) for one in range(6)]},
            "indexes: attributes, of all together has 120, AWS allows 0 to 100",
        ),
        ({"attribute_types": {"other": "number"}}, "attribute_types has 'other', which is no key; the keys: id, made"),
        ({"attribute_types": {"id": "N"}}, "attribute_types of id is 'N', AWS allows string, number, binary"),
        ({"capacity": Capacity(0, 0)}, "capacity: read is 0, AWS allows 1 to 40000 capacity units"),
        ({"capacity": Capacity(1, 1, autoscale_to=0)}, "capacity: autoscale_to is 0, AWS allows 1 to 40000"),
        ({"capacity": OnDemandLimit(read=0)}, "capacity: read is 0, AWS allows 1 to 40000"),
        ({"capacity": OnDemandLimit()}, "capacity limits neither reads nor writes"),
        ({"recovery_days": 36}, "recovery_days is 36, AWS allows 1 to 35 days"),
        ({"stream": "ALL"}, "stream is 'ALL', AWS allows KEYS_ONLY, NEW_IMAGE"),
        ({"expiry_attribute": ""}, "expiry_attribute is '', AWS allows 1 to 255"),
    ],
)
def test_values_that_dynamodb_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^stack/Records: {message}"):
        records(stack, **options)


def test_an_index_is_granted_by_its_name_beside_the_table(stack: TerraformStack, worker: PythonFunction) -> None:
    table = records(stack, indexes=[BY_TYPE, Index("by-day", "day")])
    table.grant_query(worker)
    table.grant_query(worker, index="by-type")
    table.grant_query(worker, index="by-day")
    table.grant_scan(worker, index="by-type")
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    assert grants == {
        "QueryRecords": [allow("Query", ["dynamodb:Query"], ARN)],
        "QueryByTypeRecords": [allow("Query", ["dynamodb:Query"], f"{ARN}/index/by-type")],
        "QueryByDayRecords": [allow("Query", ["dynamodb:Query"], f"{ARN}/index/by-day")],
        "ScanByTypeRecords": [allow("Scan", ["dynamodb:Scan"], f"{ARN}/index/by-type")],
    }
    with pytest.raises(ConfigurationError, match=r"^stack/Records: it has no index 'by-size'; its indexes: by-type,"):
        table.grant_query(worker, index="by-size")


def test_capacity_that_terraform_knows_later_is_kept_as_its_expression(stack: TerraformStack) -> None:
    units = TerraformVariable(stack, "Units", type="number").number_value
    records(stack, indexes=[BY_TYPE], capacity=Capacity(read=units, write=3, autoscale_to=units))
    made = Terraform(stack)
    table = made.one("aws_dynamodb_table")
    assert table["read_capacity"] == "${var.Units}"
    assert "max(var.Units, try(" in table["global_secondary_index"][0]["read_capacity"]
    assert made.all("aws_appautoscaling_target")["Records/ReadScaling"]["max_capacity"] == "${var.Units}"
    alarm = made.all("aws_cloudwatch_metric_alarm")["Records/Alarms/ReadConsumed"]
    assert alarm["threshold"] == "${(var.Units * 240)}"
    assert alarm["alarm_description"] == "records consumes more than 80% of its ${var.Units} read units"


def test_a_table_encrypts_with_a_key_that_it_is_given(stack: TerraformStack, key: Key) -> None:
    records(stack, key=key)
    made = Terraform(stack).one("aws_dynamodb_table")
    assert made["server_side_encryption"] == {"enabled": True, "kms_key_arn": KEY_ARN}


GRANTS = {
    "grant_get": ("Get", ["dynamodb:GetItem"]),
    "grant_batch_get": ("BatchGet", ["dynamodb:BatchGetItem"]),
    "grant_put": ("Put", ["dynamodb:PutItem"]),
    "grant_update": ("Update", ["dynamodb:UpdateItem"]),
    "grant_delete": ("Delete", ["dynamodb:DeleteItem"]),
    "grant_batch_write": ("BatchWrite", ["dynamodb:BatchWriteItem"]),
    "grant_condition_check": ("ConditionCheck", ["dynamodb:ConditionCheckItem"]),
    "grant_transact_write": (
        "TransactWrite",
        ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"],
    ),
    "grant_query": ("Query", ["dynamodb:Query"]),
    "grant_scan": ("Scan", ["dynamodb:Scan"]),
}


def test_every_grant_is_tried_here() -> None:
    assert {name for name in dir(Table) if name.startswith("grant_")} == {*GRANTS, "grant_stream"}


@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_is_its_actions_on_the_table_however_often_it_is_given(
    stack: TerraformStack, worker: PythonFunction, grant: str
) -> None:
    table = records(stack, indexes=[BY_TYPE])
    getattr(table, grant)(worker)
    getattr(table, grant)(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    verb, actions = GRANTS[grant]
    assert grants == {f"{verb}Records": [allow(verb, actions, ARN)]}


@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_on_an_encrypted_table_includes_use_of_its_key(
    stack: TerraformStack, key: Key, worker: PythonFunction, grant: str
) -> None:
    getattr(records(stack, key=key), grant)(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    verb, actions = GRANTS[grant]
    assert grants == {
        f"{verb}Records": [allow(verb, actions, ARN)],
        "UseKeyOfRecords": [allow("UseTableKey", ["kms:Decrypt", "kms:DescribeKey"], KEY_ARN)],
    }


def test_several_grants_on_an_encrypted_table_include_use_of_its_key_once(
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
    assert made.one("aws_dynamodb_table")["lifecycle"] == {"ignore_changes": ["read_capacity", "write_capacity"]}
    current = "data.aws_dynamodb_table.Records/Current"
    # Never below the scaled units, so that a deployment does not reduce them.
    (index,) = made.one("aws_dynamodb_table")["global_secondary_index"]
    for direction, least in (("read", 5), ("write", 3)):
        scaled = f"[for index in {current}[0].global_secondary_index : index.{direction}_capacity"
        assert index[f"{direction}_capacity"] == (
            f'${{max({least}, try(element({scaled} if index.name == "by-type"], 0), {least}))}}'
        )
    assert made.json["data"]["aws_dynamodb_table"] == {
        "Records/Current": {
            "name": "records",
            "count": '${try(contains(data.aws_dynamodb_tables.Records/Tables.names, "records"), false) ? 1 : 0}',
        }
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


def test_with_autoscaling_the_alarm_threshold_is_80_percent_of_the_maximum_capacity(
    stack: TerraformStack, key: Key
) -> None:
    topic = Topic(stack, "Alarms", name="alarms", key=key, account_id=ACCOUNT)
    records(stack, capacity=Capacity(read=5, write=3, autoscale_to=50), alarm_topic=topic)
    alarms = Terraform(stack).all("aws_cloudwatch_metric_alarm")
    assert {alarms[f"Records/Alarms/{one}Consumed"]["threshold"] for one in ("Read", "Write")} == {50 * 300 * 0.8}


def test_indexes_that_scale_need_a_name_that_python_knows(stack: TerraformStack) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/Records: its name is known to Terraform only"):
        records(stack, name="${var.name}", indexes=[BY_TYPE], capacity=Capacity(5, 3, autoscale_to=40))


def test_indexes_whose_names_differ_in_signs_only_have_targets_and_alarms_of_their_own(stack: TerraformStack) -> None:
    names = ["by-type", "by_type", "byType", "bytype"]
    records(stack, indexes=[Index(name, "type") for name in names], capacity=Capacity(5, 3, autoscale_to=40))
    made = Terraform(stack)
    assert len(made.all("aws_appautoscaling_target")) == 2 + 2 * len(names)
    assert len(made.all("aws_cloudwatch_metric_alarm")) == 2 * 2 * (1 + len(names))
