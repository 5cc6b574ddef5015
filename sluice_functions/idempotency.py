"""Requests that clients may repeat: the work is done once, and each repeat gets the same answer.

A client sends a header `Idempotency-Key` that is new for each thing it wants done, and the same for each attempt at it
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/). Powertools' idempotency is not used: it
adds 17 % to the processor time of a cold start, knows neither callers nor HTTP's statuses, and needs permissions to
read, update and delete.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import aws, http
from .errors import ExplainedError
from .http import Answer, InvalidRequest
from .items import plain, typed
from .observability import logger

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
LONGEST_KEY = 255  # characters
LONGEST_ANSWER = 350_000  # bytes; an item has 400 KB at most
DAY = 24 * 60 * 60
LONGEST_REQUEST = 30  # seconds; API Gateway waits for 29

# The row is still as this attempt left it: no other has taken over.
MINE = "attempt = :mine AND attribute_not_exists(answer)"

_Row = dict[str, Any]


class RequestInProgress(ExplainedError):
    """Another attempt at the same request is under way."""


class PayloadChanged(ExplainedError):
    """The key was used for another request."""


class AnswerTooLong(ExplainedError):
    """The answer is too long to be kept for repeats."""


# For `http.respond`: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ (2.7)
ERRORS: dict[type[Exception], int] = {RequestInProgress: 409, PayloadChanged: 422}


class IdempotentRequests:
    """A table that remembers the answers of requests.

    The table has the partition key `id` (a text), and `expiresAt` as its expiry attribute; the function needs the
    permission to put items. Answers are kept `kept_seconds` (a day). A request that crashed can be repeated after
    `lease_seconds`, which must be longer than the function's timeout (30: API Gateway waits for 29). With
    `key_required` a request without a key is refused.
    """

    def __init__(
        self,
        table_name: str,
        *,
        kept_seconds: int = DAY,
        lease_seconds: int = LONGEST_REQUEST,
        key_required: bool = False,
    ) -> None:
        self._table_name = table_name
        self._kept_seconds = kept_seconds
        self._lease_seconds = lease_seconds
        self._key_required = key_required
        self._dynamodb = aws.client("dynamodb", expected={"ConditionalCheckFailedException"})

    def answer(self, event: Mapping[str, Any], work: Callable[[str], Answer]) -> Answer:
        """The answer of a request: `work`'s, or the one that an earlier attempt gave, then with the header
        `Idempotent-Replayed`.

        `work` gets the request's id, a UUID that all attempts share: what it writes under that id is written once even
        if the function crashes before its answer is kept. If `work` raises, no answer is kept, and the same request
        may be repeated at once.

        Keys are the caller's own (`http.caller`), and of one method and path. Raises `RequestInProgress` (409) while
        another attempt is under way, `PayloadChanged` (422) if the key was used with another body or query, and
        `InvalidRequest` for a malformed key, and for a missing one if `key_required`. Without a key the work is done
        each time.
        """
        key = self._key(event)
        if key is None:
            return work(str(uuid.uuid4()))
        row = {
            "id": _scoped(event, key),
            "payload": _payload(event),
            "request": str(uuid.uuid4()),
            "attempt": str(uuid.uuid4()),
        }
        existing = self._begin(row)
        if existing is not None:
            if existing.get("payload", row["payload"]) != row["payload"]:
                raise PayloadChanged(f"this {HEADER} was used for another request; send a new one")
            if "answer" in existing:
                answer: Answer = json.loads(existing["answer"])
                return {**answer, "headers": {**(answer.get("headers") or {}), **REPLAYED}}
            raise RequestInProgress("this request is being worked on; repeat it later")
        try:
            answer = work(row["request"])
            kept = json.dumps(answer, ensure_ascii=False)
            if len(kept.encode()) > LONGEST_ANSWER:
                raise AnswerTooLong(
                    f"the answer has {len(kept.encode())} bytes; {LONGEST_ANSWER} can be kept for repeats"
                )
        except BaseException:
            self._give_back(row)
            raise
        self._put({**row, "answer": kept, "expiresAt": int(time.time()) + self._kept_seconds}, MINE, _mine(row))
        return answer

    def _key(self, event: Mapping[str, Any]) -> str | None:
        key = http.header(event, HEADER).strip().strip('"')
        if key and (len(key) > LONGEST_KEY or not key.isprintable()):
            raise InvalidRequest(f"{HEADER} must be 1 to {LONGEST_KEY} printable characters")
        if not key and self._key_required:
            raise InvalidRequest(f"{HEADER} is missing: send a new one for each request, and the same to repeat it")
        return key or None

    def _begin(self, row: _Row) -> _Row | None:
        """Take the lease on a request. Returns the existing row if that is answered, under way, or of another
        request."""
        now = int(time.time())
        row |= {"leaseUntil": now + self._lease_seconds, "expiresAt": now + self._kept_seconds}
        existing = self._put(row, "attribute_not_exists(id) OR expiresAt <= :now", {":now": now})
        if (
            not existing
            or existing["payload"] != row["payload"]
            or "answer" in existing
            or existing["leaseUntil"] >= now
        ):
            return existing
        # Take over from an attempt that crashed or failed, under the id that it used.
        row["request"] = existing["request"]
        return self._put(row, MINE, _mine(existing))

    def _give_back(self, row: _Row) -> None:
        try:
            self._put({**row, "leaseUntil": 0}, MINE, _mine(row))
        except (BotoCoreError, ClientError):
            logger.warning("the request cannot be repeated before its lease ends", exc_info=True)

    def _put(self, row: _Row, condition: str, values: Mapping[str, Any]) -> _Row | None:
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item=typed(row),
                ConditionExpression=condition,
                ExpressionAttributeValues=typed(values),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            existing = plain(error.response.get("Item", {}))
            # A call that botocore repeated, because the answer to the first got lost, meets its own row.
            return None if existing.get("attempt") == row["attempt"] else existing
        return None


def _scoped(event: Mapping[str, Any], key: str) -> str:
    parts = [http.caller(event), http.method(event), http.path(event), key]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _payload(event: Mapping[str, Any]) -> str:
    query = (
        event.get("multiValueQueryStringParameters")
        or event.get("queryStringParameters")
        or event.get("rawQueryString")
        or {}
    )
    parts = [event.get("body") or "", bool(event.get("isBase64Encoded")), query]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _mine(row: _Row) -> _Row:
    return {":mine": row["attempt"]}
