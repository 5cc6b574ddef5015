"""What AWS refuses, as the console answers it."""

import re

from botocore.exceptions import ClientError, ParamValidationError


def refusal_text(error: ClientError) -> str:
    """The call, and the code and message of AWS."""
    said = error.response.get("Error", {})
    if error.operation_name == "HeadObject" and said.get("Code") == "404":  # an answer without a body has no words
        return "there is no such object (any more)"
    return f"{error.operation_name}: {said.get('Code')}: {said.get('Message')}"


def without_classes(error: ParamValidationError) -> str:
    """boto3's message without the names of Python's classes."""
    return re.sub(r"<class '(\w+)'>", r"\1", str(error))


def status_of(error: ClientError) -> int:
    """404 for what is not there, 400 for what AWS calls a bad request, such as a text where a key is a number."""
    if _is_missing(error):
        return 404
    return 400 if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400 else 502


def _is_missing(error: ClientError) -> bool:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return (
        code in ("404", "AccessDenied404") or "NotFound" in code or "NonExistent" in code or code.startswith("NoSuch")
    )
