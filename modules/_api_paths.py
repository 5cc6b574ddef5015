"""Paths and methods of an API's routes: API Gateway's rules, and the construct ids of routes."""

import re

from cdktf_cdktf_provider_aws.api_gateway_resource import ApiGatewayResource
from constructs import Construct

from . import _limits as limits
from ._checks import is_token
from ._identifiers import digest
from ._paths import path as place_of
from .errors import ConfigurationError

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
SEGMENT = re.compile(r"[A-Za-z0-9._:-]+")
PARAMETER = re.compile(r"\{[A-Za-z0-9._-]+\+?\}")


class ApiPaths:
    """The paths of one API, with an API Gateway resource for each part, created on first use."""

    def __init__(self, api: Construct, *, rest_api_id: str, root_resource_id: str) -> None:
        self._api = api
        self._rest_api_id = rest_api_id
        self._resource_ids = {"": root_resource_id}
        self._parameters: dict[str, str] = {}  # by the parent path
        self._ids: dict[str, str] = {}
        self._taken: set[str] = set()

    def check(self, method: str, path: str) -> None:
        """Raises `ConfigurationError` for a method or path that API Gateway refuses."""
        where = place_of(self._api)
        if method not in METHODS:
            meant = f"; write {method.upper()}" if str(method).upper() in METHODS else ""
            raise ConfigurationError(f"{where}: method is {method!r}, allowed are {', '.join(METHODS)}{meant}")
        if not isinstance(path, str) or is_token(path):
            raise ConfigurationError(
                f"{where}: path is {path!r}; give a text that is known at synth, such as /items/{{id}}: ids and "
                "permissions are made from it"
            )
        if not path.startswith("/") or (path != "/" and path.endswith("/")):
            meant = "/" + path.strip("/")
            raise ConfigurationError(
                f"{where}: path is {path!r}; a path begins with a slash and does not end with one: {meant}"
            )
        parts = path.split("/")[1:] if path != "/" else []
        for number, part in enumerate(parts):
            if not (SEGMENT.fullmatch(part) or PARAMETER.fullmatch(part)):
                raise ConfigurationError(
                    f"{where}: path {path!r} has the part {part!r}; API Gateway takes letters, digits and . _ : -, a "
                    "parameter such as {id}, and {proxy+} at the end"
                )
            if part in (".", ".."):
                raise ConfigurationError(f"{where}: path {path!r} has the part {part!r}, which callers resolve first")
            if part.endswith("+}") and number < len(parts) - 1:
                raise ConfigurationError(f"{where}: path {path!r} goes on after {part}, which takes the rest of a path")
            if part.startswith("{") and part.strip("{+}") in {one.strip("{+}") for one in parts[:number]}:
                raise ConfigurationError(f"{where}: path {path!r} has {part} twice; give each parameter its own name")
            if part.startswith("{"):
                before = "/".join(parts[:number])
                sibling = self._parameters.setdefault(before, part)
                if sibling != part:
                    raise ConfigurationError(
                        f"{where}: path {path!r} has {part} where another route has {sibling}; API Gateway takes one "
                        f"parameter after /{before}: give both the same name"
                    )

    def identify(self, path: str) -> str:
        """The path in construct ids: `ObjectsKey` for `/objects/{key}`. A second path with the same id gets a hash."""
        if path not in self._ids:
            id_ = "".join(part.strip("{+}").title().replace("-", "") for part in path.split("/"))
            if id_ in self._taken:
                id_ += digest(path, self._api)
            self._taken.add(id_)
            self._ids[path] = id_
        return self._ids[path]

    def resource_id(self, path: str) -> str:
        """The id of API Gateway's resource for a path."""
        path = path.rstrip("/")
        if path not in self._resource_ids:
            parent, _, part = path.rpartition("/")
            limits.API_RESOURCES.check(self._api, "on_request", self._resource_ids)  # one of them is the root
            made = ApiGatewayResource(
                self._api,
                f"Path{self.identify(path)}",
                rest_api_id=self._rest_api_id,
                parent_id=self.resource_id(parent),
                path_part=part,
            )
            self._resource_ids[path] = made.id
        return self._resource_ids[path]


def permitted(method: str, path: str) -> str:
    """Method and path in the ARN of a permission; `*` stands for any method and for path parameters.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """
    return f"{'*' if method == 'ANY' else method}{re.sub(r'{[^}]*}', '*', path)}"
