"""Detects changes that somebody other than the tool made to the configuration of a local AWS.

The local AWS counts calls that change configuration (emulator/change_count.py), except calls of the tool, which it
recognizes by their User-Agent.
"""

import json

from botocore.config import Config

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import own_request

PATH = "/_sluice/changes"
OWN = "sluice-tool"
# For clients: https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html
OWN_CALLS = Config(user_agent_extra=OWN)
# For Terraform: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#user_agent
OWN_TERRAFORM = {"TF_APPEND_USER_AGENT": OWN}


def count_changes(local: LocalAws) -> str:
    """The server's id and its count of changes. A different value means a changed or a different server. Raises
    `LocalAwsError`."""
    status, body = own_request(local, "GET", PATH)
    if status != 200:
        raise LocalAwsError(f"the local AWS answers {PATH} with {status}: restart it (`sluice down`, `sluice up`)")
    counted = json.loads(body)
    return f"{counted['server']} {counted['changes']}"
