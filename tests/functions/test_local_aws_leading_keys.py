"""Rights to rows by their partition key, on the local AWS: the refusals fail without
sluice_cli/local_aws/emulator/leading_keys.py."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.bare_aws import ACCOUNT, LOGS, REGION, BareAws, allow

Call = Callable[[Any, str, str], Any]

CALLS: dict[str, Call] = {
    "get": lambda client, table, who: client.get_item(TableName=table, Key={"owner": {"S": who}}),
    "put": lambda client, table, who: client.put_item(TableName=table, Item={"owner": {"S": who}, "team": {"S": who}}),
    "query": lambda client, table, who: client.query(
        TableName=table,
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": who}},
    ),
    "query of an index": lambda client, table, who: client.query(
        TableName=table,
        IndexName="by-team",
        KeyConditionExpression="team = :t",
        ExpressionAttributeValues={":t": {"S": who}},
    ),
    "batch get": lambda client, table, who: client.batch_get_item(
        RequestItems={table: {"Keys": [{"owner": {"S": "mine"}}, *([{"owner": {"S": who}}] if who != "mine" else [])]}}
    ),
    "batch write": lambda client, table, who: client.batch_write_item(
        RequestItems={table: [{"DeleteRequest": {"Key": {"owner": {"S": who}}}}]}
    ),
    "transaction": lambda client, table, who: client.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": {"owner": {"S": who}}}}]
    ),
}


@pytest.fixture(scope="module")
def table(aws: BareAws) -> Iterator[str]:
    client, name = aws.client("dynamodb"), f"{aws.prefix}-owned"
    hashed = {"KeyType": "HASH"}
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "owner", **hashed}],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("owner", "team")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-team",
                "KeySchema": [{"AttributeName": "team", **hashed}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)


@pytest.fixture(scope="module")
def owner(aws: BareAws, table: str) -> Any:
    """May use the rows that it owns."""
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    own = {"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}}
    rights = allow(["dynamodb:*Item", "dynamodb:Query"], f"{arn}*", **own)
    return aws.client("dynamodb", aws.role("owner", allow(LOGS), rights))


@pytest.mark.parametrize("call", CALLS)
def test_a_role_may_use_only_rows_of_the_partition_keys_in_its_policy(owner: Any, table: str, call: str) -> None:
    CALLS[call](owner, table, "mine")
    with pytest.raises(ClientError) as refused:
        CALLS[call](owner, table, "theirs")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
