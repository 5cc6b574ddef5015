"""The reason of a failure, for the operator of a system."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ReadTimeoutError,
)

DETAILS = "; the function's log has the details"
NO_ANSWER = f"AWS did not answer in time{DETAILS}"
BROKEN_CONNECTION = f"the connection to AWS broke off{DETAILS}"
UNEXPECTED = f"an error in the function's code{DETAILS}"


class ExplainedError(Exception):
    """An error whose message is written for the operator of the system. The message of any other error is Python's or
    a library's."""


class MalformedEvent(ExplainedError):
    """The event, or a record of it, does not have its source's structure."""


class RecordsFailed(ExplainedError):
    """Some records of an event could not be processed; Lambda retries the event, then keeps it."""


def reason(error: BaseException) -> str:
    """The message of an error for the failure queue. The log has its class and traceback."""
    match error:
        case ExplainedError() | ClientError():
            return str(error)
        case ConnectTimeoutError() | ReadTimeoutError():
            return NO_ANSWER
        case HTTPClientError() | IncompleteReadError():
            return BROKEN_CONNECTION
        case BotoCoreError() if not isinstance(error, ParamValidationError):
            return str(error)
    return UNEXPECTED
