"""What must not come of a request: in its answer, in the logs, in the buckets."""

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .requests import FILE, SECRET, FuzzedRequest

# How the program works inside, which is no business of who sends a request.
INTERNAL = re.compile(
    r"Traceback|arn:aws|\b[A-Z]\w+(?:Error|Exception)\b|\.py\b|/(?:var|tmp|opt|home|usr)/|botocore|boto3|dynamodb|"
    r"\bline [0-9]+, in |fastjsonschema|__\w+__ (?:not|is)",
)
# What Lambda itself writes beside the function's lines.
PLATFORM = re.compile(r"(?:INIT_START|START|END|REPORT|XRAY) ")


@dataclass(frozen=True)
class Violation:
    """What came of a request, or of all of them together, and must not."""

    what: str
    shown: str
    request: FuzzedRequest | None = None


def problems_of_answer(request: FuzzedRequest, status: int, body: bytes, names: Collection[str]) -> list[Violation]:
    """`names` are of buckets, tables and whatever else is internal; answers of success may name an object's place."""
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
    """Each line is one JSON object that the function wrote, or Lambda's own."""
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
    """`new` are bucket and key of each object that was not there before; `stored` the keys' patterns by bucket."""
    return [
        Violation("an object lies outside its prefix", f"{bucket}/{key}")
        for bucket, key in new
        if bucket not in stored or not re.fullmatch(stored[bucket], key)
    ]
