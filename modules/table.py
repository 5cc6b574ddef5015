from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable, DynamodbTableAttribute
from constructs import Construct

from .iam import Statement
from .key import Key

if TYPE_CHECKING:
    from .function import PythonFunction

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
KEY_ACTIONS = ("kms:Decrypt", "kms:DescribeKey")


class Table(Construct):
    """A DynamoDB table on demand, with point-in-time recovery, encrypted at rest.

    Keys are strings. Without `key` DynamoDB encrypts with its own key, at no cost; with one, `grant_*` also grants
    its use. `protected` refuses destruction, in Terraform and in DynamoDB.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition_key: str,
        sort_key: str | None = None,
        key: Key | None = None,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._key = key
        self.resource = DynamodbTable(
            self,
            "Table",
            name=name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=partition_key,
            range_key=sort_key,
            attribute=[DynamodbTableAttribute(name=one, type="S") for one in (partition_key, sort_key) if one],
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn} if key else None,
            deletion_protection_enabled=protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        self.name: str = self.resource.name
        self.arn: str = self.resource.arn

    def grant_put(self, function: PythonFunction) -> None:
        """Let the function put items."""
        self._grant(function, "Put", "dynamodb:PutItem")

    def grant_update(self, function: PythonFunction) -> None:
        """Let the function update items."""
        self._grant(function, "Update", "dynamodb:UpdateItem")

    def grant_query(self, function: PythonFunction) -> None:
        """Let the function query the table by partition key."""
        self._grant(function, "Query", "dynamodb:Query")

    def _grant(self, function: PythonFunction, verb: str, *actions: str) -> None:
        statements = [Statement(sid=verb, actions=actions, resources=[self.arn])]
        if self._key:
            statements.append(Statement(sid="UseTableKey", actions=KEY_ACTIONS, resources=[self._key.arn]))
        function.allow(self, verb, *statements)
