"""Application Auto Scaling of a table and its indexes."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.appautoscaling_policy import AppautoscalingPolicy
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable
from constructs import Construct

from ._checks import is_token
from ._delivery import free_id
from ._identifiers import resolve
from ._paths import path
from ._table_options import Capacity, Index
from .errors import ConfigurationError

TARGET_UTILIZATION = 70  # target utilization in percent of the provisioned capacity


def scale(table: Construct, name: str, capacity: Capacity, most: float, indexes: Sequence[Index]) -> None:
    """Scale the units of a table and of each index up to `most`, and down to the provisioned units."""
    for direction, least in (("Read", capacity.read), ("Write", capacity.write)):
        if not is_token(most) and not is_token(least) and most < least:
            raise ConfigurationError(f"{path(table)}: autoscale_to is {most}, below the {least} provisioned units")
        for index in ("", *(one.name for one in indexes)):
            dimension = "index" if index else "table"
            id_ = free_id(table, f"{direction}{id_part(index)}Scaling", index)
            target = AppautoscalingTarget(
                table,
                id_,
                service_namespace="dynamodb",
                resource_id=f"table/{name}" + (f"/index/{index}" if index else ""),
                scalable_dimension=f"dynamodb:{dimension}:{direction}CapacityUnits",
                min_capacity=least,
                max_capacity=most,
            )
            AppautoscalingPolicy(
                table,
                f"{id_}Policy",
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


def keep_scaled_indexes(
    table: Construct, resource: DynamodbTable, name: str, capacity: Capacity, indexes: Sequence[Index]
) -> None:
    """Plan each index with the units that autoscaling has given it.

    Terraform can ignore changes of all indexes or of none, and then neither adds nor removes one. So the table in AWS,
    where there is one, is asked for the units that its indexes have now.
    https://github.com/hashicorp/terraform-provider-aws/issues/671
    """
    # Imported here because most stacks do not use that part of the provider binding.
    from cdktf_cdktf_provider_aws.data_aws_dynamodb_table import DataAwsDynamodbTable
    from cdktf_cdktf_provider_aws.data_aws_dynamodb_tables import DataAwsDynamodbTables

    if is_token(name):
        raise ConfigurationError(
            f"{path(table)}: its name is known to Terraform only; indexes that scale need a name that Python knows"
        )
    # Looked up by name, so that the data source does not wait for the table.
    tables = DataAwsDynamodbTables(table, "Tables")
    current = DataAwsDynamodbTable(table, "Current", name=name)
    # The provider gives no list at all where there is no table yet.
    current.add_override("count", f'${{try(contains({tables.fqn}.names, "{name}"), false) ? 1 : 0}}')
    for position, index in enumerate(indexes):
        for field, least in (("read_capacity", capacity.read), ("write_capacity", capacity.write)):
            scaled = f"{current.fqn}[0].global_secondary_index"
            units = f'[for index in {scaled} : index.{field} if index.name == "{index.name}"]'
            lowest = _expression(table, least)
            resource.add_override(
                f"global_secondary_index.{position}.{field}", f"${{max({lowest}, try(element({units}, 0), {lowest}))}}"
            )


def id_part(index: str) -> str:
    """An index's name in construct ids: `ByType` for `by-type`."""
    return index.title().replace("-", "")


def _expression(scope: Construct, value: float) -> str:
    """A number in a Terraform expression; tokens are expressions already."""
    if not is_token(value):
        return str(value)
    return str(resolve(value, scope)).removeprefix("${").removesuffix("}")
