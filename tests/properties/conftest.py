"""Tests with input that hypothesis invents: the same in every run, and bounded in number."""

from hypothesis import HealthCheck, settings

# A failure is repeated by running the test again: its input follows from the test alone, not from chance or a database.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    max_examples=100,
    deadline=None,  # others may use the machine
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
