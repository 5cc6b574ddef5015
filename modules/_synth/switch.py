"""The switch between the fast and the ordinary loading of binding and jsii."""

import os

SWITCH = "SLUICE_SYNTH"
FAST, ORDINARY = "fast", "ordinary"


def is_on() -> bool:
    """Whether to use the fast way: `SLUICE_SYNTH` is `fast` (the default) or `ordinary`."""
    return os.environ.get(SWITCH, FAST) != ORDINARY
