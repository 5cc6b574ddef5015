"""The schedule of inputs and faults, derived from the seed alone."""

import random
from collections.abc import Collection
from dataclasses import dataclass

# Every kind of fault, with its description.
FAULTS = {
    "throttled": "the table refuses calls as too many",
    "unavailable": "any service answers 5xx",
    "reset": "a connection is closed without an answer, and the call never arrives",
    "answer-lost": "a call to S3 or the table is carried out, its answer never arrives",
    "slow": "any service takes its time",
    "topic-refused": "the topic refuses a notification",
    "denied": "a policy of the function's role is removed and put back",
    "killed": "the function's processes are killed in the middle of a call",
    "timed-out": "a call hangs until the function's time is up",
}

# Calls that a window of each kind affects. Six failed calls, twelve for a client that retries, use up the attempts of
# an event.
CALLS_A_WINDOW = {
    "throttled": (20, 60),
    "unavailable": (15, 40),
    "reset": (10, 30),
    "answer-lost": (3, 8),
    "slow": (10, 30),
    "topic-refused": (10, 30),
    "denied": (10, 30),
    "killed": (1, 2),
    "timed-out": (1, 2),
}
INPUTS_A_ROUND = 200  # in a round each kind of fault occurs once; there is at least one round
SHORTEST = 0.5  # of their calls: windows in a run of less than a round, which has fewer calls to affect
MOST_VERSIONS = 4


@dataclass(frozen=True)
class FaultWindow:
    """A window of one kind of fault. It begins with the input number `at`, and ends after `calls` affected calls.
    `variant` distinguishes windows of the same kind.
    """

    fault: str
    at: int
    calls: int
    variant: int


@dataclass(frozen=True)
class Item:
    """One item to send: an object or a request, or poison (an input that has to be refused) if `poison` names its kind.

    An object has `versions`, uploaded one after another. The events of `held` items are delivered out of order. Each
    event or request is repeated `copies` times at once, and `late` times after others.
    """

    number: int
    versions: int = 1
    held: bool = False
    copies: int = 0
    late: int = 0
    asked: bool = False
    poison: str | None = None

    @property
    def name(self) -> str:
        return f"{self.number:06d}.{'held' if self.held else 'now'}"


def windows(seed: int, system: str, items: int, inputs: int, faults: Collection[str]) -> list[FaultWindow]:
    """The fault windows of a run, in the order in which they begin."""
    chance = random.Random(f"{seed} {system} faults")  # noqa: S311 - not a secret
    rounds = max(1, inputs // INPUTS_A_ROUND)
    kinds = [fault for _ in range(rounds) for fault in chance.sample(sorted(faults), len(faults))]
    # Within the first three quarters, so that the last windows still find calls to affect.
    step = items * 0.75 / max(1, len(kinds))
    share = min(1.0, max(SHORTEST, inputs / INPUTS_A_ROUND))
    return [
        FaultWindow(
            fault,
            int(step * (number + chance.random())),
            max(1, int(share * chance.randint(*CALLS_A_WINDOW[fault]))),
            chance.randrange(1000),
        )
        for number, fault in enumerate(kinds)
    ]


def items(seed: int, system: str, count: int, poisons: Collection[str], *, versions: bool) -> list[Item]:
    """Items that make up `count` inputs, poison included. Every kind of poison occurs at least once
    if there is room.
    """
    chance = random.Random(f"{seed} {system} items")  # noqa: S311 - not a secret
    kinds = sorted(poisons)
    planned: list[Item] = []
    inputs = 0
    poisoned = 0
    while inputs < count:
        number = len(planned)
        room = count - inputs - max(0, len(kinds) - poisoned)
        if room <= 0 or number % 20 == 19:
            item = Item(number, poison=kinds[poisoned % len(kinds)])
            poisoned += 1
        else:
            item = Item(
                number,
                versions=min(chance.choice((1, 1, 1, 2, MOST_VERSIONS)), room) if versions else 1,
                held=chance.random() < 0.3,
                copies=chance.choice((0, 0, 0, 0, 0, 1, 3)),
                late=chance.choice((0, 0, 0, 1)),
                asked=chance.random() < 0.1,
            )
        planned.append(item)
        inputs += item.versions
    return planned
