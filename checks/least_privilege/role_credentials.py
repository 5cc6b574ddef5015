"""Credentials of a role that only Lambda may assume."""

import io
import json
import zipfile
from typing import Any
from uuid import uuid4

PROBE = """
import os

def handle(event, context):
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {name: os.environ[name.upper()] for name in names}
"""


def credentials_of(role_arn: str, functions: Any) -> dict[str, str]:
    """As boto3's clients take them. A throw-away function with the role returns its own; `functions` is a client of
    Lambda.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("tell.py", PROBE)
    name = f"test-tell-{uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="tell.handle",
        Role=role_arn,
        Code={"ZipFile": archive.getvalue()},
    )
    try:
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        answer = functions.invoke(FunctionName=name, Payload=b"{}")
        return dict(json.loads(answer["Payload"].read()))
    finally:
        functions.delete_function(FunctionName=name)
