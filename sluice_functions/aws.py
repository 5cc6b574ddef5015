"""AWS clients of the functions."""

from collections.abc import Collection
from typing import Any

import botocore.session
from botocore.config import Config

from ._fast_botocore import FAST_SERVICES, fast_session
from ._fast_start import is_fast
from .observability import logger

# A call that hangs gives up while the function still has time to fail in an orderly way: at most two attempts of
# (2 + 4) seconds. Standard mode waits with exponential backoff and jitter between them.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}, tcp_keepalive=True
)

# For functions that may lose an event on failure: more attempts, each shorter. A hanging call takes at most four
# attempts of (1 + 2) seconds and 7 seconds between them, which fits the default timeout of a function.
PATIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 4}, tcp_keepalive=True
)

_sessions: dict[bool, Any] = {}  # the fast one, and the ordinary one


def session(*, fast: bool = True) -> Any:
    """The session of all clients, created once: the fast one, or botocore's own where that is asked for or needed."""
    fast = fast and is_fast()
    if fast not in _sessions:
        try:
            _sessions[fast] = fast_session() if fast else botocore.session.get_session()
        except Exception as error:  # noqa: BLE001 - logged
            _go_the_ordinary_way(error)
    return _sessions[fast]


def _go_the_ordinary_way(error: Exception) -> None:
    logger.warning("botocore differs from what the fast start knows: clients start the ordinary way", exc_info=error)
    _sessions[True] = session(fast=False)


_clients: dict[tuple[Any, str, Config], tuple[Any, set[str]]] = {}


def client(service: str, config: Config = CLIENT_CONFIG, *, expected: Collection[str] = ()) -> Any:
    """A cached client of botocore. It logs each failed attempt, including those that botocore retries, with AWS's
    message.

    `expected` are error codes that one of its users handles as an ordinary answer. Raises botocore's errors for a
    service that it does not know and for a missing region.
    """
    key = (session(fast=service in FAST_SERVICES), service, config)
    if key not in _clients:
        _clients[key] = _create(service, config)
    made, all_expected = _clients[key]
    all_expected.update(expected)
    return made


def _create(service: str, config: Config) -> tuple[Any, set[str]]:
    if service not in FAST_SERVICES or session() is _sessions.get(False):
        return _made(session(fast=False), service, config)
    try:
        return _made(session(), service, config)
    except Exception as error:  # noqa: BLE001 - logged; what is the caller's mistake is raised again
        _go_the_ordinary_way(error)
        return _made(session(), service, config)


def _made(own: Any, service: str, config: Config) -> tuple[Any, set[str]]:
    # DynamoDB validates requests itself; botocore's validation takes a twentieth of a call. S3 needs it: a request
    # without a key would address the bucket.
    validation = service != "dynamodb"
    # Otherwise botocore assembles it twice for each call, in a fifteenth of the call's time.
    user_agent = own.user_agent()
    quick = Config(parameter_validation=validation, user_agent=user_agent)
    made = own.create_client(service, config=config.merge(quick))
    expected: set[str] = set()

    def log_failure(response: Any, operation: Any, attempts: int, caught_exception: Any, **_: Any) -> None:
        answer = response[1] if response else {}
        error = answer.get("Error", {})
        if caught_exception is None and (not error or error.get("Code") in expected):
            return
        metadata = answer.get("ResponseMetadata", {})
        logger.warning(
            "AWS call failed",
            extra={
                "call": f"{service}:{operation.name}",
                "attempt": attempts,
                "error": str(caught_exception) if caught_exception else f"{error.get('Code')}: {error.get('Message')}",
                "status": metadata.get("HTTPStatusCode"),
                "aws_request_id": metadata.get("RequestId"),
            },
        )

    # Called with every answer, before botocore decides whether to retry.
    made.meta.events.register_first(f"needs-retry.{made.meta.service_model.service_id.hyphenize()}", log_failure)
    return made, expected
