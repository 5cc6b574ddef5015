from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Bucket, ConfigurationError, Key, PythonFunction, Role

from .synthesized import ACCOUNT, PARTITION, Terraform, allow, deny_without_tls, replaced_with_function

NAME = "${aws_s3_bucket.Uploads/Bucket.bucket}"
ARN = "${aws_s3_bucket.Uploads/Bucket.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"

UNFINISHED = {
    "id": "remove-unfinished-uploads",
    "status": "Enabled",
    "filter": [{"prefix": ""}],
    "abort_incomplete_multipart_upload": [{"days_after_initiation": 7}],
}


def uploads(stack: TerraformStack, **options: Any) -> Bucket:
    return Bucket(stack, "Uploads", name="uploads", account_id=ACCOUNT, **options)


def replaced_versions_after(days: int) -> dict[str, Any]:
    return {
        "id": "remove-replaced-versions",
        "status": "Enabled",
        "filter": [{"prefix": ""}],
        "noncurrent_version_expiration": [{"noncurrent_days": days}],
    }


@pytest.fixture(scope="module")
def default(new_stack: Callable[[], TerraformStack]) -> Terraform:
    stack = new_stack()
    uploads(stack)
    return Terraform(stack)


def test_a_bucket_is_exactly_these_resources(default: Terraform) -> None:
    assert default.types() == {
        "aws_iam_policy_document",
        "aws_s3_bucket",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
    }


def test_a_bucket_that_holds_objects_is_not_destroyed_unless_asked(default: Terraform) -> None:
    assert default.all("aws_s3_bucket") == {"Uploads/Bucket": {"bucket": "uploads", "force_destroy": False}}


def test_a_bucket_blocks_all_public_access(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_public_access_block") == {
        "Uploads/PublicAccessBlock": {
            "bucket": NAME,
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        }
    }


def test_a_bucket_has_no_acls(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_ownership_controls") == {
        "Uploads/Ownership": {"bucket": NAME, "rule": {"object_ownership": "BucketOwnerEnforced"}}
    }


def test_a_bucket_encrypts_with_s3s_own_keys(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_server_side_encryption_configuration") == {
        "Uploads/Encryption": {
            "bucket": NAME,
            "rule": [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        }
    }


def test_a_bucket_keeps_versions_and_removes_replaced_ones_and_unfinished_uploads(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_versioning") == {
        "Uploads/Versioning": {"bucket": NAME, "versioning_configuration": {"status": "Enabled"}}
    }
    assert default.all("aws_s3_bucket_lifecycle_configuration") == {
        "Uploads/Lifecycle": {"bucket": NAME, "rule": [UNFINISHED, replaced_versions_after(90)]}
    }


def test_a_bucket_refuses_requests_without_tls(default: Terraform) -> None:
    assert default.policies() == {"Uploads/Policy": [deny_without_tls(["s3:*"], ARN, f"{ARN}/*")]}
    assert default.all("aws_s3_bucket_policy") == {
        "Uploads/BucketPolicy": {
            "bucket": NAME,
            "policy": "${data.aws_iam_policy_document.Uploads/Policy.json}",
            "depends_on": ["aws_s3_bucket_public_access_block.Uploads/PublicAccessBlock"],
        }
    }


def test_a_bucket_encrypts_with_a_key_that_it_is_given(stack: TerraformStack, key: Key) -> None:
    uploads(stack, key=key)
    assert Terraform(stack).one("aws_s3_bucket_server_side_encryption_configuration")["rule"] == [
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY_ARN},
            "bucket_key_enabled": True,
        }
    ]


def test_a_bucket_without_versions_has_nothing_to_remove_of_them(stack: TerraformStack) -> None:
    uploads(stack, versioned=False)
    made = Terraform(stack)
    assert made.all("aws_s3_bucket_versioning") == {}
    assert made.one("aws_s3_bucket_lifecycle_configuration")["rule"] == [UNFINISHED]


