"""Watches a stack in an account: code of functions only, and never in protected environments."""

import os
import re
from collections.abc import Sequence
from typing import Any

from sluice_cli.errors import InputError
from sluice_cli.project import Project
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Account
from sluice_cli.terraform.document import blocks

PROTECTED_BY_DEFAULT = "prod,production"
# Arguments of the AWS provider: booleans, or strings such as Cognito's `ACTIVE`. An expression counts as protected.
PROTECTION = re.compile(r"delet(?:e|ion)_protect|termination_protection|^disable_api_(?:stop|termination)$")
UNPROTECTED = (None, False, "", "false", "INACTIVE", "DISABLED")


def check_account_watch(project: Project, names: Sequence[str]) -> None:
    """Raises `InputError` unless one stack is named, of an environment that is not protected."""
    if len(names) != 1:
        raise InputError("--account: name one stack")
    environment = project.setting("ENVIRONMENT_SUFFIX", os.environ) or ""
    protected = project.setting("PROTECTED_ENVIRONMENTS", os.environ) or PROTECTED_BY_DEFAULT
    if environment in [one.strip() for one in protected.split(",")]:
        raise InputError(
            f"--account: ENVIRONMENT_SUFFIX={environment} is a protected environment: use `sluice review` and "
            "`sluice apply-reviewed`"
        )


def watched_account(account: Account, names: Sequence[str]) -> Account:
    """The account, with the stack synthesized and initialized. Raises `InputError` if the stack has protected
    resources, or is not deployed.
    """
    (stack,) = synthesize(account, names)
    protected = protected_resources(stack.configuration)
    if protected:
        raise InputError(f"--account: {stack.name} protects what it holds ({protected[0]}): use `sluice review`")
    stack.init()
    _check_deployed(stack)
    return account


def protected_resources(configuration: dict[str, Any]) -> list[str]:
    """The addresses of resources with deletion protection."""
    return [
        f"{kind}.{name}"
        for kind, named in configuration.get("resource", {}).items()
        for name, block in named.items()
        if _refuses_destruction(block)
    ]


def _refuses_destruction(block: Any) -> bool:
    return any(
        any(one.get("prevent_destroy") for one in blocks(resource.get("lifecycle")))
        or any(PROTECTION.search(field) and value not in UNPROTECTED for field, value in resource.items())
        for resource in blocks(block)
    )


def _check_deployed(stack: Stack) -> None:
    if not stack.has_resources():
        raise InputError(f"--account: {stack.name} is not deployed: run `sluice deploy {stack.name}` first")
