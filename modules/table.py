from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from cdktf import Fn, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.dynamodb_table import (
    DynamodbTable,
    DynamodbTableAttribute,
    DynamodbTableGlobalSecondaryIndex,
    DynamodbTableGlobalSecondaryIndexOnDemandThroughput,
)
from constructs import Construct

from . import _limits as limits
from ._account import account_id, partition, region
from ._checks import is_token
from ._existing import parse_arn
from ._paths import path
from ._pollers import Pattern
from ._table_alarms import add_alarms
from ._table_keys import attribute_types_of, check_expiry, check_indexes, index_keys
from ._table_options import Capacity, Index, OnDemandLimit
from ._table_scaling import keep_scaled_indexes, scale
from ._table_verbs import AnyTable
from .accepted import accept
from .alarms import AlarmTopic
from .errors import ConfigurationError
from .key import AnyKey

LONGEST_RECOVERY_DAYS = 35

STREAM_ARN = re.compile(r"(arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/([A-Za-z0-9_.-]{3,255}))/stream/[^/]+")
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html
MISSING_IMAGES = {"KEYS_ONLY": ("NewImage", "OldImage"), "NEW_IMAGE": ("OldImage",), "OLD_IMAGE": ("NewImage",)}


class Table(AnyTable):
    """A DynamoDB table with point-in-time recovery, encrypted at rest.

    Grants and connections (`grant_put`, `on_change`, ...) are those of `AnyTable`.

    Keys are strings, but for those that `attribute_types` says are `number` or `binary`. On demand unless a `Capacity`
    provisions units; an `OnDemandLimit` bounds what it costs. Without `key` DynamoDB encrypts with its own key, at no
    cost; with one, `grant_*` also grants its use. `expiry_attribute` names the attribute (seconds since 1970) after
    which DynamoDB removes an item. The table can be restored to any second of the last `recovery_days` (1 to 35).
    `stream` says what changes hold (`NEW_AND_OLD_IMAGES`, `NEW_IMAGE`, `OLD_IMAGE`, `KEYS_ONLY`): a stream is on where
    it is given, and where `on_change` or `grant_stream` needs one.

    Alarms, for the table and for each index, on throttled reads and writes and, with a `Capacity`, on more than 80 % of
    it (of what it may scale to) consumed, notify `alarm_topic`. `protected` refuses destruction, in Terraform and in
    DynamoDB. Raises `ConfigurationError` for what DynamoDB refuses, and where autoscaling would scale down.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition_key: str,
        sort_key: str | None = None,
        attribute_types: Mapping[str, str] | None = None,
        indexes: Sequence[Index] = (),
        capacity: Capacity | OnDemandLimit | None = None,
        key: AnyKey | None = None,
        expiry_attribute: str | None = None,
        recovery_days: int = LONGEST_RECOVERY_DAYS,
        stream: str | None = None,
        alarm_topic: AlarmTopic | None = None,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_, key=key, indexes=[index.name for index in indexes])
        limits.TABLE_NAME.check(self, "name", name)
        limits.RECOVERY_DAYS.check(self, "recovery_days", recovery_days)
        if expiry_attribute is not None:
            limits.ATTRIBUTE_NAME.check(self, "expiry_attribute", expiry_attribute)
        if stream is not None:
            limits.STREAM_VIEW.check(self, "stream", stream)
        check_indexes(self, indexes)
        types = attribute_types_of(self, partition_key, sort_key, indexes, attribute_types or {})
        provisioned = capacity if isinstance(capacity, Capacity) else None
        limit = capacity if isinstance(capacity, OnDemandLimit) else None
        _check_capacity(self, capacity)
        check_expiry(self, expiry_attribute, types)
        self._stream = stream
        self.resource = DynamodbTable(
            self,
            "Table",
            name=name,
            billing_mode="PROVISIONED" if provisioned else "PAY_PER_REQUEST",
            read_capacity=provisioned.read if provisioned else None,
            write_capacity=provisioned.write if provisioned else None,
            on_demand_throughput=_throughput(limit),
            hash_key=partition_key,
            range_key=sort_key,
            attribute=[DynamodbTableAttribute(name=one, type=type_) for one, type_ in types.items()],
            global_secondary_index=[_index(index, provisioned, limit) for index in indexes] or None,
            point_in_time_recovery={
                "enabled": True,
                **({} if recovery_days == LONGEST_RECOVERY_DAYS else {"recovery_period_in_days": recovery_days}),
            },
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn} if key else None,
            ttl={"enabled": True, "attribute_name": expiry_attribute} if expiry_attribute else None,
            stream_enabled=True if stream else None,
            stream_view_type=stream,
            deletion_protection_enabled=protected,
            lifecycle=_lifecycle(protected, autoscaled=bool(provisioned and provisioned.autoscale_to)),
        )
        if not key:
            accept(self.resource, {"CKV_AWS_119": "DynamoDB's own key costs nothing; `key` opts in to one of your own"})
        if provisioned and not provisioned.autoscale_to:
            accept(
                self.resource,
                {"CKV2_AWS_16": "capacity is a budget, and an alarm rings at 80 % of it; `autoscale_to` opts in"},
            )
        self.name: str = self.resource.name
        self.arn: str = self.resource.arn
        if provisioned and provisioned.autoscale_to:
            scale(self, self.name, provisioned, provisioned.autoscale_to, indexes)
            if indexes:
                keep_scaled_indexes(self, self.resource, name, provisioned, indexes)
        add_alarms(self, name, provisioned, indexes, alarm_topic)

    @staticmethod
    def from_arn(
        scope: Construct,
        id_: str,
        arn: str,
        *,
        indexes: Sequence[str] = (),
        stream_arn: str | None = None,
        key: AnyKey | None = None,
    ) -> ExistingTable:
        """A table that exists already, by its ARN, with the same grants.

        `indexes` are the names of its indexes that are queried. With its `stream_arn` functions can be called with its
        changes; only its owner can turn the stream on. `key` is its customer-managed key, if it has one.
        """
        return ExistingTable(scope, id_, arn=arn, indexes=indexes, stream_arn=stream_arn, key=key)

    @staticmethod
    def from_name(
        scope: Construct,
        id_: str,
        name: str,
        *,
        indexes: Sequence[str] = (),
        stream_arn: str | None = None,
        key: AnyKey | None = None,
    ) -> ExistingTable:
        """A table that exists already in the stack's account and region, by its name; otherwise as `from_arn`."""
        limits.TABLE_NAME.check(f"{path(scope)}/{id_}", "name", name)
        arn = f"arn:{partition(scope)}:dynamodb:{region(scope)}:{account_id(scope)}:table/{name}"
        return ExistingTable(scope, id_, arn=arn, indexes=indexes, stream_arn=stream_arn, key=key)

    @property
    def stream_arn(self) -> str:
        """The ARN of the table's stream; reading it turns the stream on."""
        return self._stream_arn()

    def _check_images(self, filters: Sequence[Pattern]) -> None:
        for image in MISSING_IMAGES.get(self._stream or "", ()):
            if any(isinstance(one.get("dynamodb"), Mapping) and image in one["dynamodb"] for one in filters):
                raise ConfigurationError(
                    f"{path(self)}: filters name dynamodb.{image}, and the stream ({self._stream}) holds none, so that "
                    "no change would pass; give the table stream='NEW_AND_OLD_IMAGES'"
                )

    def _stream_arn(self) -> str:
        if self._stream is None:
            self._stream = "NEW_AND_OLD_IMAGES"
            self.resource.stream_enabled = True
            self.resource.stream_view_type = self._stream
        return self._known_stream_arn

    @cached_property
    def _known_stream_arn(self) -> str:
        return str(self.resource.stream_arn)  # cached: each access would create another token


