"""One difference between state and reality."""

from dataclasses import dataclass

from sluice_cli.review.model import Change


@dataclass(frozen=True)
class Drift:
    """A change made outside of Terraform, judged as the review would judge it, and two ways to resolve it.

    `revert` says what the next deployment does about it, or what to do if it does nothing. `adopt` says what to write
    so that the code matches reality.
    """

    change: Change
    revert: str
    adopt: str


@dataclass(frozen=True)
class StackDrift:
    """All drift of one stack, the most dangerous first."""

    stack: str
    drifts: tuple[Drift, ...]

    def summary(self) -> str:
        if not self.drifts:
            return f"{self.stack}: no drift"
        dangerous = sum(bool(one.change.findings) for one in self.drifts)
        differs = "resource differs" if len(self.drifts) == 1 else "resources differ"
        return f"{self.stack}: {len(self.drifts)} {differs} from the state" + (
            f", {dangerous} of them dangerous" if dangerous else ""
        )
