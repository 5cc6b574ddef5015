"""Traces of a function, and one trace as a waterfall."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sluice_cli.traces.model import Span, Trace
from sluice_cli.traces.reading import read_trace, summaries, trace_id_in

from .console import Console
from .guard import HttpError
from .requests import PageRequest

MOST_TRACES = 200
MOST_SPANS = 1_000
LONGEST_MESSAGE = 2_000


def listed(console: Console, request: PageRequest) -> Any:
    node = console.node(request)
    since = datetime.now(UTC) - timedelta(seconds=request.number("since", 3_600, 30 * 24 * 3_600))
    names = [node.name] if node.type == "aws_lambda_function" and node.name else []
    found = summaries(console.client("xray"), since, names)
    return {"traces": [{**one.as_json(), "start": one.start.timestamp()} for one in found[:MOST_TRACES]]}


def whole(console: Console, request: PageRequest) -> Any:
    id_ = trace_id_in(request.needed("id"))
    trace = read_trace(console.client("xray"), id_)
    if trace is None:
        raise HttpError(404, f"X-Ray has no trace {id_}: the local AWS keeps the last 1,000")
    return as_json(trace)


def as_json(trace: Trace) -> dict[str, Any]:
    spans = list(trace.spans())
    return {
        "id": trace.id,
        "start": trace.start,
        "seconds": trace.end - trace.start,
        "spans": [_span(one, depth) for one, depth in spans[:MOST_SPANS]],
        "left_out": max(len(spans) - MOST_SPANS, 0),
    }


def _span(span: Span, depth: int) -> dict[str, Any]:
    return {
        "id": span.id,
        "parent_id": span.parent_id,
        "depth": depth,
        "name": span.title,
        "start": span.start,
        "seconds": None if span.end is None else span.end - span.start,
        "status": span.status or "ok",
        "function": span.is_function,
        "messages": [one[:LONGEST_MESSAGE] for one in span.messages],
    }
