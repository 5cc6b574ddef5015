"""Encryption that is lost, and keys that change."""

import re
from collections.abc import Iterator

from ..model import Danger, Finding
from .case import Case, turned_off

# The attributes in which a resource names its key.
KEY = re.compile(r"(^|\.)(kms_key_id|kms_key_arn|kms_master_key_id|kms_key|encryption_key)$")
# The attributes that turn encryption on.
SWITCH = re.compile(
    r"(^|\.)(encrypted|storage_encrypted|sqs_managed_sse_enabled|at_rest_encryption_enabled"
    r"|transit_encryption_enabled|encrypt_at_rest\.enabled|server_side_encryption\.enabled|cache_data_encrypted)$"
)


def encryption(case: Case) -> Iterator[Finding]:
    if case.type == "aws_s3_bucket_server_side_encryption_configuration" and case.gone:
        yield Finding(
            Danger.ENCRYPTION,
            f"{case.subject}: encryption settings removed",
            "S3 falls back to keys of its own: no key policy, no key of yours to take away.",
        )
    has_key = any(KEY.search(one.name) and (one.after or one.unknown) for one in case.judged)
    for one in case.judged:
        if one.name.endswith("sse_algorithm") and one.before in ("aws:kms", "aws:kms:dsse") and one.after != one.before:
            yield Finding(
                Danger.ENCRYPTION,
                f"{case.subject}: no longer encrypted with a KMS key ({one.shown_after})",
                "Who may read the bucket may read the objects: no key policy stands in between.",
            )
        if SWITCH.search(one.name) and turned_off(one) and not (one.name == "sqs_managed_sse_enabled" and has_key):
            yield Finding(
                Danger.ENCRYPTION, f"{case.subject}: encryption turned off", "What it stores is no longer protected."
            )
        if KEY.search(one.name) and one.before:
            if one.unknown:
                yield Finding(
                    Danger.KEY,
                    f"{case.subject}: another encryption key, known after apply",
                    "What is encrypted with the old key stays so; its readers need both.",
                )
            elif not one.after:
                yield Finding(
                    Danger.ENCRYPTION,
                    f"{case.subject}: no longer encrypted with its own key",
                    "What is written from now on is not under that key's policy.",
                )
            elif one.after != one.before:
                yield Finding(
                    Danger.KEY,
                    f"{case.subject}: another encryption key",
                    "What is encrypted with the old key stays so; its readers need both.",
                )
