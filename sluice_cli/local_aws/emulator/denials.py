"""Records calls that IAM refused, for the tool and for the log of the calling function.

ministack 1.5.33 omits the resource in most messages; AWS names it:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html

`GET /_sluice/denials?after=NUMBER` returns the refused calls with a higher number. The last 5,000 are kept.
"""

import contextvars
import json
import threading
import time
from collections import deque
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_actions, iam_evaluator

import invocations
from completing import existing
from own_paths import serving

PATH = "/_sluice/denials"
KEPT = 5_000
LONGEST_VALUE = 2_000

_plain_enforce = existing(iam_evaluator, "enforce")
_plain_combine = existing(iam_evaluator, "combine_resource_policy")
_plain_answer = existing(iam_actions, "access_denied_response")
_message = existing(iam_actions, "identity_denial_message")
_kept: deque[dict[str, Any]] = deque(maxlen=KEPT)
_numbers = count(1)
_lock = threading.Lock()
# Called with each refused call.
listeners: list[Any] = []
# What the caller's own policies decided, where the resource has a policy too.
_identity: contextvars.ContextVar[str] = contextvars.ContextVar("decision of identity policies", default="")

# Of the request that is answered: action and resource of the last call that was refused.
_refused: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("refused call", default=("", ""))


def _answer(service: str, action: str, principal_arn: str, request_id: str, **options: Any) -> Any:
    """The answer to a refused call, whose message names the resource."""
    refused, resource = _refused.get()
    by_resource = options.get("explicit_deny") and options.get("resource_policy_arn")
    if (
        refused == action
        and resource != "*"
        and not (options.get("error_code") or options.get("message") or by_resource)
    ):
        options["message"] = _message(action, principal_arn, resource, bool(options.get("explicit_deny")))
    return _plain_answer(service, action, principal_arn, request_id, **options)


def _combine(identity: Any, *arguments: Any, **options: Any) -> Any:
    _identity.set(identity.decision)
    return _plain_combine(identity, *arguments, **options)


def _enforce(
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    _identity.set("")
    result = _plain_enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    if isinstance(result, iam_evaluator.EvalResult):
        _keep(result, iam_action, resource_arn, service_context or {})
    return result


def _keep(result: Any, action: str, resource: str, context: dict[str, Any]) -> None:
    _refused.set((action, resource))
    invocation = invocations.caller()
    explicit = result.decision == "Deny"
    of_resource = bool(result.resource_policy_arn) or (not explicit and _identity.get() == "Allow")
    denial = {
        "time": time.time(),
        "principal": result.principal_arn,
        "action": action,
        "resource": resource,
        "explicit": explicit,
        "sid": result.matched_sid,
        "policy": "resource" if of_resource else "identity",
        "context": {name: str(value)[:LONGEST_VALUE] for name, value in context.items() if value},
        "function": invocation.function if invocation else _session_name(result.principal_arn),
        "request_id": invocation.request_id if invocation else "",
    }
    with _lock:
        _kept.append({"number": next(_numbers), **denial})
    for listener in listeners:
        listener(denial)
    if invocation:
        invocation.log_lines.append(_log_line(denial))


def _log_line(denial: dict[str, Any]) -> str:
    words = "an explicit deny" if denial["explicit"] else f"no {denial['policy']}-based policy allows it"
    message = f"IAM refused {denial['action']} on {denial['resource']} to {denial['principal']}: {words}"
    missing = {"Effect": "Allow", "Action": denial["action"], "Resource": denial["resource"]}
    return json.dumps(
        {
            "level": "ERROR",
            "message": message,
            "function_request_id": denial["request_id"],
            "denial": denial,
            **({} if denial["explicit"] else {"missing_statement": missing}),
        }
    )


def _session_name(principal: str) -> str:
    """The function whose role it is: Lambda names sessions after functions."""
    return principal.rpartition("/")[2] if ":assumed-role/" in principal else ""


def _refused_after(query: bytes) -> dict[str, Any]:
    after = parse_qs(query.decode("latin-1")).get("after", ["0"])[0]
    number = int(after) if after.isdigit() else 0
    with _lock:
        kept = [one for one in _kept if one["number"] > number]
        return {"last": _kept[-1]["number"] if _kept else 0, "denials": kept}


def served(application: Any) -> Any:
    """The ASGI application, which also answers what was refused."""
    return serving(application, "GET", PATH, _refused_after)


iam_actions.access_denied_response = _answer
iam_evaluator.enforce = _enforce
iam_evaluator.combine_resource_policy = _combine
