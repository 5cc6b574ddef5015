"""A review as files: the page to look at, the Markdown for a pull request; and as JSON for scripts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sluice_cli.review.markdown import to_markdown
from sluice_cli.review.model import Finding, StackReview
from sluice_cli.review.page import to_html


def write_pages(reviews: Sequence[StackReview], folder: Path) -> None:
    """Write `review.html` and `review.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.html").write_text(to_html(reviews), encoding="utf-8")
    (folder / "review.md").write_text(to_markdown(reviews), encoding="utf-8")


def as_json(reviews: Sequence[StackReview]) -> list[dict[str, Any]]:
    """Every change of every stack: its address, what it does, and what of it is dangerous."""
    return [
        {
            "stack": review.name,
            "acknowledged": sorted(review.acknowledged),
            "delivery": {danger.value: subjects for danger, subjects in review.delivery},
            "cost": review.cost.as_json() if review.cost else None,
            "changes": [
                {
                    "address": change.address,
                    "type": change.type,
                    "action": change.verb,
                    "headline": change.headline,
                    "dangers": [_finding(one) for one in change.findings],
                    "noted": [_finding(one) for one in change.noted],
                }
                for change in review.changes
            ],
        }
        for review in reviews
    ]


def _finding(one: Finding) -> dict[str, Any]:
    """`level`, `reason` and `rule` are there where the project's own rules gave them."""
    own = {"level": one.level.value, "reason": one.reason} if one.reason else {}
    rule = {"rule": one.rule} if one.rule else {}
    return {"danger": one.danger.value, "what": one.what, "means": one.means, **own, **rule}
