"""Checks of what a fuzzed request caused: its answer, the function's log, the stored objects."""

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .requests import FILE, SECRET, FuzzedRequest

# Internal details of the function, which an answer must not show to a caller.
INTERNAL = re.compile(
    r"Traceback|arn:aws|\b[A-Z]\w+(?:Error|Exception)\b|\.py\b|/(?:var|tmp|opt|home|usr)/|botocore|boto3|dynamodb|"
    r"\bline [0-9]+, in |fastjsonschema|__\w+__ (?:not|is)",
)
# Lines that Lambda itself writes into a function's log.
PLATFORM = re.compile(r"(?:INIT_START|START|END|REPORT|XRAY) ")


@dataclass(frozen=True)
class Violation:
    """A violation that one request caused, or all requests together where `request` is None."""

    what: str
    shown: str
    request: FuzzedRequest | None = None


def problems_of_answer(request: FuzzedRequest, status: int, body: bytes, names: Collection[str]) -> list[Violation]:
    """Violations in one answer. `names` are internal names (buckets, tables): errors must not contain them; a success
    may name where an object is stored.
    """
    shown = body.decode(errors="backslashreplace")[:500]
    if status >= 500:
        return [Violation(f"status {status}", shown, request)]
    if status < 400:
        return []
    text = body.decode(errors="replace")
    sent = json.dumps([request.path, request.query, *request.headers.values()]) + request.body.decode(errors="replace")
    told = [one for one in INTERNAL.findall(text) if one not in sent] + [one for one in names if one in text]
    if SECRET in text:
        told.append("the secret")
    return [Violation(f"the answer tells {', '.join(sorted(set(told)))}", shown, request)] if told else []


def problems_of_log(lines: Iterable[str]) -> list[Violation]:
    """Violations in a log. Each line has to be one JSON object of the function, or a line of Lambda's own."""
    found = []
    secrets = (SECRET, base64.b64encode(SECRET.encode()).decode()[:20], FILE[:20])
    for line in lines:
        if any(secret in line for secret in secrets):
            found.append(Violation("a secret or a file's content is in a log", line[:500]))
        if PLATFORM.match(line) or not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            found.append(Violation("a log line is no JSON object", line[:500]))
        elif entry.get("message") == "fuzz-forged":
            found.append(Violation("a log line is forged", line[:500]))
    return found


def problems_of_objects(new: Iterable[tuple[str, str]], stored: Mapping[str, str]) -> list[Violation]:
    """Violations in the buckets. `new` has bucket and key of each object that was not there before the run; `stored`
    has the allowed key patterns by bucket.
    """
    return [
        Violation("an object lies outside its prefix", f"{bucket}/{key}")
        for bucket, key in new
        if bucket not in stored or not re.fullmatch(stored[bucket], key)
    ]
