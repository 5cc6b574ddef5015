"""What a review says: the module classes' words, policies by statement, secrets masked, noise folded."""

import json

from tests.review.plans import Values, allow, change, findings, headlines, policy, review

FUNCTION = "aws_lambda_function.Recorder_Function_719DF34D"
OLD, NEW = "hunter2", "hunter3"
HIDDEN = "(looks like a secret, not shown)"


def variables(**values: str) -> Values:
    return {"function_name": "a", "environment": [{"variables": values}]}


def synthesized(address: str, path: str, **values: object) -> Values:
    type_, _, name = address.removeprefix("data.").partition(".")
    block = {type_: {name: {"//": {"metadata": {"path": path}}, **values}}}
    return {"data" if address.startswith("data.") else "resource": block}


def test_changes_are_told_in_the_words_of_the_module_classes() -> None:
    bucket = change("aws_s3_bucket.Uploads_Bucket_00000000", {"bucket": "a"}, {"bucket": "a"})
    versioning = change("aws_s3_bucket_versioning.Uploads_Versioning_00000000", {"bucket": "a"}, None)
    assert headlines(bucket, versioning) == ["Uploads bucket: versioning turned off"]


def test_paths_come_from_the_synthesized_terraform() -> None:
    address = "aws_sqs_queue.weird_name"
    given = change(address, None, {"name": "a"})
    found = review(given, configuration=synthesized(address, "shop/Orders/DeadLetters/Queue"))
    assert [(group.key, group.label) for group in found.groups] == [("Orders", "Orders")]
    assert [one.subject for one in found.changes] == ["Orders, Dead letters queue"]


def test_groups_with_the_worst_danger_come_first_and_what_is_harmless_last() -> None:
    groups = review(
        change("aws_sqs_queue.Alpha_Queue_00000000", None, {"name": "a"}),
        change("aws_cloudwatch_log_group.Beta_LogGroup_00000000", {"retention_in_days": 9}, {"retention_in_days": 1}),
        change("aws_dynamodb_table.Gamma_Table_00000000", {"name": "a"}, None),
    ).groups
    assert [one.label for one in groups] == ["Gamma table", "Beta", "Alpha queue"]


def test_the_summary_is_one_line() -> None:
    table = change("aws_dynamodb_table.Gamma_Table_00000000", {"name": "a"}, None)
    queue = change("aws_sqs_queue.Alpha_Queue_00000000", None, {"name": "a"})
    assert review(table, queue).summary() == "shop: 1 to create, 1 to destroy; 1 dangerous, 1 not acknowledged"
    assert (
        review(table).acknowledging([table["address"]]).summary() == "shop: 1 to destroy; 1 dangerous, all acknowledged"
    )
    assert review().summary() == "shop: no changes"


def test_environment_variables_are_compared_by_key_and_secrets_are_masked() -> None:
    before = variables(TABLE="old", DB_PASSWORD=OLD, STAYS="x", WHO="AKIAABCDEFGHIJKLMNOP")
    after = variables(TABLE="new", DB_PASSWORD=NEW, STAYS="x", SESSION="aZ3kq9Lm2Xw8Rt5Yv1Bn7Cd4", URL="db://u:p@h/")
    (one,) = review(change(FUNCTION, before, after)).changes
    shown = {item.name.rpartition(".")[2]: (item.shown_before, item.shown_after) for item in one.differences}
    assert shown == {
        "TABLE": ("old", "new"),
        "DB_PASSWORD": (HIDDEN, HIDDEN),
        "WHO": (HIDDEN, "none"),
        "SESSION": ("none", HIDDEN),
        "URL": ("none", HIDDEN),
    }


def test_sensitive_values_are_never_shown_and_a_change_of_them_is() -> None:
    given = change(
        "aws_ssm_parameter.A",
        {"name": "a", "value": "old-pearl", "tags": {"x": "pearl"}},
        {"name": "a", "value": "new-pearl", "tags": {"x": "pearls"}},
        before_sensitive={"value": True, "tags": {"x": True}},
        after_sensitive={"value": True, "tags": {"x": True}},
    )
    found = review(given)
    (one,) = found.changes
    assert [(item.path, item.shown_before, item.shown_after) for item in one.differences] == [
        ("tags.x", "(sensitive, not shown)", "(sensitive, not shown)"),
        ("value", "(sensitive, not shown)", "(sensitive, not shown)"),
    ]
    assert "pearl" not in repr(found)


def test_sensitive_outputs_are_never_shown() -> None:
    output = {
        "actions": ["update"],
        "before": "pearl",
        "after": "pearls",
        "before_sensitive": True,
        "after_sensitive": True,
    }
    found = review(output_changes={"Key": output, "Url": {"actions": ["create"], "after": "https://a.example"}})
    assert [(one.path, one.shown_after) for one in found.outputs] == [
        ("Key", "(sensitive, not shown)"),
        ("Url", "https://a.example"),
    ]
    assert "pearl" not in repr(found)


def test_default_tags_and_values_known_after_apply_are_folded() -> None:
    def tagged(name: str) -> Values:
        before = {"name": "a", "tags": {"Owner": "one"}, "tags_all": {"Owner": "one"}}
        return change(f"aws_sqs_queue.{name}_Queue_00000000", before, {"name": "a", "tags_all": {"Owner": "two"}})

    computed = change("aws_sqs_queue.C_Queue_00000000", {"name": "a", "url": "u"}, {"name": "a"}, unknown={"url": True})
    found = review(tagged("A"), tagged("B"), computed)
    assert list(found.changes) == []
    assert found.folded == (
        "tag Owner one → two on 2 resources",
        "1 with nothing but values that are known after apply",
    )
    assert found.summary() == "shop: 3 to change"


