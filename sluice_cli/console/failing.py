"""Kept failures: the list without receiving them, replay, discard with a reason, and capture as a test."""

import json
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

from sluice_cli.capturing.capture import Capture
from sluice_cli.failures.discarding import discard_failures
from sluice_cli.failures.queue import Failure, FailureQueue, Sources, failure_in

from . import rejecting
from .console import Console
from .guard import HttpError
from .happenings import Thing, follow_text
from .messages import QUEUE
from .nodes import Node
from .requests import PageRequest, text_of

LONGEST_EVENT = 256 * 1024


def listed(console: Console, request: PageRequest) -> Any:
    node = console.node(request)
    if node.keeps_rejects:
        shown = [
            _shown(console, rejecting.as_failure(console, node, one), node.id, one.thing)
            for one in rejecting.rejected(console, node)
        ]
        return {"failures": shown, "held": 0, "next": None}
    found: list[dict[str, Any]] = []
    held, following = 0, None
    for sources in _queues(console, node):
        asked = urlencode(
            {"arn": sources.arn, "after": request.query.get("cursor") or "0", "limit": request.limit, "full": "1"}
        )
        answer = console.connection.own(f"{QUEUE}?{asked}")
        for message in answer["messages"] or []:
            failure = failure_in(message["as_received"], sources)
            if node.failure_queue or failure.origin == node.arn:
                thing = ("message", failure.message_id)
                found.append(_shown(console, failure, console.deployment.nodes.named(sources.arn), thing))
        held += answer.get("in_flight", 0)
        following = str(answer["next"]) if answer.get("next") is not None else following
    return {"failures": found, "held": held, "next": following}


def replay(console: Console, request: PageRequest) -> Any:
    content, results = request.json(), []
    node = console.deployment.node(text_of(content, "node"))
    if node.keeps_rejects:
        return {
            "results": [_result(one.id, rejecting.replay(console, node, one)) for one in _rejected(console, content)]
        }
    with ExitStack() as opened:
        for queue, failure in _chosen(console, content, opened):
            reason = queue.replay(failure)
            results.append(_result(failure.id, reason))
    return {"results": results}


def discard(console: Console, request: PageRequest) -> Any:
    content = request.json()
    reason = text_of(content, "reason", "").strip()
    if not reason:
        raise HttpError(400, "a reason is needed: why these will never be processed")
    node = console.deployment.node(text_of(content, "node"))
    if node.keeps_rejects:
        rejects = _rejected(console, content)
        rejecting.discard(console, node, rejects, reason)
        return {"results": [_result(one.id) for one in rejects]}
    with ExitStack() as opened:
        chosen = _chosen(console, content, opened)
        discarded = [one for one, _ in discard_failures(console.client, chosen, reason)]
    return {"results": [_result(one.id) for one in discarded]}


def capture(console: Console, request: PageRequest) -> Any:
    content = request.json()
    node, deployment = console.deployment.node(text_of(content, "node")), console.deployment
    account = console.client("sts").get_caller_identity()["Account"]
    one = {**content, "ids": [text_of(content, "id")]}
    with ExitStack() as opened:
        if node.keeps_rejects:
            (reject,) = _rejected(console, one)
            rejecting.function_that_rejected(console, node, reject)
            failure = rejecting.as_failure(console, node, reject)
        else:
            failure = _chosen(console, one, opened)[0][1]
        captured = Capture(node.stack, deployment.resources, console.client, account)
        written = captured.write(failure, console.project.folder / "tests")
    folder = console.project.folder
    file = written.file.relative_to(folder) if written.file.is_relative_to(folder) else written.file
    return {
        "file": str(file),
        "objects": written.objects,
        "rows": written.rows,
        "masked": written.masked,
        "notes": list(written.notes),
    }


def _chosen(console: Console, content: dict[str, Any], opened: ExitStack) -> list[tuple[FailureQueue, Failure]]:
    """The failures with these ids, received; the others are visible again. Raises `HttpError` if one is missing."""
    node, ids = console.deployment.node(text_of(content, "node")), _ids(content)
    found: list[tuple[FailureQueue, Failure]] = []
    for sources in _queues(console, node):
        queue = opened.enter_context(FailureQueue(sources, console.client))
        own = [one for one in queue.read() if one.id in ids or one.message_id in ids]
        queue.release(but=own)
        found += [(queue, one) for one in own]
    _check(ids, {text for _, one in found for text in (one.id, one.message_id)})
    return found


def _rejected(console: Console, content: dict[str, Any]) -> list[rejecting.RejectedObject]:
    """The rejected objects with these ids. Raises `HttpError` if one is missing."""
    ids = _ids(content)
    known = rejecting.rejected(console, console.deployment.node(text_of(content, "node")))
    _check(ids, {one.id for one in known})
    return [one for one in known if one.id in ids]


def _ids(content: dict[str, Any]) -> list[str]:
    ids = content.get("ids")
    if not (isinstance(ids, list) and ids and all(isinstance(one, str) for one in ids)):
        raise HttpError(400, "ids have to be a list of texts")
    return ids


def _check(ids: list[str], known: set[str]) -> None:
    missing = set(ids) - known
    if missing:
        raise HttpError(404, f"not kept (any more): {', '.join(sorted(missing))[:300]}; nothing was done")


def _result(id_: str, reason: str | None = None) -> dict[str, Any]:
    return {"id": id_, "ok": reason is None, "reason": reason}


def _queues(console: Console, node: Node) -> list[Sources]:
    """The failure queue of the node, or those that its function sends to. Raises `HttpError` where there is none."""
    if node.failure_queue:
        return [node.failure_queue]
    own = [one for one in console.deployment.failure_queues if node.arn and node.arn in one.functions]
    if not own and node.type != "aws_lambda_function":
        raise HttpError(400, f"{node.title} keeps no failures")
    return own


def _shown(console: Console, failure: Failure, kept_in: str | None, thing: Thing) -> dict[str, Any]:
    nodes = console.deployment.nodes
    text = json.dumps(failure.event, ensure_ascii=False)
    is_long = len(text) > LONGEST_EVENT
    sent = failure.message.get("Attributes", {}).get("SentTimestamp")
    return {
        "id": failure.id,
        "since": int(sent) / 1000 if sent else rejecting.time_of(failure.since),
        "reason": failure.reason,
        "event": text[:LONGEST_EVENT] if is_long else failure.event,
        "truncated": is_long,
        "function": nodes.named(failure.origin) if failure.origin else None,
        "queue": kept_in,
        "follow": follow_text((thing,)),
    }
