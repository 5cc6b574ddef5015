import pytest
from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from sluice_functions.errors import BROKEN_CONNECTION, NO_ANSWER, UNEXPECTED, MalformedEvent, reason

REFUSED = ClientError({"Error": {"Code": "NoSuchBucket", "Message": "no such bucket"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MalformedEvent("no Records"), "no Records"),
        (REFUSED, "An error occurred (NoSuchBucket) when calling the GetObject operation: no such bucket"),
        (ReadTimeoutError(endpoint_url="https://aws", error=TimeoutError()), NO_ANSWER),
        (ResponseStreamingError(error=ConnectionResetError(104, "reset")), BROKEN_CONNECTION),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), BROKEN_CONNECTION),
        (NoCredentialsError(), "Unable to locate credentials"),
        (ParamValidationError(report="valid types: <class 'str'>"), UNEXPECTED),
        (KeyError("key"), UNEXPECTED),
        (ValueError("Invalid isoformat string: 'x'"), UNEXPECTED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_reason_is_what_aws_or_a_message_of_our_own_says_and_never_pythons(error: Exception, said: str) -> None:
    assert reason(error) == said
