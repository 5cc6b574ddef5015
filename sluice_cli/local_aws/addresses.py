"""Addresses of REST and HTTP APIs, as the AWS provider computes them, where the local AWS serves them."""

import re
from typing import Any

# https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html
API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?![a-z0-9.-])")


def served_locally(value: Any, local_url: str) -> Any:
    """A value of Terraform's with the addresses of APIs replaced by those of the local AWS at `local_url`."""
    match value:
        case str():
            return API.sub(lambda found: f"{local_url}/_aws/execute-api/{found[1]}", value)
        case list():
            return [served_locally(one, local_url) for one in value]
        case dict():
            return {name: served_locally(one, local_url) for name, one in value.items()}
    return value
