"""The application that the local AWS serves: ministack, completed by this file and the other files of this folder, each
for one service or feature. It runs in the local AWS's own environment.

Each completion raises `CompletionError` if ministack no longer has the code that it replaces, so that an update of
ministack cannot disable it silently. tests/functions/test_local_aws_completions.py and tests/local/test_local_aws.py
fail without the completions.

What ministack 1.5.33 does differently from AWS, and this file completes:

- ListObjectVersions ignores `encoding-type=url`. The provider uses it to empty a bucket: a key with a percent sign or a
  control character would keep the bucket from being destroyed.
- GetBucketRequestPayment, which the provider calls for each bucket, returns the list of objects: a key with a control
  character would stop each plan.
- `*` and `?` in a policy do not match a line end, so that callers with access to the bucket are refused keys with one.
- An execution environment ends when the handler raises, and all of a function's end when one ends during its start.
  Lambda keeps them: otherwise each failure costs a cold start, or events that other environments process, and state
  that a handler keeps between events never survives a failure.
- After each invocation it waits for further log lines: 50 ms for the first, 5 ms after the last, and later lines are in
  the log of the next invocation. Here the environment marks its last line.
- `aws:PrincipalArn` is the ARN of a role's session; on AWS it is the role's.
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
- `$context.error.validationErrorString` stays unresolved in the response to an invalid request body.
- A MOCK integration returns its response template unevaluated, so that a preflight cannot return the request's origin
  (`$context.responseOverride`); it returns a body with 204; and its method is POST, so that each plan would replace it.
- Filters of bucket notifications are compared with keys as written; S3 decodes filters first (`+` is a space, `%xx` a
  character).
- An object uploaded without a checksum has none; S3 computes CRC64NVME.
"""

import contextlib
import contextvars
import json
import re
import threading
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus
from xml.sax.saxutils import unescape

from ministack.app import app as ministack_app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, iam, s3

# In this folder, which is that of serve.py, too.
import actions  # noqa: F401 - completes what IAM is asked for
import alarms  # noqa: F401 - completes what alarms look at and whom they may tell
import api_gateway
import api_keys  # noqa: F401 - completes keys and usage plans
import application_autoscaling  # noqa: F401 - a service that ministack does not have
import authorizers  # noqa: F401 - completes who may call an API
import aws_events
import change_count
import checked_code  # noqa: F401 - completes updates of code
import code_signing  # noqa: F401 - completes code signing configurations
import codedeploy  # noqa: F401 - a service that ministack does not have
import crashes
import denials
import domains  # noqa: F401 - completes the domains of APIs
import event_targets  # noqa: F401 - completes what rules and schedules may send
import expressions  # noqa: F401 - parses expressions of DynamoDB once
import forked_functions  # noqa: F401 - starts functions by forking
import function_roles  # noqa: F401 - completes what Lambda does as a function's role
import happenings
import invocations
import invoke_config  # noqa: F401 - completes the settings for asynchronous events
import invoke_permissions  # noqa: F401 - completes who may invoke a function
import key_rights  # noqa: F401 - completes who may use the keys behind other services
import large_bodies
import leading_keys  # noqa: F401 - completes conditions on partition keys
import log_events  # noqa: F401 - completes the ids of log events
import log_keys  # noqa: F401 - completes the keys of log groups
import object_pages  # noqa: F401 - completes the listing of large buckets
import object_ranges  # noqa: F401 - completes the reading of parts of versions
import observed_changes  # noqa: F401 - tells what happens to objects and rows
import observed_messages
import own_paths
import partiql_rights  # noqa: F401 - completes the rights to PartiQL statements
import payload_limits  # noqa: F401 - completes the limits of functions and APIs
import queue_mappings  # noqa: F401 - completes what a function behind a queue is given
import queue_routes  # noqa: F401 - completes routes of APIs to queues
import receipt_handles  # noqa: F401 - completes the deletion of messages, after what observes it
import row_pages  # noqa: F401 - completes the reading of large tables
import runtimes  # noqa: F401 - completes the choice of a function's Python
import schedules
import secret_values  # noqa: F401 - completes secrets without a value
import service_metadata  # noqa: F401 - reads the protocols of services
import snapshots
import sns_redrive  # noqa: F401 - completes failed deliveries of SNS
import stream_mappings  # noqa: F401 - completes what follows a failed batch of a stream
import template_parameters  # noqa: F401 - completes the names of headers in mapping templates
import unpacked_code  # noqa: F401 - unpacks a function's code once
import xray  # noqa: F401 - a service that ministack does not have
from completing import CompletionError, existing, replaced

__all__ = ["app"]

_served = crashes.served(aws_events.served(schedules.served(denials.served(invocations.observed(ministack_app)))))
_shown = happenings.served(observed_messages.served(_served))
app = large_bodies.sent_in_parts(own_paths.guarded(snapshots.served(change_count.served(_shown))))


