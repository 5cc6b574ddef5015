"""Kept failures: the list without receiving them, replay, discard with a reason, and capture as a test."""

import json
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

from sluice_cli.capturing.capture import Capture
from sluice_cli.failures.discarding import discard_failures
from sluice_cli.failures.queue import Failure, FailureQueue, Sources, failure_in

from .console import Console
from .guard import HttpError
from .happenings import follow_text
from .messages import QUEUE
from .nodes import Node
from .requests import PageRequest, text_of

LONGEST_EVENT = 256 * 1024


def listed(console: Console, request: PageRequest) -> Any:
    node = console.node(request)
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
                found.append(_shown(console, failure, sources))
        held += answer.get("in_flight", 0)
        following = str(answer["next"]) if answer.get("next") is not None else following
    return {"failures": found, "held": held, "next": following}


def replay(console: Console, request: PageRequest) -> Any:
    results = []
    with ExitStack() as opened:
        for queue, failure in _chosen(console, request.json(), opened):
            reason = queue.replay(failure)
            results.append({"id": failure.id, "ok": reason is None, "reason": reason})
    return {"results": results}


def discard(console: Console, request: PageRequest) -> Any:
    content = request.json()
    reason = text_of(content, "reason", "").strip()
    if not reason:
        raise HttpError(400, "a reason is needed: why these will never be processed")
    with ExitStack() as opened:
        chosen = _chosen(console, content, opened)
        discarded = [one for one, _ in discard_failures(console.client, chosen, reason)]
    return {"results": [{"id": one.id, "ok": True, "reason": None} for one in discarded]}


def capture(console: Console, request: PageRequest) -> Any:
    content = request.json()
    node, deployment = console.deployment.node(text_of(content, "node")), console.deployment
    account = console.client("sts").get_caller_identity()["Account"]
    with ExitStack() as opened:
        ((_, failure),) = _chosen(console, {**content, "ids": [text_of(content, "id")]}, opened)[:1]
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
    node = console.deployment.node(text_of(content, "node"))
    ids = content.get("ids")
    if not (isinstance(ids, list) and ids and all(isinstance(one, str) for one in ids)):
        raise HttpError(400, "ids have to be a list of texts")
    found: list[tuple[FailureQueue, Failure]] = []
    for sources in _queues(console, node):
        queue = opened.enter_context(FailureQueue(sources, console.client))
        own = [one for one in queue.read() if one.id in ids or one.message_id in ids]
        queue.release(but=own)
        found += [(queue, one) for one in own]
    missing = set(ids) - {text for _, one in found for text in (one.id, one.message_id)}
    if missing:
        raise HttpError(404, f"not kept (any more): {', '.join(sorted(missing))[:300]}; nothing was done")
    return found


def _queues(console: Console, node: Node) -> list[Sources]:
    """The failure queue of the node, or those that its function sends to. Raises `HttpError` where there is none."""
    if node.failure_queue:
        return [node.failure_queue]
    own = [one for one in console.deployment.failure_queues if node.arn and node.arn in one.functions]
    if not own and node.type != "aws_lambda_function":
        raise HttpError(400, f"{node.title} keeps no failures")
    return own


def _shown(console: Console, failure: Failure, sources: Sources) -> dict[str, Any]:
    nodes = console.deployment.nodes
    text = json.dumps(failure.event, ensure_ascii=False)
    is_long = len(text) > LONGEST_EVENT
    return {
        "id": failure.id,
        "since": int(failure.message["Attributes"]["SentTimestamp"]) / 1000,
        "reason": failure.reason,
        "event": text[:LONGEST_EVENT] if is_long else failure.event,
        "truncated": is_long,
        "function": nodes.named(failure.origin) if failure.origin else None,
        "queue": nodes.named(sources.arn),
        "follow": follow_text((("message", failure.message_id),)),
    }
