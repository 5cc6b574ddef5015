"""What a deployed API does with a route to a queue and with paths of any depth."""

import json

import pytest

from sluice_cli.local_aws.signed_request import signed_request
from sluice_cli.testing import eventually
from tests.support.connected import Connections


@pytest.fixture(scope="module")
def outputs(connections: Connections) -> dict[str, str]:
    outputs = dict(connections.project.outputs("grants"))
    running = connections.local.running()
    assert running is not None
    outputs["ApiUrl"] = f"{running.url}/_aws/execute-api/{outputs['ApiId']}/live"
    return outputs


def test_a_body_goes_straight_to_a_queue(connections: Connections, outputs: dict[str, str]) -> None:
    body = json.dumps({"order": "a & b=c%", "länge": 1}).encode()
    status, answer = signed_request(connections.local, "POST", f"{outputs['ApiUrl']}/orders", body)
    assert status == 202, answer
    (message,) = eventually(connections.messages("grants-orders"))
    assert message["Body"].encode() == body
    assert json.loads(answer) == {"messageId": message["MessageId"]}


def test_any_method_of_any_path_below_one_is_answered(connections: Connections, outputs: dict[str, str]) -> None:
    for method in ("GET", "PUT", "DELETE"):
        status, _ = signed_request(connections.local, method, f"{outputs['ApiUrl']}/files/a/b/c")
        assert status == 200
