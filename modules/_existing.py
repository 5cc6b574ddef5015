"""Existing resources that other stacks or teams manage."""

import re
from dataclasses import dataclass

from cdktf import Fn, Token
from constructs import Construct

from ._checks import check_template, hide_expressions, is_token
from ._paths import path
from .errors import ConfigurationError


@dataclass(frozen=True)
class Arn:
    """The parts of an ARN; Terraform expressions if the ARN is a token."""

    region: str
    account_id: str
    resource: str


def parse_arn(where: Construct, arn: str, service: str, resource: str, example: str) -> Arn:
    """The parts of an ARN. Raises `ConfigurationError` unless it is an ARN of that service and resource type."""
    if is_token(arn):
        check_template(where, "arn", arn)
        return _parts_of_token(arn)
    match = re.fullmatch(rf"arn:aws[a-z-]*:{service}:([a-z0-9-]*):([0-9]*):({resource})", arn)
    if match is None:
        raise ConfigurationError(f"{path(where)}: arn is {arn!r}; give one such as {example}")
    return Arn(*match.groups())


def _parts_of_token(arn: str) -> Arn:
    """The parts of an ARN that is, or contains, Terraform expressions."""
    hidden, expressions = hide_expressions(arn, "\0")
    parts = hidden.split(":", 5)
    if len(parts) == len(("arn", "partition", "service", "region", "account", "resource")):
        known = iter(expressions)
        parts = [re.sub("\0", lambda _: next(known), part) for part in parts]
        return Arn(*parts[3:])
    whole = Fn.split(":", arn)
    return Arn(*(Token.as_string(Fn.element(whole, position)) for position in (3, 4, 5)))


def refuse_service(where: Construct, kind: str, constructor: str, service: str) -> ConfigurationError:
    """The error for a service that a resource policy of others does not allow."""
    return ConfigurationError(
        f"{path(where)}: the policy of a {kind} that exists already is its owner's. Once it admits {service}, say so: "
        f"{constructor}(..., admits=[{service!r}])"
    )
