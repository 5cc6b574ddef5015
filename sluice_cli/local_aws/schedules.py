"""Runs schedules of the local AWS when asked: those of EventBridge Scheduler, and rules with a schedule."""

import json
from datetime import datetime
from urllib.parse import urlencode

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import own_request

PATH = "/_sluice/schedules"


def run_now(local: LocalAws, arn: str, planned: datetime) -> str | None:
    """Run a schedule as it would run at a time (UTC). Returns the id of the execution; None if there is no such
    schedule. Raises `LocalAwsError`."""
    path = f"{PATH}?{urlencode({'arn': arn, 'time': planned.isoformat()})}"
    status, body = own_request(local, "POST", path)
    if status != 200:
        raise LocalAwsError(f"the local AWS answers {PATH} with {status}; start it anew (`sluice down`, `sluice up`)")
    execution = json.loads(body)["execution"]
    return str(execution) if execution else None
