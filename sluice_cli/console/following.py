"""Follows one thing: from the object or request that came from outside to the last notification."""

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sluice_cli.deployed.resources import Function
from sluice_cli.function_logs.events import LogReader
from sluice_cli.function_logs.lines import LineReader
from sluice_cli.traces.reading import read_trace

from .console import Console
from .deployment import Deployment
from .guard import HttpError
from .happenings import Happening, Thing
from .logs import as_json
from .requests import PageRequest

MOST_STEPS = 400
MOST_LINES = 200  # of one run
MOST_CALLS = 100
MOST_TRACES = 20
SETTLED_SECONDS = 2.0  # after this long without anything new the way counts as complete
BEGINNINGS = {"function.started": "function.ended", "api.called": "api.answered"}
PLAIN = ("request", "run", "message", "trace", "event")


@dataclass
class Way:
    """Happenings as a graph of causes and effects, by their position in the list."""

    all: Sequence[Happening]
    parents: dict[int, list[int]] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=dict)
    makers: dict[Thing, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for position, one in enumerate(self.all):
            for thing in one.made:
                self.makers.setdefault(thing, []).append(position)
        for position, one in enumerate(self.all):
            found = [self._maker(thing, position) for thing in one.used]
            if one.shown["kind"] == "failure.kept" and not one.used:
                # A message that was moved from its queue: what was sent there led to it.
                found = [self._maker(thing, position) for thing in one.made]
            parents = [each for each in dict.fromkeys(found) if each is not None and each != position]
            self.parents[position] = parents
            for parent in parents:
                self.children.setdefault(parent, []).append(position)

    def _maker(self, thing: Thing, position: int) -> int | None:
        """The last happening before a position that made a thing; for things recorded late, the first that made it."""
        known = self.makers.get(thing, [])
        return next((one for one in reversed(known) if one < position), known[0] if known else None)

    def begin(self, thing: Thing) -> list[int]:
        """The positions of what made a thing, or happened in a trace."""
        kind, name = thing[0], thing[1:]
        if kind == "trace":
            return [position for position, one in enumerate(self.all) if one.shown["trace_id"] == name[0]]
        if kind == "request":
            return [position for position, one in enumerate(self.all) if one.shown["request_id"] == name[0]]
        exact = self.makers.get(thing)
        if exact:  # an event comes from each target of each rule that it matches
            return exact if kind == "event" else exact[-1:]
        latest = [position for made, found in self.makers.items() if made[: len(thing)] == thing for position in found]
        if latest or kind != "object":
            return sorted(latest)[-1:] or self._users(thing)
        same = (found for made, found in self.makers.items() if made[:3] == thing[:3])
        return sorted(position for found in same for position in found)[-1:] or self._users(thing)

    def _users(self, thing: Thing) -> list[int]:
        """The positions of what used a thing, for one that was made before what is kept."""
        return [position for position, one in enumerate(self.all) if thing in one.used]

    def whole(self, begin: Iterable[int]) -> list[int]:
        """All causes of the beginning and all its effects; other records of the same batch are left out."""
        start = list(begin)
        above = self._reached(start, self.parents)
        is_chain = all(len(self.parents[one]) <= 1 for one in above)
        roots = [one for one in above if not self.parents[one]] if is_chain else start
        return self.causes_first({*above, *self._reached(roots, self.children)})

    def causes_first(self, positions: Collection[int]) -> list[int]:
        """Positions in the order in which they were recorded, except that what led to something comes before it: a
        message may be received before the sender's happening is recorded.
        """
        ordered: dict[int, None] = {}
        begun: set[int] = set()
        waiting = sorted(positions, reverse=True)
        while waiting:
            one = waiting[-1]
            later = [] if one in begun else [each for each in self.parents[one] if each in positions]
            begun.add(one)
            if missing := [each for each in later if each not in begun]:
                waiting += reversed(missing)
            else:
                ordered[waiting.pop()] = None
        return list(ordered)

    def _reached(self, start: Sequence[int], edges: dict[int, list[int]]) -> list[int]:
        seen, waiting = dict.fromkeys(start), list(start)
        while waiting and len(seen) < 2 * MOST_STEPS:
            for one in edges.get(waiting.pop(0), ()):
                if one not in seen:
                    seen[one] = None
                    waiting.append(one)
        return list(seen)


def whole_way(console: Console, request: PageRequest) -> Any:
    text = request.needed("thing")
    way = Way(list(console.happenings.kept))
    positions = way.whole(way.begin(thing_in(text)))
    if not positions:
        raise HttpError(404, "nothing of it is in what the console keeps: the last 5,000 happenings")
    steps, is_running = _steps(way, positions[:MOST_STEPS], console.deployment)
    newest = max(way.all[one].shown["time"] for one in positions)
    traces = list(dict.fromkeys(id_ for one in steps for id_ in one["traces"]))[:MOST_TRACES]
    _add_lines(console, steps)
    known = _add_calls(console, steps, traces)
    start = min(one["time"] for one in steps)
    for one in steps:
        one["after"] = one["time"] - start
        one["traces"] = [id_ for id_ in one["traces"] if id_ in known]
    return {
        "thing": text,
        "title": steps[0]["title"],
        "start": start,
        "end": newest,
        "complete": not is_running and time.time() - newest > SETTLED_SECONDS,
        "truncated": len(positions) > MOST_STEPS,
        "steps": steps,
        "traces": known,
    }


def thing_in(text: str) -> Thing:
    """The thing in `follow` of an answer, or in a text such as `request:ID`. Raises `HttpError`."""
    kind, colon, id_ = text.partition(":")
    if colon and kind in PLAIN and id_:
        return (kind, id_)
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        parts = None
    if not (isinstance(parts, list) and len(parts) > 1 and all(isinstance(one, str) for one in parts)):
        raise HttpError(400, f"thing has to be what `follow` gave, or one of {', '.join(f'{one}:ID' for one in PLAIN)}")
    return tuple(parts)


def _edges(way: Way, position: int, deployment: Deployment) -> list[str]:
    """The arrows that lead to a happening, also from what was recorded after it."""
    shown = way.all[position].shown
    parents = (way.all[one].shown["node"] for one in way.parents[position])
    return shown["edges"] or deployment.edges_along((one, shown["node"]) for one in parents)


def _steps(way: Way, positions: Sequence[int], deployment: Deployment) -> tuple[list[dict[str, Any]], bool]:
    """A run or a call is one step, from its begin to its end. Also whether one has not ended."""
    ends = {(one.shown["kind"], one.shown["request_id"]): one.shown for one in way.all}
    steps: dict[int, dict[str, Any]] = {}
    is_running = False
    for position in positions:
        shown = way.all[position].shown
        kind = shown["kind"]
        if kind in BEGINNINGS.values():
            continue
        parent = next((one for one in way.parents[position] if one in steps), None)
        end = ends.get((BEGINNINGS.get(kind, ""), shown["request_id"]))
        is_running = is_running or (kind in BEGINNINGS and end is None)
        ended = {name: end[name] for name in ("seconds", "status", "detail")} if end else {}
        steps[position] = {
            "number": len(steps) + 1,
            "parent": steps[parent]["number"] if parent is not None else None,
            "depth": steps[parent]["depth"] + 1 if parent is not None else 0,
            "after": 0.0,
            **{
                name: shown[name]
                for name in (
                    "time",
                    "seconds",
                    "title",
                    "detail",
                    "status",
                    "stack",
                    "node",
                    "resource",
                    "run",
                    "follow",
                )
            },
            "edges": _edges(way, position, deployment),
            "kind": "function.run" if kind == "function.started" else kind,
            **ended,
            "calls": [],
            "lines": [],
            "traces": [shown["trace_id"]] if kind == "function.started" and shown["trace_id"] else [],
        }
    return list(steps.values()), is_running


def _add_lines(console: Console, steps: Sequence[dict[str, Any]]) -> None:
    runs = [one for one in steps if one["kind"] == "function.run" and one["node"]]
    for id_ in dict.fromkeys(one["node"] for one in runs):
        node = console.deployment.find(id_)
        if node is None or node.resource is None:
            continue
        own = {one["run"]: one for one in runs if one["node"] == id_}
        since = int(min(one["time"] for one in own.values()) * 1000) - 1_000
        understood = LineReader()
        for event in LogReader([Function(node.resource)], console.client, since).read():
            line = understood.read(event)
            step = own.get(line.request_id)
            if step and len(step["lines"]) < MOST_LINES:
                step["lines"].append(as_json(line))


def _add_calls(console: Console, steps: Sequence[dict[str, Any]], traces: Sequence[str]) -> list[str]:
    """The AWS calls of traced runs. Gives the traces that X-Ray has."""
    runs = {one["run"]: one for one in steps if one["kind"] == "function.run"}
    known = []
    for id_ in traces:
        trace = read_trace(console.client("xray"), id_)
        if trace is None:
            continue
        known.append(id_)
        step: dict[str, Any] | None = None
        for span, _ in trace.spans():
            if span.is_function:
                aws = span.document.get("aws")
                step = runs.get(str(aws.get("request_id"))) if isinstance(aws, dict) else None
            elif step and span.document.get("namespace") == "aws" and len(step["calls"]) < MOST_CALLS:
                seconds = None if span.end is None else span.end - span.start
                call = {"time": span.start, "name": span.title, "seconds": seconds, "status": span.status or "ok"}
                step["calls"].append(call)
    return known
