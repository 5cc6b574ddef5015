"""Event source mappings of table streams.

ministack 1.5.33 retries a failed batch without end and as a whole. Here the mapping's settings apply: retries,
splitting the batch, resuming at the first item that the function reports, and the failure destination.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import logging
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import request_scope
from ministack.services import dynamodb, lambda_svc

from completing import existing

FOREVER = -1
PAUSE_SECONDS = 0.2  # between attempts; AWS waits longer each time
LONGEST_PAUSE_SECONDS = 5.0

logger = logging.getLogger(__name__)

_execute = existing(lambda_svc, "_execute_function")
_filtered = existing(lambda_svc, "_apply_filter_criteria")
_function_of = existing(lambda_svc, "_get_func_record_for_qualifier")
_table_of = existing(lambda_svc, "_dynamodb_stream_table_from_arn_spec")
_since = existing(dynamodb, "stream_records_since")
_oldest = existing(dynamodb, "stream_start_position")
_newest = existing(dynamodb, "stream_end_position")
existing(lambda_svc, "_poll_dynamodb_streams")
existing(lambda_svc, "_iter_all_esms")

# By mapping: the attempts for the batch at its position, its largest size for the next attempt, and the time of that.
_attempts: dict[str, int] = {}
_lengths: dict[str, int] = {}


def _poll() -> bool:
    """Whether a mapping processed a batch."""
    went_on = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        with request_scope(account, region):
            for table in _tables(mapping):
                went_on = _read(mapping, table) or went_on
    return went_on


def _tables(mapping: dict[str, Any]) -> Iterator[str]:
    """The table whose stream the mapping reads, if the mapping is enabled and the stream exists."""
    if not mapping.get("Enabled", True) or time.time() < lambda_svc._esm_backoff_until.get(mapping["UUID"], 0):
        return
    try:
        arn = parse_arn(mapping.get("EventSourceArn", ""))
    except ArnParseError:
        return
    named = _table_of(arn) if arn.service == "dynamodb" else None
    if named and (dynamodb._tables.get(named[0]) or {}).get("LatestStreamArn") == str(arn):
        yield named[0]


def _read(mapping: dict[str, Any], table: str) -> bool:
    function, _ = _function_of(mapping["FunctionName"], mapping.get("Qualifier"))
    if function is None:
        return False
    id_ = mapping["UUID"]
    position = _position(mapping, table)
    length = _lengths.get(id_, int(mapping.get("BatchSize", 100)))
    batch = _since(table, position, length)
    if not batch:
        return False
    matching = _filtered(batch, mapping)
    if not matching:
        _go_on(mapping, position + len(batch))
        return True
    result = _execute(function, {"Records": matching})
    failed = _first_failed(result, mapping, batch)
    if failed is None:
        mapping["LastProcessingResult"] = f"OK - {len(matching)} records"
        _go_on(mapping, position + len(batch))
        return True
    mapping["LastProcessingResult"] = "FAILED"
    if failed:  # those before it are processed
        _go_on(mapping, position + failed)
        batch = batch[failed:]
        position += failed
    return _retry(mapping, function, batch, position, result)


def _retry(mapping: dict[str, Any], function: Any, batch: list[Any], position: int, result: Any) -> bool:
    """After a failure of the batch at a position: discard it, split it, or wait for its next attempt."""
    id_, attempt = mapping["UUID"], _attempts.get(mapping["UUID"], 0) + 1
    _attempts[id_] = attempt
    condition = _given_up(mapping, batch, attempt)
    if mapping.get("BisectBatchOnFunctionError") and len(batch) > 1:
        # Splitting a batch does not count as an attempt.
        _attempts[id_] = attempt - 1
        _lengths[id_] = len(batch) // 2
    elif condition:
        logger.warning("mapping %s gives up %d records: %s", id_, len(batch), condition)
        lambda_svc._send_ddb_stream_failure_record(
            mapping, function, batch, mapping["EventSourceArn"], result, condition
        )
        _go_on(mapping, position + len(batch))
        return True
    lambda_svc._esm_backoff_until[id_] = time.time() + min(PAUSE_SECONDS * 2 ** min(attempt, 10), LONGEST_PAUSE_SECONDS)
    return False


def _given_up(mapping: dict[str, Any], batch: list[Any], attempt: int) -> str:
    most, longest = int(mapping.get("MaximumRetryAttempts", FOREVER)), mapping.get("MaximumRecordAgeInSeconds", FOREVER)
    oldest = min(float(one["dynamodb"].get("ApproximateCreationDateTime", time.time())) for one in batch)
    if int(longest) > 0 and time.time() - oldest > int(longest):
        return "RecordAgeExceeded"
    return "RetryAttemptsExhausted" if most != FOREVER and attempt > most else ""


def _first_failed(result: Any, mapping: dict[str, Any], batch: list[Any]) -> int | None:
    """The index of the first item that was not processed; None if all were."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    body = result.get("body")
    failures = (body.get("batchItemFailures") or []) if isinstance(body, dict) else []
    reported = {str(one.get("itemIdentifier", "")) for one in failures}
    if not reported:
        return None
    numbers = [str(one["dynamodb"]["SequenceNumber"]) for one in batch]
    # An item that is not in the batch stands for the whole batch.
    return min((numbers.index(one) if one in numbers else 0) for one in reported)


def _position(mapping: dict[str, Any], table: str) -> int:
    positions, id_ = lambda_svc._dynamodb_stream_positions, mapping["UUID"]
    with lambda_svc._dynamodb_stream_positions_lock:
        if id_ not in positions:
            from_start = mapping.get("StartingPosition", "LATEST") == "TRIM_HORIZON"
            positions[id_] = _oldest(table) if from_start else _newest(table)
        positions[id_] = max(positions[id_], _oldest(table))
        return int(positions[id_])


def _go_on(mapping: dict[str, Any], position: int) -> None:
    id_ = mapping["UUID"]
    with lambda_svc._dynamodb_stream_positions_lock:
        lambda_svc._dynamodb_stream_positions[id_] = position
    _attempts.pop(id_, None)
    _lengths.pop(id_, None)
    lambda_svc._esm_backoff_until.pop(id_, None)


lambda_svc._poll_dynamodb_streams = _poll
