from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.appautoscaling_policy import AppautoscalingPolicy
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from cdktf_cdktf_provider_aws.dynamodb_table import (
    DynamodbTable,
    DynamodbTableAttribute,
    DynamodbTableGlobalSecondaryIndex,
)
from constructs import Construct

from .accepted import accept
from .alarms import Alarms
from .errors import ConfigurationError
from .iam import Grantee, Statement
from .key import Key

if TYPE_CHECKING:
    from .topic import Topic

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
KEY_ACTIONS = ("kms:Decrypt", "kms:DescribeKey")

TARGET_UTILIZATION = 70  # percent of the provisioned capacity that autoscaling keeps consumed
ALARM_UTILIZATION = 0.8  # of the provisioned capacity that may be consumed before the alarm rings
ALARM_PERIOD = 300  # seconds


@dataclass(frozen=True)
class Capacity:
    """Provisioned capacity units of a table and of each of its indexes.

    With `autoscale_to` the units go up to that number by themselves, and never below `read` and `write`.
    """

    read: int
    write: int
    autoscale_to: int | None = None


@dataclass(frozen=True)
class Index:
    """A global secondary index that holds all attributes. Keys are texts."""

    name: str
    partition_key: str
    sort_key: str


class Table(Construct):
    """A DynamoDB table with point-in-time recovery, encrypted at rest.

    On demand unless `capacity` provisions units. Keys are texts. Without `key` DynamoDB encrypts with its own key, at
    no cost; with one, `grant_*` also grants its use. `expiry_attribute` names the attribute (seconds since 1970) after
    which DynamoDB removes an item. `alarm_topic` hears, for the table and for each index, of throttled reads and writes
    and, with `capacity`, of more than 80 % of it (of what it may scale to) consumed. `protected` refuses destruction,
    in Terraform and in DynamoDB. Raises `ConfigurationError` where autoscaling would scale down.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition_key: str,
        sort_key: str | None = None,
        indexes: Sequence[Index] = (),
        capacity: Capacity | None = None,
        key: Key | None = None,
        expiry_attribute: str | None = None,
        alarm_topic: Topic | None = None,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._key = key
        self._indexes = indexes
        key_attributes = [partition_key, sort_key, *(one for i in indexes for one in (i.partition_key, i.sort_key))]
        self.resource = DynamodbTable(
            self,
            "Table",
            name=name,
            billing_mode="PROVISIONED" if capacity else "PAY_PER_REQUEST",
            read_capacity=capacity.read if capacity else None,
            write_capacity=capacity.write if capacity else None,
            hash_key=partition_key,
            range_key=sort_key,
            attribute=[DynamodbTableAttribute(name=one, type="S") for one in dict.fromkeys(key_attributes) if one],
            global_secondary_index=[
                DynamodbTableGlobalSecondaryIndex(
                    name=one.name,
                    hash_key=one.partition_key,
                    range_key=one.sort_key,
                    projection_type="ALL",
                    read_capacity=capacity.read if capacity else None,
                    write_capacity=capacity.write if capacity else None,
                )
                for one in indexes
            ]
            or None,
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn} if key else None,
            ttl={"enabled": True, "attribute_name": expiry_attribute} if expiry_attribute else None,
            deletion_protection_enabled=protected,
            lifecycle=_lifecycle(protected, autoscaled=bool(capacity and capacity.autoscale_to)),
        )
        if not key:
            accept(self.resource, {"CKV_AWS_119": "DynamoDB's own key costs nothing; `key` opts in to one of your own"})
        if capacity and not capacity.autoscale_to:
            accept(
                self.resource,
                {"CKV2_AWS_16": "capacity is a budget, and an alarm rings at 80 % of it; `autoscale_to` opts in"},
            )
        self.name: str = self.resource.name
        self.arn: str = self.resource.arn
        if capacity and capacity.autoscale_to:
            self._autoscale(capacity, capacity.autoscale_to)
        if alarm_topic:
            self._add_alarms(name, capacity, alarm_topic)

    def grant_get(self, function: Grantee) -> None:
        """Let the function get single items."""
        self._grant(function, "Get", "dynamodb:GetItem")

    def grant_put(self, function: Grantee) -> None:
        """Let the function put items."""
        self._grant(function, "Put", "dynamodb:PutItem")

    def grant_batch_write(self, function: Grantee) -> None:
        """Let the function put, and delete, up to 25 items in one request. Such requests carry no conditions."""
        self._grant(function, "BatchWrite", "dynamodb:BatchWriteItem")

    def grant_update(self, function: Grantee) -> None:
        """Let the function update items."""
        self._grant(function, "Update", "dynamodb:UpdateItem")

    def grant_delete(self, function: Grantee) -> None:
        """Let the function delete single items."""
        self._grant(function, "Delete", "dynamodb:DeleteItem")

    def grant_query(self, function: Grantee) -> None:
        """Let the function query the table by partition key."""
        self._grant(function, "Query", "dynamodb:Query")

    def _grant(self, function: Grantee, verb: str, *actions: str) -> None:
        function.allow(self, verb, Statement(sid=verb, actions=actions, resources=[self.arn]))
        if self._key:
            # One for all grants: a second would change nothing, so that nobody would miss either.
            use_key = Statement(sid="UseTableKey", actions=KEY_ACTIONS, resources=[self._key.arn])
            function.allow(self, "UseKeyOf", use_key)

    def _autoscale(self, capacity: Capacity, most: int) -> None:
        for direction, least in (("Read", capacity.read), ("Write", capacity.write)):
            if most < least:
                raise ConfigurationError(
                    f"{self.node.path}: autoscale_to is {most}, below the {least} provisioned units"
                )
            for dimension, resource in (("table", ""), *(("index", f"/index/{one.name}") for one in self._indexes)):
                scaled = (
                    f"{direction}{'' if dimension == 'table' else resource.rpartition('/')[2].title().replace('-', '')}"
                )
                target = AppautoscalingTarget(
                    self,
                    f"{scaled}Scaling",
                    service_namespace="dynamodb",
                    resource_id=f"table/{self.name}{resource}",
                    scalable_dimension=f"dynamodb:{dimension}:{direction}CapacityUnits",
                    min_capacity=least,
                    max_capacity=most,
                )
                AppautoscalingPolicy(
                    self,
                    f"{scaled}ScalingPolicy",
                    name=f"{direction}Utilization",
                    policy_type="TargetTrackingScaling",
                    service_namespace=target.service_namespace,
                    resource_id=target.resource_id,
                    scalable_dimension=target.scalable_dimension,
                    target_tracking_scaling_policy_configuration={
                        "target_value": TARGET_UTILIZATION,
                        "predefined_metric_specification": {
                            "predefined_metric_type": f"DynamoDB{direction}CapacityUtilization"
                        },
                    },
                )

    def _add_alarms(self, name: str, capacity: Capacity | None, topic: Topic) -> None:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
        alarms = Alarms(self, "Alarms", name=name, topic=topic)
        for direction in ("Read", "Write"):
            places = {"": {"TableName": name}} | {
                one.name: {"TableName": name, "GlobalSecondaryIndexName": one.name} for one in self._indexes
            }
            for index, dimensions in places.items():
                place, suffix = f"{name} {index}".strip(), index.title().replace("-", "")
                alarms.add(
                    f"{direction}Throttled{suffix}",
                    description=f"{place}: {direction.lower()}s were throttled; raise its capacity",
                    namespace="AWS/DynamoDB",
                    metric=f"{direction}ThrottleEvents",
                    dimensions=dimensions,
                    above=0,
                    qualifier=index,
                )
                if capacity:
                    units = capacity.autoscale_to or (capacity.read if direction == "Read" else capacity.write)
                    alarms.add(
                        f"{direction}Consumed{suffix}",
                        description=(
                            f"{place} consumes more than {ALARM_UTILIZATION:.0%} of its {units} "
                            f"{direction.lower()} units"
                        ),
                        namespace="AWS/DynamoDB",
                        metric=f"Consumed{direction}CapacityUnits",
                        dimensions=dimensions,
                        # The metric is the sum over the period, capacity is units a second.
                        above=units * ALARM_PERIOD * ALARM_UTILIZATION,
                        period=ALARM_PERIOD,
                        qualifier=index,
                    )


def _lifecycle(protected: bool, *, autoscaled: bool) -> TerraformResourceLifecycle | None:
    if not (protected or autoscaled):
        return None
    return TerraformResourceLifecycle(
        prevent_destroy=True if protected else None,
        # Autoscaling moves these; Terraform must not move them back. Turning it on or off changes the table in place.
        ignore_changes=["read_capacity", "write_capacity", "global_secondary_index"] if autoscaled else None,
    )
