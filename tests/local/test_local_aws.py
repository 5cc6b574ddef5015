"""What the local AWS is completed in, where nothing else would show it."""

from tests.local.conftest import Tracker
from tests.support.functions import invoke, throw_away

COUNTS = """
times = 0

def handle(event, context):
    global times
    times += 1
    if event["raise"]:
        raise ValueError(times)
    return times
"""


def test_a_function_that_raised_keeps_its_environment(tracker: Tracker) -> None:
    with throw_away(tracker.local, tracker.outputs["FunctionArn"], COUNTS) as counts:
        assert (invoke(tracker.local, counts, {"raise": True}).error or "").endswith(": 1")
        assert (invoke(tracker.local, counts, {"raise": True}).error or "").endswith(": 2")
        assert invoke(tracker.local, counts, {"raise": False}).answer == 3
