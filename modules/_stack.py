"""The stack that a construct is in."""

import functools

from cdktf import TerraformStack
from constructs import Construct

from .errors import ConfigurationError


@functools.cache  # cached: it never changes, and asking costs a call to JavaScript
def stack_of(construct: Construct) -> TerraformStack:
    try:
        stack = TerraformStack.of(construct)
    except RuntimeError as error:
        raise ConfigurationError(f"{construct}: it is in no TerraformStack; give a stack as its scope") from error
    if not isinstance(stack, TerraformStack):
        raise ConfigurationError(
            f"{construct}: its stack is {type(stack).__module__}'s, and these classes use {TerraformStack.__module__}; "
            "with both installed import from the one that is used, or uninstall it"
        )
    return stack
