"""Returns a number, which each save of the measurement replaces."""

NUMBER = 0


def handle(event: object, context: object) -> int:
    """The function's handler."""
    return NUMBER
