"""A new version of a deployed function with a gradual release."""

import json
from typing import Any

from sluice_cli.deployment.local import up
from tests.support.connected import Connections
from tests.support.waiting import eventually

FUNCTION = "grants-released"


def test_a_new_version_is_released_step_by_step_by_terraform_alone(connections: Connections) -> None:
    functions = connections.local.client("lambda")

    def alias() -> dict[str, Any]:
        found = functions.get_alias(FunctionName=FUNCTION, Name="live")
        shares = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return {"version": found["FunctionVersion"], "shares": shares}

    before = int(alias()["version"])
    project = connections.project.target.project
    handler = project.folder / "code" / "released" / "handler.py"
    handler.write_text(handler.read_text().replace("first", "second"))
    up(project, connections.local, ["grants"])
    assert alias() in (
        {"version": str(before), "shares": {str(before + 1): 0.1}},
        {"version": str(before + 1), "shares": {}},
    )
    eventually(lambda: alias() == {"version": str(before + 1), "shares": {}})
    answer = functions.invoke(FunctionName=f"{FUNCTION}:live")
    assert json.loads(answer["Payload"].read()) == "second"
    assert connections.project.stack("grants").run("plan", "-detailed-exitcode").returncode == 0
