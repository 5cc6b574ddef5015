"""Property-based tests with hypothesis: deterministic, with a bounded number of examples."""

from hypothesis import HealthCheck, settings

# Failures are reproduced by running the test again: examples depend on the test alone, not on chance or a database.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    max_examples=100,
    deadline=None,  # others may use the machine
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
