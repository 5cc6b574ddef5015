import functools

from constructs import Construct


@functools.cache  # it never changes, and asking costs two calls to JavaScript
def path(construct: Construct) -> str:
    """Where a construct stands in the tree: the ids from the app down, with slashes between."""
    return str(construct.node.path)