# The elements that hold keys: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
KEY_ELEMENT = re.compile(rb"<(Key|Prefix|Delimiter|KeyMarker|NextKeyMarker)>(.*?)</\1>", re.DOTALL)
LIST_END = b"</ListVersionsResult>"

# What the loop in a function's environment says of a handler that raised, and of one that did not.
RAISED = '"status": "error", "error": str(e), "trace"'
KEPT = '"status": "ok", "raised": str(e), "trace"'

SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.+")
# What it says of code that cannot be imported; Lambda logs the traceback as well, and so does this (on standard error).
NOT_STARTED = '"status": "error", "error": str(e)}'
TRACED = '"status": "error", "error": str(e), "trace": traceback.print_exc()}'

# What ends that loop, and the line that now goes before it.
ANSWERED = "        _real_stdout.flush()\n\nrun()"
LAST_LINE = "\x1elog ends"
# What a gateway response says of a refused body, in the template and in the answer.
VALIDATION_ERROR = re.compile(rb"\$\{?context\.error\.validationErrorString\}?")

# Of the request that is answered.
_request_headers: contextvars.ContextVar[dict[str, str]] = contextvars.ContextVar("request_headers")

LONGEST_WAIT_SECONDS = 0.25  # for a line of an environment that ended without its last

_plain_versions = existing(s3, "_list_object_versions")
_plain_list = existing(s3, "_list_objects_v1")
_request_payment = existing(s3, "_get_bucket_request_payment")
_plain_object = existing(s3, "_build_object_record")
_plain_filter = existing(s3, "_key_matches_filter")
_checksum = existing(s3, "_compute_s3_checksum")
_plain_pattern = existing(iam_evaluator, "_fnmatch_compile")
_plain_statements = existing(iam_evaluator, "parse_policy_document")
_plain_condition_key = existing(iam_evaluator, "_resolve_condition_key")
_plain_invoke = existing(lambda_runtime.Worker, "invoke")
_plain_log = existing(lambda_runtime.Worker, "_drain_stderr_bounded")
_plain_validation = existing(apigateway_v1, "_check_request_validation")
_plain_error = existing(apigateway_v1, "_gateway_error_response")
_plain_execution = existing(apigateway_v1, "_execute_in_scope")
_plain_mock = existing(apigateway_v1, "_invoke_mock_v1")
_plain_integration = existing(apigateway_v1, "_put_integration")
_valid = existing(apigateway_v1, "_json_schema_valid")
for _name in ("_vtl_close_paren", "_vtl_set", "_vtl_value", "_model_schema"):
    existing(apigateway_v1, _name)
existing(lambda_runtime.Worker, "_read_stderr")
existing(lambda_runtime.Worker, "_drain_stderr")


def _list_object_versions(bucket_name: str, query_params: Any) -> Any:
    status, headers, body = _plain_versions(bucket_name, query_params)
    if status != 200 or s3._qp(query_params, "encoding-type", "") != "url":
        return status, headers, body
    if LIST_END not in body:
        raise CompletionError(f"ListObjectVersions does not end with {LIST_END.decode()}")
    # Not by a parser: there is none for the control characters that ministack writes as they are.
    encoded = KEY_ELEMENT.sub(_encoded, body)
    return status, headers, encoded.replace(LIST_END, b"<EncodingType>url</EncodingType>" + LIST_END)


def _encoded(found: re.Match[bytes]) -> bytes:
    name, key = found[1], unescape(found[2].decode())
    return b"<%b>%b</%b>" % (name, quote(key, safe="/").encode(), name)


def _list_objects(bucket_name: str, query_params: Any) -> Any:
    if "requestPayment" in query_params:
        return _request_payment(bucket_name)
    return _plain_list(bucket_name, query_params)


def _key_matches_filter(key: str, prefix: str | None, suffix: str | None) -> Any:
    decoded = [None if text is None else unquote_plus(text) for text in (prefix, suffix)]
    return _plain_filter(key, *decoded)


