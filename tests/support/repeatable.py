"""Property-based tests with hypothesis: deterministic, with a bounded number of examples.

Failures are reproduced by running the test again: examples depend on the test alone, not on chance or a database. Set
HYPOTHESIS_RANDOM=yes to look for further failures with other examples in each run.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=os.environ.get("HYPOTHESIS_RANDOM") != "yes",
    database=None,
    max_examples=100,
    deadline=None,  # others may use the machine
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
