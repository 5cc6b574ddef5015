"""What a function or a queue sees of the simulation that it is part of."""

import random
from typing import Protocol

from .capacity import AccountConcurrency, TableLoad, TokenBucket, UnitCapacity
from .figures import Moment, Pieces
from .model import LoadModel

# What one message takes of which capacity, what each is called, and whether a run takes it once.
Demands = list[tuple[UnitCapacity | TokenBucket, float, str, bool]]


class Surroundings(Protocol):
    """The simulation, as its parts use it."""

    model: LoadModel
    step: float
    random: random.Random
    account: AccountConcurrency
    moment: Moment
    is_failing: bool
    ends: tuple[str, ...]
    ends_an_event: float
    tables: dict[str, TableLoad]
    sends: dict[str, TokenBucket]

    def demands(self, function: str) -> Demands: ...

    def targets(self, function: str) -> list[tuple[str, float]]: ...

    def send(self, address: str, pieces: Pieces, tick: int) -> None: ...
