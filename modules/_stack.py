"""The stack that a construct is in."""

import functools

from cdktf import TerraformStack
from constructs import Construct

from .errors import ConfigurationError


@functools.cache  # cached: it never changes, and asking costs a call to JavaScript
def stack_of(construct: Construct) -> TerraformStack:
    try:
        return TerraformStack.of(construct)
    except RuntimeError as error:
        raise ConfigurationError(f"{construct}: it is in no TerraformStack; give a stack as its scope") from error
