"""Whether the binding and jsii are loaded the fast way."""

import os

SWITCH = "SLUICE_SYNTH"
FAST, ORDINARY = "fast", "ordinary"


def is_on() -> bool:
    """Whether the fast way is to be taken: `SLUICE_SYNTH` is `fast` (the default) or `ordinary`."""
    return os.environ.get(SWITCH, FAST) != ORDINARY
