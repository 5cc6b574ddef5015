"""Plans that change buckets and tables. Each with the headings it gets."""

from typing import Any

import pytest

from tests.review.plans import Values, allow, change, findings, policy


def up(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


L = "aws_s3_bucket_lifecycle_configuration.L"
REP = "aws_s3_bucket_replication_configuration.R"
D = "aws_dynamodb_table.D"


def r(**parts: Any) -> Values:
    return {"bucket": "b", "rule": [{"id": "r", "status": "Enabled", "filter": [], **parts}]}


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "expire shortened": ([up(L, r(expiration=[{"days": 365}]), r(expiration=[{"days": 30}]))], ["Kept for less time"]),
    "expire lengthened": ([up(L, r(expiration=[{"days": 30}]), r(expiration=[{"days": 365}]))], []),
    "abort uploads added": (
        [
            up(
                L,
                r(expiration=[{"days": 30}]),
                r(expiration=[{"days": 30}], abort_incomplete_multipart_upload=[{"days_after_initiation": 7}]),
            )
        ],
        [],
    ),
    "abort uploads 7->1": (
        [
            up(
                L,
                r(abort_incomplete_multipart_upload=[{"days_after_initiation": 7}]),
                r(abort_incomplete_multipart_upload=[{"days_after_initiation": 1}]),
            )
        ],
        ["Kept for less time"],
    ),
    "noncurrent versions kept fewer": (
        [
            up(
                L,
                r(noncurrent_version_expiration=[{"noncurrent_days": 30, "newer_noncurrent_versions": 5}]),
                r(noncurrent_version_expiration=[{"noncurrent_days": 30, "newer_noncurrent_versions": 1}]),
            )
        ],
        ["Kept for less time"],
    ),
    "delete marker expiry": (
        [up(L, r(expiration=[{"days": 30}]), r(expiration=[{"expired_object_delete_marker": True}]))],
        [],
    ),
    "transition to GLACIER_IR": (
        [up(L, r(expiration=[]), r(transition=[{"days": 30, "storage_class": "GLACIER_IR"}]))],
        [],
    ),
    "transition noncurrent DEEP_ARCHIVE": (
        [
            up(
                L,
                r(expiration=[]),
                r(noncurrent_version_transition=[{"noncurrent_days": 30, "storage_class": "DEEP_ARCHIVE"}]),
            )
        ],
        ["Data becomes unreadable"],
    ),
    "transition ONEZONE_IA": (
        [up(L, r(expiration=[]), r(transition=[{"days": 30, "storage_class": "ONEZONE_IA"}]))],
        ["Protection removed"],
    ),
    "min object size": (
        [
            up(
                L,
                {**r(expiration=[{"days": 3}]), "transition_default_minimum_object_size": "all_storage_classes_128K"},
                {**r(expiration=[{"days": 3}]), "transition_default_minimum_object_size": "varies_by_storage_class"},
            )
        ],
        [],
    ),
    "two rules merged same": (
        [
            up(
                L,
                {
                    "bucket": "b",
                    "rule": [
                        {"id": "a", "status": "Enabled", "filter": [{"prefix": "a/"}], "expiration": [{"days": 5}]},
                        {"id": "b", "status": "Enabled", "filter": [{"prefix": "b/"}], "expiration": [{"days": 5}]},
                    ],
                },
                {
                    "bucket": "b",
                    "rule": [
                        {"id": "b", "status": "Enabled", "filter": [{"prefix": "b/"}], "expiration": [{"days": 5}]},
                        {"id": "a2", "status": "Enabled", "filter": [{"prefix": "a/"}], "expiration": [{"days": 5}]},
                    ],
                },
            )
        ],
        [],
    ),
    "size filter widened": (
        [
            up(
                L,
                r(filter=[{"object_size_greater_than": 1000}], expiration=[{"days": 3}]),
                r(filter=[{"object_size_greater_than": 0}], expiration=[{"days": 3}]),
            )
        ],
        ["Kept for less time"],
    ),
    "expire date -> earlier": (
        [up(L, r(expiration=[{"date": "2030-01-01T00:00:00Z"}]), r(expiration=[{"date": "2027-01-01T00:00:00Z"}]))],
        ["Kept for less time"],
    ),
    "versioning suspended": (
        [
            up(
                "aws_s3_bucket_versioning.V",
                {"versioning_configuration": [{"status": "Enabled"}]},
                {"versioning_configuration": [{"status": "Suspended"}]},
            )
        ],
        ["Protection removed"],
    ),
    "mfa delete off": (
        [
            up(
                "aws_s3_bucket_versioning.V",
                {"versioning_configuration": [{"status": "Enabled", "mfa_delete": "Enabled"}]},
                {"versioning_configuration": [{"status": "Enabled", "mfa_delete": "Disabled"}]},
            )
        ],
        ["Protection removed"],
    ),
    "lock years->days": (
        [
            up(
                "aws_s3_bucket_object_lock_configuration.O",
                {"rule": [{"default_retention": [{"mode": "GOVERNANCE", "years": 1}]}]},
                {"rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 30}]}]},
            )
        ],
        ["Protection removed"],
    ),
    "lock 12 months equal": (
        [
            up(
                "aws_s3_bucket_object_lock_configuration.O",
                {"rule": [{"default_retention": [{"mode": "GOVERNANCE", "years": 1}]}]},
                {"rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 365}]}]},
            )
        ],
        [],
    ),
    "lock gov->compliance": (
        [
            up(
                "aws_s3_bucket_object_lock_configuration.O",
                {"rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 30}]}]},
                {"rule": [{"default_retention": [{"mode": "COMPLIANCE", "days": 30}]}]},
            )
        ],
        [],
    ),
    "replication rule disabled": (
        [
            up(
                REP,
                {
                    "bucket": "b",
                    "rule": [{"id": "a", "status": "Enabled", "destination": [{"bucket": "arn:aws:s3:::c"}]}],
                },
                {
                    "bucket": "b",
                    "rule": [{"id": "a", "status": "Disabled", "destination": [{"bucket": "arn:aws:s3:::c"}]}],
                },
            )
        ],
        ["Protection removed"],
    ),
    "replication to another account new": (
        [
            change(
                REP,
                None,
                {
                    "bucket": "b",
                    "role": "r",
                    "rule": [
                        {"status": "Enabled", "destination": [{"bucket": "arn:aws:s3:::c", "account": "999999999999"}]}
                    ],
                },
            )
        ],
        ["Cannot be judged"],
    ),
    "logging target": (
        [up("aws_s3_bucket_logging.G", {"target_bucket": "a"}, {"target_bucket": "b"})],
        ["No longer observed"],
    ),
    "logging prefix": ([up("aws_s3_bucket_logging.G", {"target_prefix": "a"}, {"target_prefix": "b"})], []),
    "SSE bucket key": (
        [
            up(
                "aws_s3_bucket_server_side_encryption_configuration.E",
                {"rule": [{"bucket_key_enabled": False}]},
                {"rule": [{"bucket_key_enabled": True}]},
            )
        ],
        [],
    ),
    "SSE kms->AES": (
        [
            up(
                "aws_s3_bucket_server_side_encryption_configuration.E",
                {
                    "rule": [
                        {
                            "apply_server_side_encryption_by_default": [
                                {"sse_algorithm": "aws:kms", "kms_master_key_id": "k"}
                            ]
                        }
                    ]
                },
                {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}]},
            )
        ],
        ["Encryption lost"],
    ),
    "website": (
        [change("aws_s3_bucket_website_configuration.W", None, {"bucket": "b", "index_document": [{"suffix": "i"}]})],
        ["Cannot be judged", "Open to anybody"],
    ),
    "notification event types fewer": (
        [
            up(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "lambda_function": [{"lambda_function_arn": "f", "events": ["s3:ObjectCreated:*"]}]},
                {"bucket": "b", "lambda_function": [{"lambda_function_arn": "f", "events": ["s3:ObjectCreated:Put"]}]},
            )
        ],
        ["Events stop"],
    ),
    "notification events expanded": (
        [
            up(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "lambda_function": [{"lambda_function_arn": "f", "events": ["s3:ObjectCreated:Put"]}]},
                {"bucket": "b", "lambda_function": [{"lambda_function_arn": "f", "events": ["s3:ObjectCreated:*"]}]},
            )
        ],
        [],
    ),
    "notification suffix": (
        [
            up(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "queue": [{"queue_arn": "f", "events": ["s3:ObjectCreated:*"], "filter_suffix": ""}]},
                {
                    "bucket": "b",
                    "queue": [{"queue_arn": "f", "events": ["s3:ObjectCreated:*"], "filter_suffix": ".jpg"}],
                },
            )
        ],
        ["Events stop"],
    ),
    "notification split by prefix same": (
        [
            up(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "queue": [{"queue_arn": "f", "events": ["s3:ObjectCreated:*"], "filter_prefix": ""}]},
                {
                    "bucket": "b",
                    "queue": [
                        {"queue_arn": "f", "events": ["s3:ObjectCreated:*"], "filter_prefix": "a"},
                        {"queue_arn": "f", "events": ["s3:ObjectCreated:*"], "filter_prefix": "b"},
                    ],
                },
            )
        ],
        ["Events stop"],
    ),
    "notification new target added loops?": (
        [
            up(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "queue": []},
                {"bucket": "b", "queue": [{"queue_arn": "f", "events": ["s3:ObjectCreated:*"]}]},
            )
        ],
        [],
    ),
    "eventbridge off": (
        [
            up(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "eventbridge": True},
                {"bucket": "b", "eventbridge": False},
            )
        ],
        ["Events stop"],
    ),
    "acceleration": (
        [up("aws_s3_bucket_accelerate_configuration.A", {"status": "Suspended"}, {"status": "Enabled"})],
        [],
    ),
    "request payer": (
        [up("aws_s3_bucket_request_payment_configuration.A", {"payer": "BucketOwner"}, {"payer": "Requester"})],
        ["Callers lose something"],
    ),
    "ownership ObjectWriter": (
        [
            up(
                "aws_s3_bucket_ownership_controls.O",
                {"rule": [{"object_ownership": "BucketOwnerEnforced"}]},
                {"rule": [{"object_ownership": "ObjectWriter"}]},
            )
        ],
        ["Open to anybody"],
    ),
    "force destroy": (
        [up("aws_s3_bucket.B", {"force_destroy": False}, {"force_destroy": True})],
        ["Protection removed"],
    ),
    "new bucket force destroy": ([change("aws_s3_bucket.B", None, {"force_destroy": True, "bucket": "b"})], []),
    "ttl attr switched": (
        [
            up(
                D,
                {"ttl": [{"enabled": True, "attribute_name": "a"}]},
                {"ttl": [{"enabled": True, "attribute_name": "b"}]},
            )
        ],
        ["Kept for less time"],
    ),
    "ttl off": (
        [
            up(
                D,
                {"ttl": [{"enabled": True, "attribute_name": "a"}]},
                {"ttl": [{"enabled": False, "attribute_name": ""}]},
            )
        ],
        [],
    ),
    "stream view NEW_AND_OLD->KEYS": (
        [
            up(
                D,
                {"stream_enabled": True, "stream_view_type": "NEW_AND_OLD_IMAGES"},
                {"stream_enabled": True, "stream_view_type": "KEYS_ONLY"},
            )
        ],
        ["Events change"],
    ),
    "delete protection": (
        [up(D, {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False})],
        ["Protection removed"],
    ),
    "PITR days": (
        [
            up(
                D,
                {"point_in_time_recovery": [{"enabled": True, "recovery_period_in_days": 35}]},
                {"point_in_time_recovery": [{"enabled": True, "recovery_period_in_days": 1}]},
            )
        ],
        ["Kept for less time"],
    ),
    "PITR off": (
        [up(D, {"point_in_time_recovery": [{"enabled": True}]}, {"point_in_time_recovery": [{"enabled": False}]})],
        ["Protection removed"],
    ),
    "PITR block removed": (
        [
            up(
                D,
                {"point_in_time_recovery": [{"enabled": True, "recovery_period_in_days": 35}]},
                {"point_in_time_recovery": []},
            )
        ],
        ["Protection removed"],
    ),
    "replica removed": ([up(D, {"replica": [{"region_name": "eu-west-1"}]}, {"replica": []})], ["Data is lost"]),
    "billing provisioned low": (
        [
            up(
                D,
                {"billing_mode": "PAY_PER_REQUEST", "read_capacity": 0, "write_capacity": 0},
                {"billing_mode": "PROVISIONED", "read_capacity": 1, "write_capacity": 1},
            )
        ],
        ["Events wait longer"],
    ),
    "billing to on demand": (
        [
            up(
                D,
                {"billing_mode": "PROVISIONED", "read_capacity": 5, "write_capacity": 5},
                {"billing_mode": "PAY_PER_REQUEST", "read_capacity": 0, "write_capacity": 0},
            )
        ],
        [],
    ),
    "capacity 10->6": (
        [
            up(
                D,
                {"billing_mode": "PROVISIONED", "read_capacity": 10, "write_capacity": 10},
                {"billing_mode": "PROVISIONED", "read_capacity": 6, "write_capacity": 6},
            )
        ],
        [],
    ),
    "capacity up": (
        [
            up(
                D,
                {"billing_mode": "PROVISIONED", "read_capacity": 5},
                {"billing_mode": "PROVISIONED", "read_capacity": 10},
            )
        ],
        [],
    ),
    "GSI added": (
        [
            up(
                D,
                {"global_secondary_index": []},
                {"global_secondary_index": [{"name": "i", "hash_key": "h", "projection_type": "ALL"}]},
            )
        ],
        [],
    ),
    "GSI removed": (
        [
            up(
                D,
                {"global_secondary_index": [{"name": "i", "hash_key": "h", "projection_type": "ALL"}]},
                {"global_secondary_index": []},
            )
        ],
        ["Callers lose something"],
    ),
    "GSI key changed": (
        [
            up(
                D,
                {"global_secondary_index": [{"name": "i", "hash_key": "h", "projection_type": "ALL"}]},
                {"global_secondary_index": [{"name": "i", "hash_key": "g", "projection_type": "ALL"}]},
            )
        ],
        ["Callers lose something"],
    ),
    "hash key changed replace": (
        [
            change(
                D,
                {"name": "a", "hash_key": "a"},
                {"name": "a", "hash_key": "b"},
                actions=["delete", "create"],
                replace_paths=[["hash_key"]],
            )
        ],
        ["Data is lost"],
    ),
    "table class IA": ([up(D, {"table_class": "STANDARD"}, {"table_class": "STANDARD_INFREQUENT_ACCESS"})], []),
    "on-demand limit set low": (
        [up(D, {"on_demand_throughput": []}, {"on_demand_throughput": [{"max_write_request_units": 1}]})],
        ["Events wait longer"],
    ),
    "sse off": (
        [up(D, {"server_side_encryption": [{"enabled": True, "kms_key_arn": "k"}]}, {"server_side_encryption": []})],
        ["Encryption lost"],
    ),
    "insights removed": (
        [change("aws_dynamodb_contributor_insights.I", {"table_name": "t"}, None)],
        ["No longer observed"],
    ),
    "table policy public": (
        [
            change(
                "aws_dynamodb_resource_policy.P",
                None,
                {"resource_arn": "a", "policy": policy(allow("dynamodb:GetItem", "*", Principal="*"))},
            )
        ],
        ["Open to anybody"],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
