"""Processes one object: stores its readings, notifies readings beyond their threshold, and stores rejects."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import replace
from itertools import islice
from typing import Any, Protocol, TypeVar

from sluice_functions.conditional_puts import MOST_IN_ONE_WRITE
from sluice_functions.s3_events import S3Object

from .content import LARGEST_CONTENT, Unreadable, read_text, too_large
from .documents import Broken, TextPosition, documents
from .formats import ReadingFormat
from .readings import Reject, Row, Rules, SourceObject, judged
from .store import Content, Store

THREADS = 8  # botocore's default of 10 connections
WINDOW = 2000  # rows and rejects in memory at once, beside the document they are in
MOST_REJECTS = 10_000  # rejects of one object that are stored individually

Item = TypeVar("Item")
Call = tuple[Callable[[Any], Mapping[str, int]], Any]


class Notifier(Protocol):
    """Notifies readings beyond their threshold, for one object."""

    def add(self, rows: list[Row]) -> Mapping[str, int]:
        """Add up to 100 new readings beyond their threshold. Returns how many were `stored`."""

    def pass_by(self, rows: list[Row]) -> None:
        """Readings within their limits."""

    def finish(self, run: Callable[[Iterable[Call]], Counter[str]]) -> Counter[str]:
        """Publish the notifications, after all rows of the object were added. Returns how many were `notified`."""


def ingest(found: S3Object, store: Store, notifier: Notifier, reader: ReadingFormat, rules: Rules) -> Counter[str]:
    """Process an object. Returns how many readings were stored, notified and rejected now, without earlier deliveries.

    Idempotent: rows are deterministic, and are added only if they do not exist.
    """
    source = SourceObject.of(found, found.version_id or "null")
    counts: Counter[str] = Counter(stored=0, notified=0, rejected=0)
    with ExitStack() as stack:
        pool: Any = None

        def run(calls: Iterable[Call]) -> Counter[str]:
            nonlocal pool
            todo, done = list(calls), Counter[str]()
            if len(todo) == 1:
                call, what = todo[0]
                return Counter(call(what))
            if todo and pool is None:
                # Not for one reading, or for those of one kind: a function starts faster without.
                from concurrent.futures import ThreadPoolExecutor

                pool = stack.enter_context(ThreadPoolExecutor(THREADS))
            # Each in a context of its own, so that its AWS calls belong to this step of the trace. All are begun; the
            # first that failed is raised once the others have ended.
            for one in [pool.submit(copy_context().run, call, what) for call, what in todo]:
                done.update(one.result())
            return done

        try:
            content = store.read(found)
            if is_folder_marker(found.key, content):
                return Counter(ignored=1)
            source = source._replace(version=content.version)
            items = _judged(content, found.key, replace(reader, uploaded=content.uploaded), source, rules)
        except Unreadable as reason:
            items = iter([Reject(TextPosition(), "", str(reason))])
        for window in parts(_bounded(items), WINDOW):
            rows = [one for one in _distinct(window) if isinstance(one, dict)]
            rejects = [one.row(source, rules) for one in window if isinstance(one, Reject)]
            ordinary = [row for row in rows if "breach" not in row]
            breaching = [row for row in rows if "breach" in row]
            counts.update(
                run(
                    [
                        *((notifier.add, some) for some in parts(breaching, MOST_IN_ONE_WRITE)),
                        *((store.add, some) for some in parts(ordinary, MOST_IN_ONE_WRITE)),
                        *((store.keep, some) for some in parts(rejects, MOST_IN_ONE_WRITE)),
                    ]
                )
            )
            notifier.pass_by(ordinary)
        counts.update(notifier.finish(run))
    return counts


def is_folder_marker(key: str, content: Content) -> bool:
    """Whether an object only represents a folder, as the S3 console and Hadoop create them."""
    return content.size == 0 and key.endswith(("/", "_$folder$"))


def parts(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part


def _judged(
    content: Content, key: str, reader: ReadingFormat, source: SourceObject, rules: Rules
) -> Iterator[Row | Reject]:
    """Raises `Unreadable` before the first result."""
    if content.size > LARGEST_CONTENT:
        raise too_large(content.size)
    text = read_text(content.bytes, key=key, encoding=content.encoding)
    return (
        one
        for document in documents(text)
        for one in (
            [Reject(document.place, document.raw, document.problem)]
            if isinstance(document, Broken)
            else (
                found
                for value, measurements in reader.read(document)
                for found in judged(value.place, value.raw, measurements, source, rules)
            )
        )
    )


def _bounded(items: Iterable[Row | Reject]) -> Iterator[Row | Reject]:
    """The first `MOST_REJECTS` rejects of an object, and one that counts the others."""
    rejects = 0
    first_beyond: Reject | None = None
    for one in items:
        if isinstance(one, Reject):
            rejects += 1
            if rejects > MOST_REJECTS:
                first_beyond = first_beyond or one
                continue
        yield one
    if first_beyond:
        more = rejects - MOST_REJECTS
        yield first_beyond._replace(reason=f"{more} more are invalid from here on; this one: {first_beyond.reason}")


def _distinct(window: Iterable[Row | Reject]) -> Iterator[Row | Reject]:
    """Without duplicate readings: a transaction may contain a row only once."""
    seen: set[tuple[str, str]] = set()
    for one in window:
        if isinstance(one, dict):
            key = (one["deviceId"], one["readingTime"])
            if key in seen:
                continue
            seen.add(key)
        yield one