def _object(body: bytes, headers: Any, etag: Any = None, checksums: Any = None) -> Any:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"""
    return _plain_object(body, headers, etag, checksums or {"CRC64NVME": _checksum("CRC64NVME", body)})


@lru_cache(10_000)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """`*` and `?` match line ends too, and nothing may follow what the pattern ends with."""
    plain = _plain_pattern(pattern, ignore_case).pattern
    if not (plain.startswith("^") and plain.endswith("$")):
        raise CompletionError(f"ministack compiles policy patterns to {plain!r}")
    return re.compile(rf"{plain[:-1]}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _statements(document: Any) -> Any:
    return list(_parsed_statements(document)) if isinstance(document, str) else _plain_statements(document)


@lru_cache(1_000)
def _parsed_statements(document: str) -> tuple[Any, ...]:
    """Of each policy, which would be parsed for each request."""
    return tuple(_plain_statements(document))


def _condition_key(key: str, context: Any) -> Any:
    session = SESSION.fullmatch(context.principal_arn) if key.lower() == "aws:principalarn" else None
    if session is None:
        return _plain_condition_key(key, context)
    role = iam._roles.get_scoped(session[2], None, session[3])
    return role["Arn"] if role else f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"


def _invoke(worker: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    try:
        result: dict[str, Any] = _plain_invoke(worker, *arguments, **options)
    except RuntimeError as error:  # it ended while it started; ministack would end the others for it
        return {"status": "error", "error": str(error)}
    return {**result, "status": "error", "error": result["raised"]} if "raised" in result else result


def _log(worker: Any, **options: Any) -> str:
    if not worker.config["Runtime"].startswith("python"):
        return str(_plain_log(worker, **options))
    _log_ended(worker).wait(LONGEST_WAIT_SECONDS)
    _log_ended(worker).clear()
    return str(worker._drain_stderr())


def _log_ended(worker: Any) -> threading.Event:
    ended: threading.Event = vars(worker).setdefault("log_ended", threading.Event())
    return ended


def _read_log(worker: Any) -> None:
    lines, ended = worker._stderr_queue, _log_ended(worker)
    with contextlib.suppress(ValueError, AttributeError):  # the environment is gone
        for line in worker._proc.stderr:
            if line.rstrip("\n") == LAST_LINE:
                ended.set()
            else:
                lines.put(line.rstrip("\n"))


def _validated(method: Any, api_id: str, request: Any, headers: Any, body: bytes, query_params: Any) -> Any:
    error = _plain_validation(method, api_id, request, headers, body, query_params)
    if error is not None and error.response_type == "BAD_REQUEST_BODY":
        request["violations"] = _violations(method, api_id, body)
    return error


def _violations(method: Any, api_id: str, body: bytes) -> str:
    """Empty where the body is no JSON."""
    schema = apigateway_v1._model_schema(api_id, method["requestModels"]["application/json"])
    try:
        found = api_gateway.violations(schema, json.loads(body), lambda part, value: bool(_valid(part, value, schema)))
    except (ValueError, RecursionError):
        return ""
    return f"[{', '.join(found)}]"


def _error_answer(error: Any, request: Any) -> Any:
    status, headers, body = _plain_error(error, request)
    # As in a JSON string, without its quotes.
    words = json.dumps(request.get("violations", ""))[1:-1].encode()
    return status, headers, VALIDATION_ERROR.sub(lambda _: words, body)


async def _execution(request: Any, *arguments: Any) -> Any:
    _request_headers.set(request["headers"])
    return await _plain_execution(request, *arguments)


def _integration(api_id: str, resource_id: str, http_method: str, data: Any) -> Any:
    method = {"httpMethod": None} if data.get("type") == "MOCK" else {}
    return _plain_integration(api_id, resource_id, http_method, {**method, **data})


def _mocked(integration: Any) -> Any:
    status, headers, body = _plain_mock(integration)
    if not api_gateway.DIRECTIVE.search(body.decode()):
        return status, headers, b"" if status == 204 else body
    parameters = {"header": _request_headers.get()}
    state = {"vars": {}, "context": {}, "body": "", "params": parameters, "gobbled": False}
    set_ = api_gateway.overrides(body.decode(), apigateway_v1, state)
    kept = {name: value for name, value in headers.items() if name.lower() not in {one.lower() for one in set_}}
    return status, {**kept, **set_}, b""


s3._list_object_versions = _list_object_versions
s3._list_objects_v1 = _list_objects
s3._build_object_record = _object
s3._key_matches_filter = _key_matches_filter
apigateway_v1._check_request_validation = _validated
apigateway_v1._gateway_error_response = _error_answer
apigateway_v1._execute_in_scope = _execution
apigateway_v1._invoke_mock_v1 = _mocked
apigateway_v1._put_integration = _integration
iam_evaluator._fnmatch_compile = _pattern
iam_evaluator.parse_policy_document = _statements
iam_evaluator._resolve_condition_key = _condition_key
_script = lambda_runtime._PYTHON_WORKER_SCRIPT
_last_line = f"        print({LAST_LINE!r}, file=sys.stderr, flush=True)\n{ANSWERED}"
for _old, _new in ((RAISED, KEPT), (NOT_STARTED, TRACED), (ANSWERED, _last_line)):
    _script = replaced(_script, _old, _new, "worker script")
lambda_runtime._PYTHON_WORKER_SCRIPT = _script
lambda_runtime.Worker.invoke = _invoke
lambda_runtime.Worker._drain_stderr_bounded = _log
lambda_runtime.Worker._read_stderr = _read_log
