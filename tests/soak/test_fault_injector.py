"""Repeats of a notification are explained by what struck between them, and by nothing else."""

import time
from typing import Any

from checks.soak.fault_injector import FaultInjector

NOBODY: Any = None


def injector() -> FaultInjector:
    return FaultInjector(
        [], NOBODY, NOBODY, of_message=str, of_row=lambda row: row["readingId"], written=lambda key: None
    )


def test_a_sender_that_gave_up_explains_its_repeat_whichever_of_the_two_the_topic_took_first() -> None:
    first, overtaken = injector(), injector()
    first.taken("a", time.monotonic(), gone=True)
    first.taken("a", time.monotonic(), gone=False)
    began = time.monotonic()
    overtaken.taken("a", time.monotonic(), gone=False)
    overtaken.taken("a", began, gone=True)
    assert (first.explained("a"), overtaken.explained("a")) == (1, 1)


def test_a_sender_that_gave_up_later_explains_no_earlier_repeat() -> None:
    made = injector()
    for gone in (False, False, True):
        made.taken("a", time.monotonic(), gone=gone)
    made.taken("b", time.monotonic(), gone=False)
    assert (made.explained("a"), made.explained("b")) == (0, 0)
