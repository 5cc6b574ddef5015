"""Updates the code of functions, on the local AWS and in an account.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

import re
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.change_count import OWN
from sluice_cli.target import Target
from sluice_cli.watching.functions import WatchedFunction, code_hash

WATCH = "sluice-watch"  # emulator/checked_code.py
CHECKED_CALLS = Config(user_agent_extra=f"{OWN} {WATCH}", retries={"max_attempts": 1, "mode": "standard"})
# The folder of the execution environment in which the local AWS tried the code.
ENVIRONMENT_FOLDER = re.compile(r"/\S*?/(?:ministack-lambda-[^/]+/code|code/[0-9a-f]{64})/")
OF_THE_RUNTIME = re.compile(r'  File "(?:<frozen |[^"]*/(?:_worker\.py|importlib/__init__\.py))')


class CodeRefused(Exception):
    """The new code cannot be imported; the function keeps the old code."""


class Pusher:
    """Updates functions' code."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._clients: dict[str, Any] = {}

    def push(self, function: WatchedFunction, code: bytes) -> None:
        """Update the code of a function. Raises `CodeRefused` if the code does not start, `LocalAwsError` if the local
        AWS does not answer, and botocore's errors for an account."""
        try:
            self._client(function.region).update_function_code(FunctionName=function.name, ZipFile=code)
        except ClientError as error:
            refused = error.response["Error"]
            if self._target.local and refused["Code"] == "InvalidParameterValueException":
                raise CodeRefused(shortened(refused["Message"])) from error
            raise
        except BotoCoreError as error:
            if self._target.local is None:
                raise
            self._clients.clear()
            raise LocalAwsError("the local AWS does not answer: `sluice up` starts it again") from error

    def push_unless_there(self, function: WatchedFunction, code: bytes) -> None:
        """`push`, unless the function already has this code."""
        try:
            deployed = self._client(function.region).get_function_configuration(FunctionName=function.name)
        except BotoCoreError as error:
            if self._target.local is None:
                raise
            raise LocalAwsError("the local AWS does not answer: `sluice up` starts it again") from error
        if deployed["CodeSha256"] != code_hash(code):
            self.push(function, code)

    def deployed(self, function: WatchedFunction) -> dict[str, Any]:
        """Lambda's description of the function."""
        return dict(self._client(function.region).get_function_configuration(FunctionName=function.name))

    def _client(self, region: str) -> Any:
        if region not in self._clients:
            self._clients[region] = self._target.client("lambda", region_name=region, config=CHECKED_CALLS)
        return self._clients[region]


def shortened(message: str) -> str:
    """A traceback without the frames of the runtime, with the paths of files as in the archive."""
    lines: list[str] = []
    skipping = False
    for line in message.splitlines():
        if line.startswith("  File "):
            skipping = bool(OF_THE_RUNTIME.match(line))
        elif not line.startswith("    "):
            skipping = False
        if not skipping:
            lines.append(ENVIRONMENT_FOLDER.sub("", line))
    return "\n".join(lines)
