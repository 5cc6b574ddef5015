"""Paths of the local AWS that are no calls to AWS, asked by another user of the machine."""

import json

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import own_request, send

REFUSED = {"message": "the token of the local AWS is missing or wrong"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_sluice/changes"),
        ("GET", "/_sluice/denials?after=0"),
        ("POST", "/_sluice/snapshot"),
        ("GET", "/_sluice/other"),
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/sqs/messages"),
        ("GET", "/_localstack/init"),
    ],
)
def test_a_path_that_is_no_call_to_aws_needs_the_token(local_aws: LocalAws, method: str, path: str) -> None:
    running = local_aws.running()
    assert running
    for headers in ({}, {"X-Sluice-Token": ""}, {"X-Sluice-Token": "0" * 64}):
        status, body = send(local_aws, method, f"{running.url}{path}", b"{}" if method == "POST" else None, headers)
        assert (status, json.loads(body)) == (403, REFUSED)


def test_the_tool_has_the_token_and_no_other_user_can_read_it(local_aws: LocalAws) -> None:
    assert own_request(local_aws, "GET", "/_sluice/changes")[0] == 200
    assert (local_aws.folder / "token").stat().st_mode & 0o77 == 0
    assert local_aws.folder.stat().st_mode & 0o77 == 0
