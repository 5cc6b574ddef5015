"""A trace as a tree of segments and subsegments.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

STATUS = ("fault", "error", "throttle")
# Fields of an AWS call that name its resource.
SUBJECTS = ("table_name", "key", "queue_url", "topic_arn", "function_name", "bucket_name", "resource_names")


@dataclass
class Span:
    """A segment or subsegment."""

    id: str
    name: str
    start: float  # seconds since 1970
    end: float | None  # None while it is in progress
    parent_id: str | None
    document: Document = field(repr=False)
    children: list["Span"] = field(default_factory=list, repr=False)

    @property
    def status(self) -> str:
        """`fault` (5xx), `error` (4xx), `throttle` (429), or empty."""
        return next((one for one in STATUS if self.document.get(one)), "")

    @property
    def is_function(self) -> bool:
        """Whether it is an invocation of a Lambda function."""
        return str(self.document.get("origin", "")).startswith("AWS::Lambda")

    @property
    def title(self) -> str:
        """The name; for an AWS call also its operation and resource."""
        aws = self.document.get("aws")
        aws = aws if isinstance(aws, dict) else {}
        subject = next((aws[one] for one in SUBJECTS if aws.get(one)), "")
        subject = ", ".join(map(str, subject)) if isinstance(subject, list) else re.split("[/:]", str(subject))[-1]
        return " ".join(filter(None, (self.name, str(aws.get("operation") or ""), subject)))

    @property
    def messages(self) -> list[str]:
        """The messages of its exceptions."""
        cause = self.document.get("cause")
        exceptions = cause.get("exceptions") if isinstance(cause, dict) else None
        return [
            f"{one.get('type') or 'error'}: {one.get('message') or ''}"
            for one in (exceptions if isinstance(exceptions, list) else [])
            if isinstance(one, dict)
        ]


@dataclass(frozen=True)
class Trace:
    """A trace: its segments without a parent, oldest first."""

    id: str
    roots: tuple[Span, ...]

    @property
    def start(self) -> float:
        return min((one.start for one, _ in self.spans()), default=0)

    @property
    def end(self) -> float:
        return max((one.end or one.start for one, _ in self.spans()), default=0)

    def spans(self) -> Iterator[tuple[Span, int]]:
        """All segments and subsegments with their depth, parents before children."""
        # Not recursive: traces may be nested deeper than Python's limit.
        waiting = [(one, 0) for one in reversed(self.roots)]
        while waiting:
            span, depth = waiting.pop()
            yield span, depth
            waiting += [(one, depth + 1) for one in reversed(span.children)]

    def as_json(self) -> Document:
        """The segments and subsegments in the order of the waterfall, with depth and document."""
        return {
            "id": self.id,
            "start": self.start,
            "seconds": self.end - self.start,
            "spans": [
                {
                    "id": one.id,
                    "parent_id": one.parent_id,
                    "depth": depth,
                    "name": one.title,
                    "start": one.start,
                    "seconds": None if one.end is None else one.end - one.start,
                    "status": one.status or "ok",
                    "document": {name: value for name, value in one.document.items() if name != "subsegments"},
                }
                for one, depth in self.spans()
            ],
        }


def trace_of(id_: str, documents: Iterable[str]) -> Trace:
    """The trace of its segment documents. Subsegments are inside of their segment, or documents of their own."""
    spans: dict[str, Span] = {}
    waiting: list[tuple[Any, str | None]] = []
    for text in documents:
        try:
            waiting.append((json.loads(text), None))
        except (ValueError, RecursionError):
            continue
    while waiting:
        document, outer = waiting.pop()
        span = _span(document, outer)
        if span is None:
            continue
        known = spans.get(span.id)
        # A segment that was sent while in progress is sent again at its end.
        if known is None or known.end is None:
            spans[span.id] = span
        inner = document.get("subsegments")
        waiting += [(one, span.id) for one in (inner if isinstance(inner, list) else [])]
    roots = []
    for span in sorted(spans.values(), key=lambda one: (one.start, one.end or one.start)):
        parent = spans.get(span.parent_id or "")
        if parent is None or parent is span or _is_below(parent, span, spans):
            roots.append(span)
        else:
            parent.children.append(span)
    return Trace(id_, tuple(roots))


def _span(document: Any, outer: str | None) -> Span | None:
    try:
        end = document.get("end_time")
        return Span(
            id=str(document["id"]),
            name=str(document.get("name") or "?"),
            start=float(document["start_time"]),
            end=None if end is None else float(end),
            parent_id=outer or document.get("parent_id"),
            document=document,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _is_below(parent: Span, span: Span, spans: dict[str, Span]) -> bool:
    """Whether the parent of a segment is its own descendant: documents may refer to each other."""
    seen = set()
    while parent.id not in seen:
        seen.add(parent.id)
        if parent.parent_id == span.id:
            return True
        above = spans.get(parent.parent_id or "")
        if above is None:
            return False
        parent = above
    return True
