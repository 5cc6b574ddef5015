"""AWS clients of the functions."""

from collections.abc import Collection
from typing import Any

import botocore.session
from botocore.config import Config

from ._fast_botocore import FastLoader, fast_session
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

_session: Any = None


def session() -> Any:
    """The session of all clients, created once."""
    global _session  # noqa: PLW0603
    if _session is None:
        try:
            _session = fast_session() if is_fast() else botocore.session.get_session()
        except Exception as error:  # noqa: BLE001 - logged
            _session = _ordinary_session(error)
    return _session


def _ordinary_session(error: Exception) -> Any:
    logger.warning("botocore differs from what the fast start knows: clients start the ordinary way", exc_info=error)
    return botocore.session.get_session()


_clients: dict[tuple[Any, str, Config], tuple[Any, set[str]]] = {}


def client(service: str, config: Config = CLIENT_CONFIG, *, expected: Collection[str] = ()) -> Any:
    """A cached client of botocore. It logs each failed attempt, including those that botocore retries, with AWS's
    message.

    `expected` are error codes that one of its users handles as an ordinary answer. Raises botocore's errors for a
    service that it does not know and for a missing region.
    """
    key = (session(), service, config)
    if key not in _clients:
        _clients[key] = _create(service, config)
    made, all_expected = _clients[key]
    all_expected.update(expected)
    return made


def _create(service: str, config: Config) -> tuple[Any, set[str]]:
    global _session  # noqa: PLW0603
    try:
        return _made(service, config)
    except Exception as error:
        if not isinstance(session().get_component("data_loader"), FastLoader):
            raise
        _session = _ordinary_session(error)
        return _made(service, config)


def _made(service: str, config: Config) -> tuple[Any, set[str]]:
    # DynamoDB validates requests itself; botocore's validation takes a twentieth of a call. S3 needs it: a request
    # without a key would address the bucket.
    validation = service != "dynamodb"
    # Otherwise botocore assembles it twice for each call, in a fifteenth of the call's time.
    user_agent = session().user_agent()
    quick = Config(parameter_validation=validation, user_agent=user_agent)
    made = session().create_client(service, config=config.merge(quick))
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
