"""The deployed project of tests/support/connections: connections of all kinds, and grants."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE
from sluice_cli.testing import DeployedProject

CONNECTIONS = ROOT / "tests" / "support" / "connections"


@dataclass(frozen=True)
class Connections:
    """The deployed system of tests/support/connections."""

    local: LocalAws
    project: DeployedProject

    def seen(self, via: str, text: str) -> list[Any]:
        """The records with this text that came by a function."""
        rows = self.local.client("dynamodb").scan(TableName="connections-seen", ConsistentRead=True)["Items"]
        return [json.loads(one["record"]["S"]) for one in rows if one["via"]["S"] == via and text in one["record"]["S"]]

    def upload(self, key: str) -> None:
        self.local.client("s3").put_object(Bucket="connections-uploads", Key=key, Body=b"content")

    def messages(self, queue: str) -> Callable[[], list[dict[str, Any]]]:
        sqs = self.local.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return lambda: list(sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"]).get("Messages", []))

    def signed_in(self, pool: str, client: str) -> dict[str, str]:
        """The tokens of a person of the user pool, who signs in by that client."""
        cognito, name, phrase = self.local.client("cognito-idp"), f"person-{uuid4().hex[:8]}", "Not-a-secret-1"
        cognito.admin_create_user(UserPoolId=pool, Username=name)
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=phrase, Permanent=True)
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": phrase},
        )
        return dict(answer["AuthenticationResult"])

    @classmethod
    def on(cls, local: LocalAws, folder: Path) -> "Connections":
        """Deployed from a copy of the project in that folder."""
        shutil.copytree(CONNECTIONS, folder)
        app = f"env PYTHONPATH='{ROOT}' '{sys.executable}' app.py"
        (folder / FILE).write_text(json.dumps({"language": "python", "app": app}))
        return cls(local, DeployedProject.on(local, folder))