def test_replaced_versions_are_kept_as_long_as_asked(stack: TerraformStack) -> None:
    uploads(stack, noncurrent_days=30)
    assert Terraform(stack).one("aws_s3_bucket_lifecycle_configuration")["rule"] == [
        UNFINISHED,
        replaced_versions_after(30),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"emptied_on_destroy": True}, {"force_destroy": True}),
        ({"protected": True}, {"force_destroy": False, "lifecycle": {"prevent_destroy": True}}),
        (
            {"protected": True, "emptied_on_destroy": True},
            {"force_destroy": False, "lifecycle": {"prevent_destroy": True}},
        ),
    ],
)
def test_protection_wins_over_emptying_on_destroy(
    stack: TerraformStack, options: dict[str, bool], expected: dict[str, Any]
) -> None:
    uploads(stack, **options)
    assert Terraform(stack).one("aws_s3_bucket") == {"bucket": "uploads", **expected}


def test_web_origins_may_upload_and_read_and_no_others(stack: TerraformStack) -> None:
    uploads(stack, cors_origins=["https://app.example.com", "http://localhost:3000"])
    assert Terraform(stack).all("aws_s3_bucket_cors_configuration") == {
        "Uploads/Cors": {
            "bucket": NAME,
            "cors_rule": [
                {
                    "allowed_origins": ["https://app.example.com", "http://localhost:3000"],
                    "allowed_methods": ["GET", "HEAD", "PUT"],
                    "allowed_headers": ["*"],
                    "expose_headers": [
                        "ETag",
                        "x-amz-version-id",
                        "x-amz-checksum-crc64nvme",
                        "x-amz-checksum-sha256",
                        "x-amz-request-id",
                    ],
                    "max_age_seconds": 3000,
                }
            ],
        }
    }


