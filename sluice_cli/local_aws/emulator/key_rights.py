"""Permissions on the KMS keys of queues, topics, buckets and tables, which ministack 1.5.33 does not check. A service
encrypts and decrypts with the permissions of its caller:
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

import contextvars
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import dynamodb, kms, s3

from completing import existing
from rights import key_of

USE, READ = ("kms:GenerateDataKey", "kms:Decrypt"), ("kms:Decrypt",)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
MESSAGES = {"sqs:SendMessage": USE, "sqs:ReceiveMessage": READ, "sns:Publish": USE}
OBJECTS = {"s3:GetObject": READ, "s3:GetObjectVersion": READ, "s3:PutObject": ("kms:GenerateDataKey",)}
ITEM_CALLS = (
    *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan"),
    *("UpdateItem", "GetRecords"),
)
ITEMS = frozenset(f"dynamodb:{name}" for name in ITEM_CALLS)
# Needed to create a table with a customer managed key:
TABLE_KEY = (
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:CreateGrant"),
)
SSE_KEY = "x-amz-server-side-encryption-aws-kms-key-id"

# Of the current request: the caller, and the refused action on a key.
_access_key: contextvars.ContextVar[str] = contextvars.ContextVar("access_key", default="")
_refused: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("refused_key", default=None)

_plain_enforce = existing(iam_evaluator, "enforce")
_plain_denial = existing(iam_actions, "access_denied_response")
_denial_message = existing(iam_actions, "identity_denial_message")
_plain_alias = existing(kms, "_create_alias")
_plain_new_alias = existing(kms, "_update_alias")
_plain_no_alias = existing(kms, "_delete_alias")
_plain_table = existing(dynamodb, "_create_table")
_resolve_key = existing(kms, "_resolve_key")
_default_encryption = existing(s3, "_bucket_default_sse_headers")


def _enforce(
    access_key: str,
    action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    _access_key.set(access_key)
    denied = _plain_enforce(access_key, action, service, region, resource_arn, service_context)
    if denied is not None:
        return denied
    key, actions = _needed(action, resource_arn, service_context or {})
    return _enforce_key(access_key, key, service, *actions) if key else None


def _needed(action: str, resource: str, context: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The key that an allowed call uses and the actions that it needs; none if the data has an AWS managed key."""
    if action in MESSAGES:
        return key_of(resource), MESSAGES[action]
    if action in OBJECTS:
        return _key_of_object(action, resource.partition(":::")[2], context), OBJECTS[action]
    if action in ITEMS:
        return _key_of_table(resource), READ
    return "", ()


def _key_of_object(action: str, named: str, context: dict[str, Any]) -> str:
    bucket, _, key = named.partition("/")
    if action == "s3:PutObject":
        asked = {name.lower(): value for name, value in context.items()}.get(f"s3:{SSE_KEY}")
        return str(asked or _default_encryption(bucket).get(SSE_KEY) or "")
    held = s3._buckets.get(bucket) or {}
    found = held.get("objects", {}).get(key) or {}
    return str((found.get("preserved_headers") or {}).get(SSE_KEY) or "")


def _key_of_table(arn: str) -> str:
    table = dynamodb._tables.get(arn.partition(":table/")[2].partition("/")[0]) or {}
    return str((table.get("SSEDescription") or {}).get("KMSMasterKeyArn") or "")


def _enforce_key(access_key: str, key_id: str, service: str, *actions: str) -> Any:
    key = _resolve_key(key_id)
    if key is None:
        return None
    through = {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com", "kms:CallerAccount": get_account_id()}
    for action in actions:
        denied = _plain_enforce(access_key, action, "kms", get_region(), key["Arn"], through)
        if denied is not None:
            _refused.set((action, key["Arn"]))
            return denied
    return None


def _denial(service: str, action: str, principal: str, request_id: str, **options: Any) -> Any:
    refused = _refused.get()
    if refused is None:
        return _plain_denial(service, action, principal, request_id, **options)
    _refused.set(None)
    message = _denial_message(*(refused[0], principal, refused[1]), bool(options.get("explicit_deny")))
    return _plain_denial(service, action, principal, request_id, **{**options, "message": message})


def _alias(plain: Any, action: str) -> Any:
    """The alias of a key needs a permission on the key beside the one on the alias.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    """

    def handle(data: dict[str, Any]) -> Any:
        named = data.get("TargetKeyId") or kms._aliases.get(kms._alias_arn(data.get("AliasName", "")))
        key = _resolve_key(named) if named else None
        if key is None:
            return plain(data)
        denied = _plain_enforce(_access_key.get(), action, "kms", get_region(), key["Arn"])
        return plain(data) if denied is None else _refusal(action, denied, key["Arn"])

    return handle


def _create_table(data: dict[str, Any], *arguments: Any) -> Any:
    key = str((data.get("SSESpecification") or {}).get("KMSMasterKeyId") or "")
    denied = _enforce_key(_access_key.get(), key, "dynamodb", *TABLE_KEY) if key else None
    if denied is None:
        return _plain_table(data, *arguments)
    action, arn = _refused.get() or ("", "")
    _refused.set(None)
    return _refusal(action, denied, arn)


def _refusal(action: str, denied: Any, key: str) -> Any:
    principal = getattr(denied, "principal_arn", "")
    message = _denial_message(action, principal, key, getattr(denied, "decision", "") == "Deny")
    return error_response_json("AccessDeniedException", message, 400)


iam_evaluator.enforce = _enforce
iam_actions.access_denied_response = _denial
kms._create_alias = _alias(_plain_alias, "kms:CreateAlias")
kms._update_alias = _alias(_plain_new_alias, "kms:UpdateAlias")
kms._delete_alias = _alias(_plain_no_alias, "kms:DeleteAlias")
dynamodb._create_table = _create_table
