import functools

from constructs import Construct


@functools.cache  # cached: it never changes, and asking costs a call to JavaScript
def path(construct: Construct) -> str:
    """The construct's path in the tree: the ids from the app down, separated by slashes."""
    return str(construct.to_string())  # node.path would be two calls
