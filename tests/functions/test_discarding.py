"""Discarded events are logged first, with the reason and the caller."""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from sluice_cli.failures.discarding import MOST_EVENTS, log_discarded
from sluice_cli.local_aws.server import REGION, LocalAws
from tests.support.logs import logged


def test_each_entry_is_logged_with_the_reason_and_who_gave_it(local_aws: LocalAws) -> None:
    logs, group = local_aws.client("logs", region_name=REGION), f"/test/{uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    entries = [{"id": f"entry-{number}"} for number in range(MOST_EVENTS + 5)]
    log_discarded(local_aws.client, REGION, group, "a prototype", entries[:1])
    log_discarded(local_aws.client, REGION, group, "a prototype", entries[1:])
    said = logged(logs, group)
    assert [one["discarded"] for one in said] == entries
    assert {(one["message"], one["reason"]) for one in said} == {("discarded", "a prototype")}
    assert {one["by"] for one in said} == {local_aws.client("sts", region_name=REGION).get_caller_identity()["Arn"]}


def test_without_the_log_nothing_can_be_discarded(local_aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        log_discarded(local_aws.client, REGION, f"/test/{uuid4().hex[:8]}", "a prototype", [{"id": "entry"}])
