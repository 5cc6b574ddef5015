"""Message attributes that a route takes from the requests that it sends to a queue."""

import re
from collections.abc import Mapping

from constructs import Construct

from . import _limits as limits
from ._checks import is_token
from ._paths import path as place_of
from .errors import ConfigurationError

# https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
PARAMETER = re.compile(r"method\.request\.(header|path|querystring)\.([A-Za-z0-9._-]+)")


def check_message_attributes(api: Construct, route_path: str, attributes: Mapping[str, str]) -> None:
    """Raises `ConfigurationError` for attributes that SQS refuses, and for parameters that the route does not have."""
    limits.MESSAGE_ATTRIBUTES.check(api, "message_attributes", attributes)
    of_path = {part.strip("{+}") for part in route_path.split("/") if part.startswith("{")}
    places = dict.fromkeys(of_path, "path")
    for attribute, parameter in attributes.items():
        limits.MESSAGE_ATTRIBUTE_NAME.check(api, "message_attributes", attribute)
        match = None if not isinstance(parameter, str) or is_token(parameter) else PARAMETER.fullmatch(parameter)
        if match is None:
            raise ConfigurationError(
                f"{place_of(api)}: message_attributes has {attribute!r} from {parameter!r}; give a part of the request "
                "by API Gateway's name: method.request.header.X-Signature, method.request.path.id or "
                "method.request.querystring.page"
            )
        place, name = match.groups()
        if place == "path" and name not in of_path:
            raise ConfigurationError(
                f"{place_of(api)}: message_attributes has {parameter}, and {route_path} has no {{{name}}}"
            )
        # Mapping templates look for a name in the path, then in the query string, then in the headers.
        if places.setdefault(name, place) != place:
            raise ConfigurationError(
                f"{place_of(api)}: message_attributes has {parameter} beside method.request.{places[name]}.{name}; "
                "API Gateway tells parameters of a request apart by their names only"
            )


def as_query(attributes: Mapping[str, str]) -> str:
    """The attributes in a request to SQS, as a mapping template; empty where there are none.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    text = ""
    for number, (attribute, parameter) in enumerate(attributes.items(), 1):
        name = parameter.split(".", 3)[3]
        begin = f"&MessageAttribute.{number}"
        text += f"{begin}.Name={attribute}{begin}.Value.DataType=String"
        text += f"{begin}.Value.StringValue=$util.urlEncode($input.params('{name}'))"
    return text
