"""A new version of a deployed function with a gradual release."""

import json
from pathlib import Path
from typing import Any

from sluice_cli.testing import DeployedProject, eventually
from tests.support.connected import Connections

FUNCTION = "grants-released"


def test_a_new_version_is_released_step_by_step_by_terraform_alone(connections: Connections) -> None:
    functions = connections.local.client("lambda")

    def alias() -> dict[str, Any]:
        found = functions.get_alias(FunctionName=FUNCTION, Name="live")
        shares = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return {"version": found["FunctionVersion"], "shares": shares}

    before = int(alias()["version"])
    handler = _folder(connections) / "code" / "gate" / "handler.py"
    handler.write_text(handler.read_text().replace('"body":', '"headers": {"X-Version": "new"}, "body":'))
    DeployedProject.on(connections.local, _folder(connections))
    assert alias() in (
        {"version": str(before), "shares": {str(before + 1): 0.1}},
        {"version": str(before + 1), "shares": {}},
    )
    eventually(lambda: alias() == {"version": str(before + 1), "shares": {}})
    answer = functions.invoke(FunctionName=f"{FUNCTION}:live", Payload=json.dumps({"requestContext": {}}))
    assert json.loads(answer["Payload"].read())["headers"] == {"X-Version": "new"}
    assert connections.project.stack("grants").run("plan", "-detailed-exitcode").returncode == 0


def _folder(connections: Connections) -> Path:
    return connections.project.target.project.folder