class ExistingTable(AnyTable):
    """An existing table; see `Table.from_name` and `Table.from_arn`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        arn: str,
        indexes: Sequence[str],
        stream_arn: str | None,
        key: AnyKey | None,
    ) -> None:
        super().__init__(scope, id_, key=key, indexes=indexes)
        example = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
        parts = parse_arn(self, arn, "dynamodb", "table/[A-Za-z0-9_.-]{3,255}", example)
        for index in indexes:
            limits.INDEX_NAME.check(self, "indexes", index)
        self.arn = arn
        self.name = _name_in(parts.resource)
        if stream_arn is not None and not is_token(stream_arn):
            _check_stream_arn(self, stream_arn)
        self._given_stream_arn = stream_arn

    def _stream_arn(self) -> str:
        if self._given_stream_arn is None:
            raise ConfigurationError(
                f"{path(self)}: the stream of a table that exists already is its owner's to turn on; give its ARN: "
                "Table.from_arn(..., stream_arn=...)"
            )
        return self._given_stream_arn


def _check_stream_arn(table: ExistingTable, stream_arn: str) -> None:
    match = STREAM_ARN.fullmatch(stream_arn)
    names = match is not None and all(
        is_token(known) or given == known for given, known in zip(match.groups(), (table.arn, table.name), strict=True)
    )
    if not names:
        arn = "the table's ARN" if is_token(table.arn) else table.arn
        raise ConfigurationError(f"{path(table)}: stream_arn is {stream_arn!r}; give one below {arn}/stream/")


def _index(
    index: Index, provisioned: Capacity | None, limit: OnDemandLimit | None
) -> DynamodbTableGlobalSecondaryIndex:
    some = index.attributes is not None and len(index.attributes) > 0
    throughput = _throughput(limit)
    return DynamodbTableGlobalSecondaryIndex(
        name=index.name,
        **index_keys(index),
        projection_type="ALL" if index.attributes is None else "INCLUDE" if some else "KEYS_ONLY",
        non_key_attributes=list(index.attributes or ()) or None,
        read_capacity=provisioned.read if provisioned else None,
        write_capacity=provisioned.write if provisioned else None,
        on_demand_throughput=DynamodbTableGlobalSecondaryIndexOnDemandThroughput(**throughput) if throughput else None,
    )


def _throughput(limit: OnDemandLimit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    units = {"max_read_request_units": limit.read, "max_write_request_units": limit.write}
    return {name: value for name, value in units.items() if value is not None}


def _check_capacity(where: Construct, capacity: Capacity | OnDemandLimit | None) -> None:
    if capacity is None:
        return
    for name, units in vars(capacity).items():
        if units is not None:
            limits.CAPACITY_UNITS.check(where, f"capacity: {name}", units)
    if isinstance(capacity, OnDemandLimit) and capacity.read is None and capacity.write is None:
        raise ConfigurationError(f"{path(where)}: capacity limits neither reads nor writes; leave it out")


def _lifecycle(protected: bool, *, autoscaled: bool) -> TerraformResourceLifecycle | None:
    if not (protected or autoscaled):
        return None
    return TerraformResourceLifecycle(
        prevent_destroy=True if protected else None,
        # Autoscaling changes these, and Terraform must not revert it. Turning autoscaling on or off updates the table
        # in place.
        ignore_changes=["read_capacity", "write_capacity"] if autoscaled else None,
    )


def _name_in(resource: str) -> str:
    """The name after `table/`: Terraform's expression where it knows the resource only."""
    begins, slash, name = resource.partition("/")
    return name if slash and not is_token(begins) else Token.as_string(Fn.element(Fn.split("/", resource), 1))
