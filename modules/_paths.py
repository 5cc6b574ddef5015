import functools

from constructs import Construct


@functools.cache  # it never changes, and asking costs a call to JavaScript
def path(construct: Construct) -> str:
    """Where a construct stands in the tree: the ids from the app down, with slashes between."""
    return str(construct.to_string())  # its node says it too, but that would be two calls
