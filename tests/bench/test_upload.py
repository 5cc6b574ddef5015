"""The benchmark of POST /upload, on the tests' deployment: that it runs, not how quick that is."""

import re

import pytest

from checks.bench.upload import BEHIND, OURS, compare_loads
from tests.support.deployed import Deployment


def test_uploads_are_sent_over_more_and_more_connections_and_their_rates_said(deployment: Deployment) -> None:
    url = deployment.outputs("upload-api")["ApiUrl"]
    (row,) = compare_loads(deployment.local, {OURS: url, BEHIND: url}, 1)
    assert (row.what, row.peer, row.unit) == ("POST /upload", BEHIND, "ms")
    assert row.ours.median > 0
    rates = r"\d+, \d+, \d+, \d+"
    assert re.fullmatch(rf"{rates} a second over 1, 2, 4, 8 connections; {BEHIND}: {rates}", row.note)


def test_a_rate_at_which_requests_fail_is_none(deployment: Deployment) -> None:
    url = deployment.outputs("upload-api")["ApiUrl"] + "/nothing"
    with pytest.raises(RuntimeError, match="no load was answered 201 throughout"):
        list(compare_loads(deployment.local, {OURS: url, BEHIND: url}, 1))
