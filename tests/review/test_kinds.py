"""Kinds of dangers beside events: objects expire, access by attachment, data unreadable, safety loosened, costs."""

import json
from typing import Any

import pytest

from tests.review.plans import ACCOUNT, Values, allow, change, deny, findings, headlines, policy

LIFECYCLE = "aws_s3_bucket_lifecycle_configuration.Objects_Lifecycle_00000000"
FUNCTION = "aws_lambda_function.Recorder_Function_719DF34D"
ROLE = "aws_iam_role.Recorder_Role_D83E4A2F"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
EVERYTHING = policy(allow("*", "*"))
NARROW = policy(allow("s3:GetObject", "arn:aws:s3:::a/*"))
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def updated(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


def rules(*given: Values) -> Values:
    return {"bucket": "b", "rule": list(given)}


def rule(
    days: int | None = 30, prefix: str | None = None, status: str = "Enabled", id_: str = "r", **more: Any
) -> Values:
    where = [{"prefix": prefix}] if prefix is not None else []
    expiration = [{"days": days}] if days else []
    return {"id": id_, "status": status, "filter": where, "expiration": expiration, **more}


def versions(days: int | None, keep: int | None = None) -> Values:
    return {"noncurrent_version_expiration": [{"noncurrent_days": days, "newer_noncurrent_versions": keep}]}


def grant(uri: str | None = None, id_: str | None = None) -> Values:
    row = {"permission": "READ", "grantee": [{"uri": uri, "id": id_, "type": "Group"}]}
    return {"access_control_policy": [{"grant": [row], "owner": [{"id": "o"}]}]}


DANGEROUS = {
    # Objects expire.
    "rule made": (
        updated(LIFECYCLE, rules(), rules(rule())),
        "Kept for less time: Objects: objects expire after 30 days",
    ),
    "configuration made on a bucket that is there": (change(LIFECYCLE, None, rules(rule())), "Kept for less time"),
    "filter widened": (updated(LIFECYCLE, rules(rule(prefix="tmp/")), rules(rule(prefix=""))), "Kept for less time"),
    "filter taken away": (updated(LIFECYCLE, rules(rule(prefix="tmp/")), rules(rule())), "Kept for less time"),
    "rule switched on": (updated(LIFECYCLE, rules(rule(status="Disabled")), rules(rule())), "Kept for less time"),
    "fewer days": (updated(LIFECYCLE, rules(rule(365)), rules(rule(1))), "Kept for less time"),
    "another prefix": (updated(LIFECYCLE, rules(rule(prefix="a/")), rules(rule(prefix="b/"))), "Kept for less time"),
    "versions expire": (
        updated(LIFECYCLE, rules(rule(None)), rules(rule(None, **versions(1)))),
        "Kept for less time: Objects: earlier versions expire after 1 day",
    ),
    "fewer versions kept": (
        updated(LIFECYCLE, rules(rule(None, **versions(1, 10))), rules(rule(None, **versions(1, 1)))),
        "Kept for less time",
    ),
    "a date": (
        updated(LIFECYCLE, rules(), rules({**rule(None), "expiration": [{"date": "2027-01-01T00:00:00Z"}]})),
        "Kept for less time",
    ),
    "a tag less in the filter": (
        updated(
            LIFECYCLE,
            rules({**rule(), "filter": [{"and": [{"prefix": "a/", "tags": {"x": "1", "y": "2"}}]}]}),
            rules({**rule(), "filter": [{"and": [{"prefix": "a/", "tags": {"x": "1"}}]}]}),
        ),
        "Kept for less time",
    ),
    "archived": (
        updated(
            LIFECYCLE, rules(), rules({**rule(None), "transition": [{"days": 1, "storage_class": "DEEP_ARCHIVE"}]})
        ),
        "Data becomes unreadable",
    ),
    "the bucket's own old rules": (
        updated("aws_s3_bucket.A", {}, {"lifecycle_rule": [{"enabled": True, "expiration": [{"days": 1}]}]}),
        "Kept for less time",
    ),
    "items by another attribute": (
        updated(
            "aws_dynamodb_table.A",
            {"ttl": [{"enabled": True, "attribute_name": "a"}]},
            {"ttl": [{"enabled": True, "attribute_name": "b"}]},
        ),
        "Kept for less time",
    ),
    "object lock shorter": (
        updated(
            "aws_s3_bucket_object_lock_configuration.A",
            {"rule": [{"default_retention": [{"mode": "COMPLIANCE", "days": 365}]}]},
            {"rule": [{"default_retention": [{"mode": "COMPLIANCE", "days": 1}]}]},
        ),
        "Protection removed",
    ),
    "archive of events shorter": (
        updated("aws_cloudwatch_event_archive.A", {"retention_days": 0}, {"retention_days": 7}),
        "Kept for less time",
    ),
    # Access by attachment.
    **{
        f"administrator by {type_}": (
            change(f"{type_}.A", None, {"policy_arn": ADMIN, owner: "somebody"}),
            "Wider access: A, managed policy",
        )
        for type_, owner in (
            ("aws_iam_user_policy_attachment", "user"),
            ("aws_iam_group_policy_attachment", "group"),
            ("aws_iam_role_policy_attachment", "role"),
        )
    },
    "administrator by the list of attachments": (
        change("aws_iam_policy_attachment.A", None, {"policy_arn": ADMIN, "users": ["u"], "groups": [], "roles": []}),
        f"Wider access: A, managed policy's attachments, all of them: {ADMIN} attached to users u",
    ),
    "an account's own policy for a new user": (
        change(
            "aws_iam_user_policy_attachment.A", None, {"policy_arn": f"arn:aws:iam::{ACCOUNT}:policy/x", "user": "u"}
        ),
        "Wider access",
    ),
    "one more user in the list": (
        updated(
            "aws_iam_policy_attachment.A",
            {"policy_arn": READ_ONLY, "users": ["u"]},
            {"policy_arn": READ_ONLY, "users": ["u", "v"]},
        ),
        "Wider access",
    ),
    **{
        f"administrator by {type_}": (
            updated(f"{type_}.A", {"policy_arns": [READ_ONLY]}, {"policy_arns": [READ_ONLY, ADMIN]}),
            "Wider access",
        )
        for type_ in (
            "aws_iam_role_policy_attachments_exclusive",
            "aws_iam_user_policy_attachments_exclusive",
            "aws_iam_group_policy_attachments_exclusive",
        )
    },
    "administrator by managed_policy_arns": (
        updated(ROLE, {"managed_policy_arns": []}, {"managed_policy_arns": [ADMIN]}),
        "Wider access: Recorder role",
    ),
    "inline policy in the role": (
        updated(ROLE, {"inline_policy": []}, {"inline_policy": [{"name": "p", "policy": EVERYTHING}]}),
        "Wider access: Recorder role: more is allowed",
    ),
    "wider inline policy in the role": (
        updated(
            ROLE,
            {"inline_policy": [{"name": "p", "policy": NARROW}]},
            {"inline_policy": [{"name": "p", "policy": EVERYTHING}]},
        ),
        "Wider access",
    ),
    **{
        f"{type_} made": (change(f"{type_}.A", None, {owner: "somebody", "policy": EVERYTHING}), "Wider access")
        for type_, owner in (("aws_iam_user_policy", "user"), ("aws_iam_group_policy", "group"))
    },
    **{
        f"boundary of {type_} removed": (
            updated(f"{type_}.A", {"permissions_boundary": READ_ONLY}, {"permissions_boundary": None}),
            "Wider access",
        )
        for type_ in ("aws_iam_role", "aws_iam_user")
    },
    "another boundary": (
        updated("aws_iam_user.A", {"permissions_boundary": READ_ONLY}, {"permissions_boundary": ADMIN}),
        "Wider access",
    ),
    "member of a group": (
        updated("aws_iam_group_membership.A", {"users": ["a"]}, {"users": ["a", "b"]}),
        "Wider access",
    ),
    "groups of a user": (
        change("aws_iam_user_group_membership.A", None, {"user": "u", "groups": ["admins"]}),
        "Wider access",
    ),
    "access key": (change("aws_iam_access_key.A", None, {"user": "u"}), "Wider access"),
    "access key switched on": (
        updated("aws_iam_access_key.A", {"status": "Inactive"}, {"status": "Active"}),
        "Wider access",
    ),
    "console password": (change("aws_iam_user_login_profile.A", None, {"user": "u"}), "Wider access"),
    "SSH key": (change("aws_iam_user_ssh_key.A", None, {"username": "u"}), "Wider access"),
    "SAML metadata": (
        updated("aws_iam_saml_provider.A", {"saml_metadata_document": "<a/>"}, {"saml_metadata_document": "<b/>"}),
        "Wider access",
    ),
    "OIDC audience": (
        updated("aws_iam_openid_connect_provider.A", {"client_id_list": ["a"]}, {"client_id_list": ["a", "b"]}),
        "Wider access",
    ),
    "organization policy loosened": (
        updated(
            "aws_organizations_policy.A",
            {"content": policy(deny("s3:*", "*"))},
            {"content": policy(deny("s3:DeleteBucket", "*"))},
        ),
        "Protection removed: A organization policy: a refusal is lifted",
    ),
    "organization policy detached": (
        change("aws_organizations_policy_attachment.A", {"policy_id": "p", "target_id": "t"}, None),
        "Wider access",
    ),
    "ACL for everybody": (
        change("aws_s3_bucket_acl.A", None, {"bucket": "b", **grant(ALL_USERS)}),
        "Open to anybody: A, ACL: the ACL gives everybody READ",
    ),
    "ACL for somebody": (
        updated("aws_s3_bucket_acl.A", {"bucket": "b", **grant(id_="me")}, {"bucket": "b", **grant(id_="you")}),
        "Wider access",
    ),
    "everybody but one": (
        updated(
            "aws_s3_bucket_policy.A",
            {"policy": policy()},
            {
                "policy": policy(
                    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "NotPrincipal": {"AWS": "arn:a"}}
                )
            },
        ),
        "Open to anybody",
    ),
    "a condition that anybody meets": (
        updated(
            "aws_s3_bucket_policy.A",
            {"policy": policy()},
            {
                "policy": policy(
                    allow("s3:GetObject", "*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}})
                )
            },
        ),
        "Open to anybody",
    ),
    "account's public access block removed": (
        change("aws_s3_account_public_access_block.A", {"block_public_acls": True}, None),
        "Open to anybody",
    ),
    "events from every account": (
        change("aws_cloudwatch_event_permission.A", None, {"principal": "*", "statement_id": "s"}),
        "Open to anybody",
    ),
    "layer of another account": (
        updated(
            FUNCTION,
            {"arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:a", "layers": []},
            {
                "arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:a",
                "layers": ["arn:aws:lambda:us-east-1:999999999999:layer:x:1"],
            },
        ),
        "Wider access: Recorder function: layer arn:aws:lambda:us-east-1:999999999999:layer:x:1 of account 9999",
    ),
    "wrapper of the runtime": (
        updated(
            FUNCTION,
            {"environment": []},
            {"environment": [{"variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/evil"}}]},
        ),
        "Wider access",
    ),
    "grant of a key": (
        change("aws_kms_grant.A", None, {"grantee_principal": "arn:a", "operations": ["Decrypt"]}),
        "Wider access",
    ),
    "another authorizer": (
        updated(
            "aws_api_gateway_method.A",
            {"authorization": "CUSTOM", "authorizer_id": "a"},
            {"authorization": "CUSTOM", "authorizer_id": "b"},
        ),
        "Authorization opened",
    ),
    "mutual TLS taken away": (
        updated("aws_api_gateway_domain_name.A", {"mutual_tls_authentication": [{"truststore_uri": "s3://a"}]}, {}),
        "Authorization opened",
    ),
    "second factor optional": (
        updated("aws_cognito_user_pool.A", {"mfa_configuration": "ON"}, {"mfa_configuration": "OPTIONAL"}),
        "Authorization opened",
    ),
    # Data becomes unreadable.
    "key switched off": (
        updated("aws_kms_key.Key_43586C89", {"is_enabled": True}, {"is_enabled": False}),
        "Data becomes unreadable: Key: the key is switched off",
    ),
    "replica key switched off": (
        updated("aws_kms_replica_key.A", {"enabled": True}, {"enabled": False}),
        "Data becomes unreadable",
    ),
    "grant of a key taken away": (
        change("aws_kms_grant.A", {"grantee_principal": "arn:a", "operations": ["Decrypt"]}, None),
        "Data becomes unreadable",
    ),
    # Limits and safety loosened.
    "TLS 1.0 for an API": (
        updated("aws_api_gateway_rest_api.A", {"security_policy": "TLS_1_2"}, {"security_policy": "TLS_1_0"}),
        "Protection removed",
    ),
    "TLS 1.0 for a domain": (
        updated("aws_api_gateway_domain_name.A", {"security_policy": "TLS_1_2"}, {"security_policy": "TLS_1_0"}),
        "Protection removed",
    ),
    "older TLS of the new names": (
        updated(
            "aws_api_gateway_domain_name.A",
            {"security_policy": "SecurityPolicy_TLS13_1_3_2025_09"},
            {"security_policy": "SecurityPolicy_TLS13_1_2_2021_06"},
        ),
        "Protection removed",
    ),
    "keys of customers unblocked": (
        updated(
            "aws_s3_bucket_server_side_encryption_configuration.A",
            {"rule": [{"blocked_encryption_types": ["SSE-C"]}]},
            {"rule": [{"blocked_encryption_types": ["NONE"]}]},
        ),
        "Protection removed",
    ),
    "recursion allowed": (
        updated("aws_lambda_function_recursion_config.A", {"recursive_loop": "Terminate"}, {"recursive_loop": "Allow"}),
        "Protection removed: A: recursion is no longer stopped",
    ),
    "withdrawn runtime": (
        updated(FUNCTION, {"runtime": "python3.13"}, {"runtime": "python3.7"}),
        "Protection removed: Recorder function: runtime python3.7 is withdrawn",
    ),
    "runtime that nobody knows": (
        updated(FUNCTION, {"runtime": "python3.13"}, {"runtime": "cobol85"}),
        "Cannot be judged",
    ),
    "code need not be signed": (
        updated(
            "aws_lambda_code_signing_config.A",
            {"policies": [{"untrusted_artifact_on_deployment": "Enforce"}]},
            {"policies": [{"untrusted_artifact_on_deployment": "Warn"}]},
        ),
        "Protection removed",
    ),
    "rollback off": (
        updated(
            "aws_codedeploy_deployment_group.A",
            {"auto_rollback_configuration": [{"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}]},
            {"auto_rollback_configuration": [{"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}]},
        ),
        "Protection removed",
    ),
    "all at once": (
        updated(
            "aws_codedeploy_deployment_group.A",
            {"deployment_config_name": "CodeDeployDefault.LambdaCanary10Percent5Minutes"},
            {"deployment_config_name": "CodeDeployDefault.LambdaAllAtOnce"},
        ),
        "Protection removed",
    ),
    "parameter in clear": (
        updated("aws_ssm_parameter.A", {"type": "SecureString"}, {"type": "String"}),
        "Encryption lost",
    ),
    "shorter passwords": (
        updated("aws_iam_account_password_policy.A", {"minimum_password_length": 16}, {"minimum_password_length": 6}),
        "Protection removed",
    ),
    "topic's key removed": (
        updated("aws_sns_topic.A_Topic_00000000", {"kms_master_key_id": "arn:k"}, {"kms_master_key_id": None}),
        "Encryption lost: A topic: no longer encrypted with its own key",
    ),
    # Costs.
    "capacity": (updated("aws_dynamodb_table.A", {"read_capacity": 5}, {"read_capacity": 40000}), "Costs more"),
    "capacity of a new table": (change("aws_dynamodb_table.A", None, {"write_capacity": 40000}), "Costs more"),
    "capacity of an index": (
        updated(
            "aws_dynamodb_table.A",
            {"global_secondary_index": [{"name": "i", "write_capacity": 5}]},
            {"global_secondary_index": [{"name": "i", "write_capacity": 40000}]},
        ),
        "Costs more: A table: index i: write capacity 5 → 40000",
    ),
    "autoscaling": (
        updated("aws_appautoscaling_target.A", {"max_capacity": 100}, {"max_capacity": 40000}),
        "Costs more",
    ),
    "provisioned concurrency": (
        change("aws_lambda_provisioned_concurrency_config.A", None, {"provisioned_concurrent_executions": 500}),
        "Costs more",
    ),
    "memory": (updated(FUNCTION, {"memory_size": 128}, {"memory_size": 10240}), "Costs more"),
    "cache of an API": (
        updated(
            "aws_api_gateway_stage.A",
            {"cache_cluster_enabled": False},
            {"cache_cluster_enabled": True, "cache_cluster_size": "237"},
        ),
        "Costs more",
    ),
    # Something is run.
    "invocation": (change("aws_lambda_invocation.A", None, {"function_name": "f", "input": "{}"}), "Something is run"),
}

HARMLESS = {
    "kept longer": updated(LIFECYCLE, rules(rule(1)), rules(rule(365))),
    "filter narrowed": updated(LIFECYCLE, rules(rule(prefix="")), rules(rule(prefix="tmp/"))),
    "rule switched off": updated(LIFECYCLE, rules(rule()), rules(rule(status="Disabled"))),
    "rule taken away": updated(LIFECYCLE, rules(rule()), rules()),
    "configuration taken away": change(LIFECYCLE, rules(rule()), None),
    "rule renamed": updated(LIFECYCLE, rules(rule(id_="a")), rules(rule(id_="b"))),
    "rule split in two, both narrower": updated(
        LIFECYCLE, rules(rule(prefix="")), rules(rule(prefix="a/", id_="a"), rule(prefix="b/", id_="b"))
    ),
    "a name with dots": updated(
        LIFECYCLE, rules(rule(id_="a.b"), rule(7, id_="x")), rules(rule(60, id_="a.b"), rule(7, id_="x"))
    ),
    "unfinished uploads": updated(
        LIFECYCLE, rules(), rules({**rule(None), "abort_incomplete_multipart_upload": [{"days_after_initiation": 7}]})
    ),
    "more versions kept": updated(
        LIFECYCLE, rules(rule(None, **versions(1, 1))), rules(rule(None, **versions(30, 10)))
    ),
    "policy detached": change("aws_iam_user_policy_attachment.A", {"policy_arn": ADMIN, "user": "u"}, None),
    "list of attachments shorter": updated(
        "aws_iam_policy_attachment.A",
        {"policy_arn": ADMIN, "users": ["u", "v"]},
        {"policy_arn": ADMIN, "users": ["u"]},
    ),
    "exclusive list shorter": updated(
        "aws_iam_role_policy_attachments_exclusive.A", {"policy_arns": [ADMIN, READ_ONLY]}, {"policy_arns": [READ_ONLY]}
    ),
    "boundary set": updated("aws_iam_role.A", {"permissions_boundary": None}, {"permissions_boundary": READ_ONLY}),
    "inline policy narrowed": updated(
        ROLE,
        {"inline_policy": [{"name": "p", "policy": EVERYTHING}]},
        {"inline_policy": [{"name": "p", "policy": NARROW}]},
    ),
    "inline policies in another order": updated(
        ROLE,
        {"inline_policy": [{"name": "p", "policy": NARROW}, {"name": "q", "policy": EVERYTHING}]},
        {"inline_policy": [{"name": "q", "policy": EVERYTHING}, {"name": "p", "policy": NARROW}]},
    ),
    "user made": change("aws_iam_user.A", None, {"name": "u"}),
    "access key switched off": updated("aws_iam_access_key.A", {"status": "Active"}, {"status": "Inactive"}),
    "key switched on": updated("aws_kms_key.A", {"is_enabled": False}, {"is_enabled": True}),
    "TLS 1.2": updated("aws_api_gateway_domain_name.A", {"security_policy": "TLS_1_0"}, {"security_policy": "TLS_1_2"}),
    "keys of customers blocked": updated(
        "aws_s3_bucket_server_side_encryption_configuration.A",
        {"rule": [{"blocked_encryption_types": []}]},
        {"rule": [{"blocked_encryption_types": ["SSE-C"]}]},
    ),
    "newer runtime": updated(FUNCTION, {"runtime": "python3.11"}, {"runtime": "python3.13"}),
    "recursion stopped": updated(
        "aws_lambda_function_recursion_config.A", {"recursive_loop": "Allow"}, {"recursive_loop": "Terminate"}
    ),
    "less capacity, still most of it": updated("aws_dynamodb_table.A", {"read_capacity": 100}, {"read_capacity": 80}),
    "object lock longer": updated(
        "aws_s3_bucket_object_lock_configuration.A",
        {"rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 1}]}]},
        {"rule": [{"default_retention": [{"mode": "COMPLIANCE", "years": 1}]}]},
    ),
    "private grant": change(
        "aws_s3_bucket_acl.A", {"bucket": "b", **grant(ALL_USERS)}, {"bucket": "b", "acl": "private"}
    ),
    "the stack's own layer": updated(
        FUNCTION,
        {"arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:a", "layers": []},
        {
            "arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:a",
            "layers": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:x:1"],
        },
    ),
    "organization policy stricter": updated(
        "aws_organizations_policy.A",
        {"content": policy(deny("s3:DeleteBucket", "*"))},
        {"content": policy(deny("s3:*", "*"))},
    ),
    "only tags of a type that nobody classified": updated("aws_instance.A", {"tags": {"a": "1"}}, {"tags": {"a": "2"}}),
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_dangerous(name: str) -> None:
    given, expected = DANGEROUS[name]
    found = findings(given)
    assert [one for one in found if one.startswith(expected)], found


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name: str) -> None:
    assert findings(HARMLESS[name]) == []


def test_rules_on_a_bucket_of_the_same_plan_delete_nothing_that_is_there() -> None:
    bucket = change("aws_s3_bucket.Objects_Bucket_80F6A514", None, {"bucket": "b"})
    assert findings(bucket, change(LIFECYCLE, None, rules(rule()))) == []


def test_a_managed_policy_of_the_same_plan_is_judged_by_what_it_allows() -> None:
    def made(text: str) -> list[str]:
        return findings(
            change("aws_iam_role.New_Role_00000000", None, {"name": "r"}),
            change("aws_iam_policy.New_Policy_00000000", None, {"name": "p", "policy": text}),
            change("aws_iam_role_policy_attachment.New_A_00000000", None, {"role": "r"}, unknown={"policy_arn": True}),
        )

    assert made(NARROW) == []
    assert made(EVERYTHING) == ["Wider access: New role, managed policy Policy: more is allowed"]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"Statement": [1]}', "[" * 5000 + "]" * 5000, '{"Statement": "x"}', "no JSON"]
)
def test_a_policy_that_is_none_cannot_be_judged(text: str) -> None:
    (found,) = findings(updated("aws_s3_bucket_policy.A", {"policy": NARROW}, {"policy": text}))
    assert found.startswith("Cannot be judged: A: its policy cannot be read")


def test_values_nested_without_end_are_said_and_count_as_dangerous() -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = {"a": [deep]}
    found = findings(updated("aws_mystery.one", {"a": 1}, {"a": deep}))
    assert [one.partition(":")[0] for one in found] == ["Cannot be judged"]


def test_the_words_for_an_argument_of_an_index_say_which_index() -> None:
    before = {"global_secondary_index": [{"name": "ByDay", "hash_key": "day", "range_key": "a"}]}
    after = {"global_secondary_index": [{"name": "ByDay", "hash_key": "day", "range_key": "b"}]}
    assert headlines(updated("aws_dynamodb_table.Records_Table_C1978F9E", before, after)) == [
        "Records table: index ByDay: sort key a → b"
    ]


def test_a_key_that_is_taken_away_is_called_removed() -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
    before, after = {"kms_master_key_id": key}, {"kms_master_key_id": None}
    assert headlines(updated("aws_sns_topic.A_Topic_00000000", before, after)) == ["A topic: encryption key removed"]
    assert json.dumps(before)


def test_policies_and_references_within_modules_are_worked_out() -> None:
    def resource(address: str, **expressions: Any) -> Values:
        mode = "data" if address.startswith("data.") else "managed"
        type_, _, name = address.removeprefix("data.").partition(".")
        return {"address": address, "mode": mode, "type": type_, "name": name, "expressions": expressions}

    constants = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/*"]}
    statement = {name: {"constant_value": value} for name, value in constants.items()}
    module = {
        "resources": [
            resource("aws_iam_role_policy.grant", policy={"references": ["data.aws_iam_policy_document.doc.json"]}),
            resource("data.aws_iam_policy_document.doc", statement=[statement]),
        ]
    }
    grant = {
        **change("aws_iam_role_policy.grant", {"role": "r", "policy": NARROW}, {"role": "r"}, unknown={"policy": True}),
        "address": "module.app.aws_iam_role_policy.grant",
    }
    calls = {"root_module": {"module_calls": {"app": {"module": module}}}}
    assert findings(grant, configuration_of_plan=calls) == []