def test_tags_of_a_resources_own_are_told() -> None:
    given = change("aws_sqs_queue.A_Queue_00000000", {"tags": {"a": "1"}}, {"tags": {"a": "2"}})
    assert headlines(given) == ["A queue: tags changed"]


def test_policies_are_told_by_statement_never_as_json() -> None:
    given = change(
        "aws_iam_role_policy.Recorder_PutRecords_RolePolicy_34A9A887",
        {"role": "r", "policy": policy(allow("a:B", "arn:aws:x:::y", Sid="Put"))},
        {"role": "r", "policy": policy(allow(["a:B", "a:C"], "arn:aws:x:::y", Sid="Put"))},
    )
    (one,) = review(given).changes
    assert [(line.sign, line.text) for line in one.policy] == [
        (" ", "Put (allows), changed, wider"),
        ("+", "action a:C"),
    ]
    assert one.differences == ()
    assert "Statement" not in repr(one)


def test_a_policy_known_after_apply_is_worked_out_from_the_configuration() -> None:
    table = "aws_dynamodb_table.Records_Table_C1978F9E"
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/records"
    grant = "aws_iam_role_policy.Recorder_PutRecords_RolePolicy_34A9A887"
    document = "data.aws_iam_policy_document.Doc"
    statement = {"sid": "Put", "actions": ["dynamodb:PutItem", "dynamodb:Scan"], "resources": [f"${{{table}.arn}}"]}
    configuration = synthesized(grant, "shop/Recorder/PutRecords/RolePolicy", policy=f"${{{document}.json}}")
    configuration |= synthesized(document, "shop/Recorder/PutRecords/Policy", statement=[statement])
    found = review(
        change(
            table,
            {"name": "records", "arn": arn},
            {"name": "records"},
            actions=["delete", "create"],
            unknown={"arn": True},
        ),
        change(
            grant,
            {"role": "r", "policy": policy(allow("dynamodb:PutItem", arn, Sid="Put"))},
            {"role": "r"},
            unknown={"policy": True},
        ),
        configuration=configuration,
    )
    (one,) = [one for one in found.changes if one.address == grant]
    assert [line.text for line in one.policy] == ["Put (allows), changed, wider", "action dynamodb:Scan"]
    assert one.findings[0].means == "Allowed now: dynamodb:PutItem, dynamodb:Scan on [Records table]."


def test_a_document_in_an_attribute_is_compared_by_its_parts() -> None:
    before, after = json.dumps({"widgets": [{"title": "a"}]}), json.dumps({"widgets": [{"title": "b"}]})
    address = "aws_cloudwatch_dashboard.Board_Dashboard_00000000"
    (one,) = review(change(address, {"dashboard_body": before}, {"dashboard_body": after})).changes
    assert [(item.path, item.shown_before, item.shown_after) for item in one.differences] == [
        ("dashboard_body.widgets.title", "a", "b")
    ]


def test_blocks_in_another_order_are_no_difference() -> None:
    blocks = [{"name": "a", "type": "S"}, {"name": "b", "type": "N"}]
    address = "aws_dynamodb_table.Records_Table_C1978F9E"
    found = review(change(address, {"attribute": blocks, "x": 1}, {"attribute": blocks[::-1], "x": 2}))
    assert [one.path for change in found.changes for one in change.differences] == ["x"]


def test_what_makes_a_replacement_necessary_is_named() -> None:
    given = change(
        "aws_dynamodb_table.Records_Table_C1978F9E",
        {"range_key": "a"},
        {"range_key": "b"},
        actions=["delete", "create"],
        replace_paths=[["range_key"]],
    )
    assert headlines(given) == ["Records table: replaced because of sort key"]


def test_moves_and_imports_are_told() -> None:
    moved = change("aws_sqs_queue.New_Queue_00000000", *[{"name": "a"}] * 2, previous_address="aws_sqs_queue.Old")
    imported = change("aws_sqs_queue.B_Queue_00000000", {"name": "a"}, {"name": "b"})
    imported["change"]["importing"] = {"id": "b"}
    assert headlines(moved, imported) == ["B queue: name a → b, imported", "New queue: moved"]
    assert [note for one in review(moved).changes for note in one.notes] == ["moved from aws_sqs_queue.Old"]


def test_what_changed_outside_terraform_is_told_where_the_plan_touches_it() -> None:
    address = "aws_sqs_queue.A_Queue_00000000"
    drift = change(address, {"name": "a", "delay_seconds": 0}, {"name": "a", "delay_seconds": 5})
    there = change(address, {"name": "a", "delay_seconds": 5}, {"name": "a", "delay_seconds": 0})
    assert review(there, resource_drift=[drift]).folded == (
        f"changed outside Terraform since the last apply: {address}",
    )
    assert review(resource_drift=[drift]).folded == ()


def test_a_block_without_arguments_counts_by_being_there() -> None:
    blocked: Values = {"default_action": [{"block": [{}]}]}
    allowed: Values = {"default_action": [{"allow": [{}]}]}
    assert findings(change("aws_wafv2_web_acl.W", blocked, allowed)) == [
        "Protection removed: W, web ACL: default_action.block turned off",
        "Cannot be judged: W, web ACL: argument default_action.allow of aws_wafv2_web_acl: nobody has classified it",
    ]
    rules = [{"id": "a", "status": "Disabled", "filter": [{}]}], [{"id": "a", "status": "Disabled", "filter": []}]
    assert findings(change("aws_s3_bucket_lifecycle_configuration.L", *[{"rule": one} for one in rules])) == []
