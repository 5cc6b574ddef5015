"""The switch between the fast and the ordinary loading of botocore and Powertools."""

import os

SWITCH = "SLUICE_COLD_START"
FAST, ORDINARY = "fast", "ordinary"


def is_fast() -> bool:
    """Whether to use shortcuts through the insides of libraries: `SLUICE_COLD_START` is `fast` (the default) or
    `ordinary`."""
    return os.environ.get(SWITCH, FAST) != ORDINARY
