"""How often a decision is right over the corpus: the figures of docs/file-types.md."""

from collections.abc import Callable
from typing import Any

from . import GROUPS
from .sample import Sample

Decide = Callable[[str | None, bytes, str], Any]
FIRST_BYTES = 8192


def figures(decide: Decide) -> dict[str, list[str]]:
    """For each group of files: how many right headers are trusted, how many wrong ones contradicted, and how many files
    are named without a header."""
    rows = {group: _counts(samples, decide) for group, samples in GROUPS.items()}
    rows["all"] = [
        (sum(right), sum(of))
        for right, of in (zip(*column, strict=True) for column in zip(*rows.values(), strict=True))
    ]
    return {group: [f"{right} of {of}" for right, of in counts] for group, counts in rows.items()}


def _counts(samples: tuple[Sample, ...], decide: Decide) -> list[tuple[int, int]]:
    right = [
        not decide(header, sample.content[:FIRST_BYTES], sample.extension).mismatch
        for sample in samples
        for header in sample.headers
    ]
    wrong = [
        decide(header, sample.content[:FIRST_BYTES], sample.extension).mismatch
        for sample in samples
        for header in sample.wrong
    ]
    named = [
        decide(None, sample.content[:FIRST_BYTES], sample.extension).trusted in (sample.truth, *sample.headers)
        for sample in samples
    ]
    return [(sum(one), len(one)) for one in (right, wrong, named)]