def test_grants_name_the_objects_under_their_prefix_only(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = uploads(stack)
    bucket.grant_read(worker, prefix="in/")
    bucket.grant_write(worker, prefix="out/done_")
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    assert grants == {
        "ReadInUploads": [allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{ARN}/in/*")],
        "WriteOutDone8d427f2137Uploads": [allow("Write", ["s3:PutObject"], f"{ARN}/out/done_*")],
    }


def test_grants_on_an_encrypted_bucket_include_use_of_its_key(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    bucket = uploads(stack, key=key)
    bucket.grant_read(worker)
    bucket.grant_write(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    assert grants == {
        "ReadUploads": [
            allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{ARN}/*"),
            allow("ReadKey", ["kms:Decrypt"], KEY_ARN),
        ],
        "WriteUploads": [
            allow("Write", ["s3:PutObject"], f"{ARN}/*"),
            allow("WriteKey", ["kms:GenerateDataKey", "kms:Decrypt"], KEY_ARN),
        ],
    }


def test_a_function_may_receive_events_of_uploads_by_its_presigned_urls(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    bucket = uploads(stack, key=key)
    bucket.grant_presigned_write(worker, prefix="arriving/")
    bucket.on_object_created(worker, prefix="arriving/")
    assert Terraform(stack).grants("Worker")["PresignArrivingUploads"] == [
        allow("Presign", ["s3:PutObject"], f"{ARN}/arriving/*"),
        allow("PresignKey", ["kms:GenerateDataKey", "kms:Decrypt"], KEY_ARN),
    ]


def test_listing_deleting_and_tags_have_grants_of_their_own(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = uploads(stack)
    bucket.grant_list(worker)
    bucket.grant_list(worker, prefix="in/")
    bucket.grant_delete(worker, prefix="in/")
    bucket.grant_read_tags(worker, prefix="in/")
    bucket.grant_write_tags(worker, prefix="in/")
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    only_in = [{"test": "StringLike", "variable": "s3:prefix", "values": ["in/*"]}]
    write_tags = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging"]
    assert grants == {
        "ListUploads": [allow("List", ["s3:ListBucket"], ARN)],
        "ListInUploads": [{**allow("List", ["s3:ListBucket"], ARN), "condition": only_in}],
        "DeleteInUploads": [allow("Delete", ["s3:DeleteObject"], f"{ARN}/in/*")],
        "ReadTagsInUploads": [allow("ReadTags", ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"], f"{ARN}/in/*")],
        "WriteTagsInUploads": [allow("WriteTags", write_tags, f"{ARN}/in/*")],
    }


@pytest.mark.parametrize("prefix", ["in/*", "in?", "a\nb", "中/", "x" * 1025, "%{if}"])
@pytest.mark.parametrize("grant", [name for name in dir(Bucket) if name.startswith("grant_")])
def test_prefixes_that_a_policy_would_read_otherwise_are_errors(
    stack: TerraformStack, worker: PythonFunction, grant: str, prefix: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/Uploads: prefix is .*AWS allows 0 to 1024 characters up to"):
        getattr(uploads(stack), grant)(worker, prefix=prefix)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Uploads",
        "up_loads",
        "-uploads",
        "uploads-",
        ".uploads",
        "up..loads",
        "192.168.5.4",
        "999.999.999.999",
        "logs.-eu",
        "logs-.eu",
        "xn--uploads",
        "sthree-uploads",
        "amzn-s3-demo-uploads",
        "uploads-s3alias",
        "uploads--ol-s3",
        "uploads.mrap",
        "uploads--x-s3",
        "uploads--table-s3",
        "",
        "up loads",
    ],
)
def test_a_name_that_s3_refuses_is_an_error(stack: TerraformStack, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/Uploads: name is .*AWS allows 3 to 63 lower-case letters"):
        Bucket(stack, "Uploads", name=name)


def test_the_account_is_asked_for_where_it_is_not_given(stack: TerraformStack, worker: PythonFunction) -> None:
    Bucket(stack, "Uploads", name="uploads").on_object_created(worker)
    account = "${data.aws_caller_identity.CurrentAccount.account_id}"
    assert Terraform(stack).one("aws_lambda_permission")["source_account"] == account


def test_granting_twice_adds_nothing(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = uploads(stack)
    bucket.grant_read(worker)
    bucket.grant_write(worker)
    once = Terraform(stack).json
    bucket.grant_read(worker)
    bucket.grant_write(worker)
    assert Terraform(stack).json == once


@pytest.mark.parametrize(("one", "other"), [("a/b/", "a-b/"), ("in", "in/"), ("In/", "in/"), ("données/", "donnees/")])
def test_prefixes_that_read_alike_have_policies_of_their_own(
    stack: TerraformStack, worker: PythonFunction, one: str, other: str
) -> None:
    bucket = uploads(stack)
    bucket.grant_read(worker, prefix=one)
    bucket.grant_read(worker, prefix=other)
    granted = [
        statement[0]["resources"] for name, statement in Terraform(stack).grants("Worker").items() if "Read" in name
    ]
    assert sorted(granted) == sorted([[f"{ARN}/{one}*"], [f"{ARN}/{other}*"]])


@pytest.mark.parametrize(
    ("options", "actions"),
    [
        ({}, ["s3:GetObject*", "s3:PutObject*", "s3:RestoreObject", "s3:DeleteObject*"]),
        ({"emptied_on_destroy": True}, ["s3:GetObject*", "s3:PutObject*", "s3:RestoreObject"]),
        (
            {"emptied_on_destroy": True, "protected": True},
            ["s3:GetObject*", "s3:PutObject*", "s3:RestoreObject", "s3:DeleteObject*"],
        ),
    ],
)
def test_access_to_objects_can_be_restricted_to_one_function(
    stack: TerraformStack, worker: PythonFunction, options: dict[str, bool], actions: list[str]
) -> None:
    uploads(stack, **options).restrict_objects_to(worker)
    role = "${aws_iam_role.Worker/Role.name}"
    assert Terraform(stack).policies()["Uploads/Policy"] == [
        deny_without_tls(["s3:*"], ARN, f"{ARN}/*"),
        {
            "sid": "OnlyTheFunctionUsesObjects",
            "effect": "Deny",
            "principals": [{"type": "*", "identifiers": ["*"]}],
            "actions": actions,
            "resources": [f"{ARN}/*"],
            "condition": [
                {
                    "test": "ArnNotLike",
                    "variable": "aws:PrincipalArn",
                    "values": [
                        f"arn:{PARTITION}:iam::{ACCOUNT}:role/{role}",
                    ],
                }
            ],
        },
    ]


def test_objects_can_be_kept_from_everybody_but_several_functions(
    stack: TerraformStack, worker: PythonFunction, code: Path
) -> None:
    reader = PythonFunction(stack, "Reader", name="reader", packages=[code])
    uploads(stack).restrict_objects_to(worker, reader)
    _, only_they = Terraform(stack).policies()["Uploads/Policy"]
    mine, others = "${aws_iam_role.Worker/Role.name}", "${aws_iam_role.Reader/Role.name}"
    assert [one["values"] for one in only_they["condition"]] == [
        [
            f"arn:{PARTITION}:iam::{ACCOUNT}:role/{mine}",
            f"arn:{PARTITION}:iam::{ACCOUNT}:role/{others}",
        ]
    ]


def test_restricting_objects_to_a_second_function_keeps_the_access_of_the_first(
    stack: TerraformStack, worker: PythonFunction, code: Path
) -> None:
    reader = PythonFunction(stack, "Reader", name="reader", packages=[code])
    bucket = uploads(stack)
    bucket.restrict_objects_to(worker)
    bucket.restrict_objects_to(reader, worker)
    bucket.restrict_objects_to(Role.from_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/team/theirs"))
    _, only_they = Terraform(stack).policies()["Uploads/Policy"]
    mine, others = "${aws_iam_role.Worker/Role.name}", "${aws_iam_role.Reader/Role.name}"
    assert [one["values"] for one in only_they["condition"]] == [
        [
            f"arn:{PARTITION}:iam::{ACCOUNT}:role/{mine}",
            f"arn:{PARTITION}:iam::{ACCOUNT}:role/{others}",
            f"arn:aws:iam::{ACCOUNT}:role/team/theirs",
        ]
    ]
    with pytest.raises(ConfigurationError, match=r"^stack/Uploads: restrict_objects_to names nobody"):
        bucket.restrict_objects_to()


def test_a_listening_function_may_be_invoked_by_that_bucket_of_that_account_only(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    uploads(stack).on_object_created(worker)
    made = Terraform(stack)
    assert made.all("aws_lambda_permission") == {
        "Worker/InvokeForUploads": {
            "action": "lambda:InvokeFunction",
            "function_name": "${aws_lambda_function.Worker/Function.function_name}",
            "principal": "s3.amazonaws.com",
            **replaced_with_function("Worker"),
            "source_arn": ARN,
            "source_account": ACCOUNT,
        }
    }
    assert made.all("aws_s3_bucket_notification") == {
        "Uploads/Notification": {
            "bucket": NAME,
            "lambda_function": [
                {"events": ["s3:ObjectCreated:*"], "lambda_function_arn": "${aws_lambda_function.Worker/Function.arn}"}
            ],
            "depends_on": ["aws_lambda_permission.Worker/InvokeForUploads"],
        }
    }


def test_listeners_share_one_notification_and_each_has_one_permission(
    stack: TerraformStack, worker: PythonFunction, code: Path
) -> None:
    other = PythonFunction(stack, "Other", name="other", packages=[code])
    bucket = uploads(stack)
    bucket.on_object_created(worker, prefix="in/", suffix=".json")
    bucket.on_object_created(other, prefix="images/")
    bucket.on_object_created(worker, prefix="in/", suffix=".csv")
    made = Terraform(stack)
    assert made.all("aws_s3_bucket_notification") == {
        "Uploads/Notification": {
            "bucket": NAME,
            "lambda_function": [
                {
                    "events": ["s3:ObjectCreated:*"],
                    "lambda_function_arn": "${aws_lambda_function.Worker/Function.arn}",
                    "filter_prefix": "in/",
                    "filter_suffix": ".json",
                },
                {
                    "events": ["s3:ObjectCreated:*"],
                    "lambda_function_arn": "${aws_lambda_function.Other/Function.arn}",
                    "filter_prefix": "images/",
                },
                {
                    "events": ["s3:ObjectCreated:*"],
                    "lambda_function_arn": "${aws_lambda_function.Worker/Function.arn}",
                    "filter_prefix": "in/",
                    "filter_suffix": ".csv",
                },
            ],
            "depends_on": [
                "aws_lambda_permission.Worker/InvokeForUploads",
                "aws_lambda_permission.Other/InvokeForUploads1",
            ],
        }
    }
    assert {path: permission["function_name"] for path, permission in made.all("aws_lambda_permission").items()} == {
        "Worker/InvokeForUploads": "${aws_lambda_function.Worker/Function.function_name}",
        "Other/InvokeForUploads1": "${aws_lambda_function.Other/Function.function_name}",
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"prefix": "in/"}),
        ({"prefix": "in/"}, {}),
        ({"prefix": "in/"}, {"prefix": "in/images/"}),
        ({"prefix": "in/"}, {"suffix": ".csv"}),
        ({"suffix": ".gz"}, {"suffix": ".csv.gz"}),
        ({"suffix": ".csv.gz"}, {"suffix": ".gz"}),
        ({"prefix": "in/", "suffix": ".csv"}, {"prefix": "in/images/", "suffix": ".csv"}),
    ],
)
def test_filters_under_which_one_object_could_call_twice_are_refused(
    stack: TerraformStack, worker: PythonFunction, first: dict[str, str], second: dict[str, str]
) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker, **first)
    with pytest.raises(ConfigurationError, match=r"/Uploads: objects created.* overlap with objects created"):
        bucket.on_object_created(worker, **second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"prefix": "in/"}, {"prefix": "out/"}),
        ({"suffix": ".csv"}, {"suffix": ".json"}),
        ({"prefix": "in/", "suffix": ".csv"}, {"prefix": "in/", "suffix": ".json"}),
        ({"prefix": "in/", "suffix": ".csv"}, {"prefix": "out/", "suffix": ".csv"}),
    ],
)
def test_filters_that_share_no_object_are_accepted(
    stack: TerraformStack, worker: PythonFunction, first: dict[str, str], second: dict[str, str]
) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker, **first)
    bucket.on_object_created(worker, **second)
    targets = Terraform(stack).one("aws_s3_bucket_notification")["lambda_function"]
    filters = [
        {part: one[f"filter_{part}"] for part in ("prefix", "suffix") if f"filter_{part}" in one} for one in targets
    ]
    assert filters == [first, second]


LISTENS_AND_WRITES = [
    ({}, ""),
    ({"prefix": "in/"}, ""),
    ({"prefix": "in/"}, "in/"),
    ({"prefix": "in/"}, "in/done/"),
    ({"prefix": "in/done/"}, "in/"),
    # A function that may write under a prefix may also write keys with this suffix.
    ({"suffix": ".csv"}, "out/"),
]
RECURSION = (
    r"it would wake itself without end: stack/(Uploads -> stack/Worker|Worker -> stack/Uploads) \(objects created"
)


@pytest.mark.parametrize(("heard", "written"), LISTENS_AND_WRITES)
def test_a_listening_function_may_not_be_granted_to_wake_itself(
    stack: TerraformStack, worker: PythonFunction, heard: dict[str, str], written: str
) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker, **heard)
    with pytest.raises(ConfigurationError, match=RECURSION):
        bucket.grant_write(worker, prefix=written)


@pytest.mark.parametrize(("heard", "written"), LISTENS_AND_WRITES)
def test_a_function_may_not_receive_events_of_its_own_writes(
    stack: TerraformStack, worker: PythonFunction, heard: dict[str, str], written: str
) -> None:
    bucket = uploads(stack)
    bucket.grant_write(worker, prefix=written)
    with pytest.raises(ConfigurationError, match=RECURSION):
        bucket.on_object_created(worker, **heard)


def test_a_function_may_write_under_a_prefix_it_does_not_listen_to(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    bucket = uploads(stack)
    bucket.on_object_created(worker, prefix="in/")
    bucket.grant_write(worker, prefix="out/")
    made = Terraform(stack)
    assert made.grants("Worker")["WriteOutUploads"] == [allow("Write", ["s3:PutObject"], f"{ARN}/out/*")]
    assert made.one("aws_s3_bucket_notification")["lambda_function"][0]["filter_prefix"] == "in/"


def test_a_function_may_receive_events_of_another_functions_writes(
    stack: TerraformStack, worker: PythonFunction, code: Path
) -> None:
    other = PythonFunction(stack, "Other", name="other", packages=[code])
    bucket = uploads(stack)
    bucket.on_object_created(worker)
    bucket.grant_write(other)
    assert Terraform(stack).grants("Other")["WriteUploads"] == [allow("Write", ["s3:PutObject"], f"{ARN}/*")]
