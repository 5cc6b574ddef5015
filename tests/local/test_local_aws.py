"""Completions of the local AWS that no other test covers."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.local.conftest import Tracker
from tests.support.functions import invoke, throw_away
from tests.support.waiting import eventually

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


# While one execution environment is busy, another one has to start.
ONE_ONLY = """
import os, pathlib, tempfile, time

started = pathlib.Path(tempfile.gettempdir(), os.environ["AWS_LAMBDA_FUNCTION_NAME"])
started.touch(exist_ok=False)

def handle(event, context):
    time.sleep(3)
    return "done"
"""


def test_an_environment_that_cannot_start_leaves_the_others_at_work(tracker: Tracker) -> None:
    with (
        throw_away(tracker.local, tracker.outputs["FunctionArn"], ONE_ONLY) as one_only,
        ThreadPoolExecutor(2) as pool,
    ):
        results = list(pool.map(lambda _: invoke(tracker.local, one_only, {}), range(2)))
    (failed,) = [one for one in results if one.error]
    assert [one.answer for one in results if one is not failed] == ["done"]
    assert "exist" in (failed.error or "")


TALKS = """
import sys, time

def handle(event, context):
    for line in range(event["lines"]):
        print(event["name"], line)
        if line % 10 == 0:
            time.sleep(0.02)
    print(event["name"], "to standard error", file=sys.stderr)
"""


def test_the_log_of_an_invocation_has_exactly_its_own_lines(tracker: Tracker) -> None:
    with throw_away(tracker.local, tracker.outputs["FunctionArn"], TALKS) as talks:
        client = tracker.local.client("lambda", region_name=talks.split(":")[3])
        for name, lines in (("first", 40), ("second", 0), ("third", 40)):
            answer = client.invoke(
                FunctionName=talks, LogType="Tail", Payload=json.dumps({"name": name, "lines": lines})
            )
            log = base64.b64decode(answer["LogResult"]).decode().splitlines()
            said = [line for line in log if not line.startswith(("START", "END", "REPORT"))]
            assert said == [*(f"{name} {line}" for line in range(lines)), f"{name} to standard error"]


def test_nothing_is_waited_for_after_the_last_line(tracker: Tracker) -> None:
    with throw_away(tracker.local, tracker.outputs["FunctionArn"], TALKS) as talks:

        def took() -> float:
            begun = time.monotonic()
            invoke(tracker.local, talks, {"name": "once", "lines": 0})
            return time.monotonic() - begun

        # Each would take longer if it waited for its last line until it gave up.
        assert eventually(lambda: took() < 0.25)
