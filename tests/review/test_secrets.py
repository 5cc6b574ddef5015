"""What Terraform marks as sensitive is never shown: a marker is planted everywhere and looked for in every format."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sluice_cli.review.classification import classified
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.hidden import SENSITIVE, Hidden, hide, hide_attributes, revealed
from sluice_cli.review.markdown import to_markdown
from sluice_cli.review.model import StackReview
from sluice_cli.review.page import to_html
from sluice_cli.review.pages import as_json
from sluice_cli.review.plan import read_plan
from sluice_cli.review.reviewing import review_stack
from sluice_cli.review.rules import Danger, Finding, PlannedChange
from sluice_cli.review.ruleset import NO_RULES, Ruleset
from sluice_cli.review.terminal import print_review
from tests.review.moves import nested
from tests.review.plans import Values, allow, change, deny, document, findings, policy, review

PEARL = "pearl"


def formats(found: StackReview, *, picture: bool = False) -> dict[str, str]:
    """The review in every format; the picture takes a process of its own to lay out."""
    found = found if picture else replace(found, picture=None)
    out = io.StringIO()
    # With a size and no terminal, so that it does not ask the environment for them at each line.
    console = Console(file=out, soft_wrap=True, highlight=False, force_terminal=False, width=200, height=100)
    print_review([found], console)
    return {
        "terminal": out.getvalue(),
        "Markdown": to_markdown([found], limit=10**9),
        "page": to_html([found]),
        "JSON": json.dumps(as_json([found])),
        "object": repr(found),
    }


def leaks(found: StackReview, *, picture: bool = False) -> list[str]:
    return [name for name, text in formats(found, picture=picture).items() if PEARL in text]


def marked(before: Values | None, after: Values | None, **more: Any) -> Values:
    """A change whose attributes are all sensitive."""
    every = {name: True for values in (before, after) for name in values or {}}
    return change("aws_x.y", before, after, before_sensitive=every, after_sensitive=every, **more)


OLD, NEW = f"{PEARL}-1", f"{PEARL}-2"
VALUES_BEFORE_AND_AFTER = ((OLD, NEW), (OLD, None), (None, NEW))


@pytest.mark.parametrize(
    ("actions", "old", "new"),
    [
        *((actions, *values) for actions in (["update"], ["delete", "create"]) for values in VALUES_BEFORE_AND_AFTER),
        (["create"], None, NEW),
        (["delete"], OLD, None),
        (["forget"], OLD, None),
    ],
)
def test_no_argument_of_any_type_is_shown(actions: list[str], old: str | None, new: str | None) -> None:
    changes = []
    for type_, rules in classified().items():
        for position, argument in enumerate(rules.arguments):
            first = argument.partition(".")[0]
            before, after = (nested(argument, value) if value else {} for value in (old, new))
            changes.append(
                {
                    **change(f"{type_}.A{position}", before, after, actions=actions),
                    "change": {
                        "actions": actions,
                        "before": None if actions == ["create"] else before,
                        "after": None if actions in (["delete"], ["forget"]) else after,
                        "after_unknown": {},
                        "before_sensitive": {first: True},
                        "after_sensitive": {first: True},
                    },
                }
            )
    assert leaks(review(*changes)) == []


# Shapes that judges read: documents, policies, blocks, maps.
DOCUMENTS = [
    policy(allow("s3:GetObject", f"arn:aws:s3:::{PEARL}/*", Sid=PEARL)),
    policy(allow("s3:*", "*", Principal="*", Condition={"StringLike": {"aws:Referer": f"{PEARL}-1"}})),
    policy(deny("s3:*", "*", Sid=PEARL, Principal="*", Condition={"StringEquals": {"sts:ExternalId": PEARL}})),
    policy(allow("sts:AssumeRole", [], Principal={"AWS": f"arn:aws:iam::1:role/{PEARL}"})),
    json.dumps({"deadLetterTargetArn": f"arn:{PEARL}", "maxReceiveCount": PEARL}),
    json.dumps({"source": [PEARL], "detail": {PEARL: [PEARL]}}),
    json.dumps({"paths": {f"/{PEARL}": {"get": {}}}}),
    f"rate({PEARL})",
    f"arn:aws:lambda:us-east-1:999999999999:layer:{PEARL}:1",
    f"https://{PEARL}.example",
    "",
]
VALUES = st.one_of(
    st.sampled_from(DOCUMENTS),
    st.lists(st.sampled_from(DOCUMENTS), max_size=3),
    st.dictionaries(st.sampled_from(["TABLE_NAME", "AWS_LAMBDA_EXEC_WRAPPER", "a"]), st.sampled_from(DOCUMENTS)),
)
ARGUMENTS = [
    (type_, argument)
    for type_, rules in classified().items()
    for argument, rule in rules.arguments.items()
    if rule.kind != "harmless"
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_that_judges_read_is_shown(data: Any) -> None:
    changes = []
    for type_, argument in data.draw(st.lists(st.sampled_from(ARGUMENTS), min_size=5, max_size=25, unique=True)):
        before, after = nested(argument, data.draw(VALUES)), nested(argument, data.draw(VALUES))
        side = data.draw(st.sampled_from(["before", "after", "both", "whole"]))
        marks: Any = True if side == "whole" else {argument.partition(".")[0]: True}
        changes.append(
            change(
                f"{type_}.{argument.replace('.', '_')}",
                before,
                data.draw(st.sampled_from([after, after, None])),
                before_sensitive=marks if side != "after" else {},
                after_sensitive=marks if side != "before" else {},
            )
        )
    assert leaks(review(*changes)) == []
    drift = [one for one in changes if one["change"]["after"] is not None]
    assert leaks(review(resource_drift=drift, deferred_changes=[{"reason": "x", "resource_change": changes[0]}])) == []


LEAVES = st.sampled_from([PEARL, f"a {PEARL}", 1, True, None, "x"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=12,
)


def marks_of(value: Any) -> Any:
    """A tree of marks that names exactly what holds the marker."""
    if isinstance(value, dict):
        return {key: marks_of(part) for key, part in value.items()}
    if isinstance(value, list):
        return [marks_of(part) for part in value]
    return isinstance(value, str) and PEARL in value


@settings(max_examples=150, deadline=None)
@given(TREES, TREES, TREES)
def test_at_no_depth_anything_is_shown(before: Any, after: Any, tag: Any) -> None:
    old, new = {"a": before, "tags": {"t": tag}}, {"a": after, "tags": {"t": before}}
    given_ = change("aws_mystery.one", old, new, before_sensitive=marks_of(old), after_sensitive=marks_of(new))
    output = {"actions": ["update"], "before": before, "after": after}
    output |= {"before_sensitive": marks_of(before), "after_sensitive": marks_of(after)}
    assert leaks(review(given_, output_changes={"Out": output})) == []


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_what_is_hidden_can_be_judged_and_not_be_shown(value: Any) -> None:
    hidden = hide(value, marks_of(value))
    assert PEARL not in f"{hidden} {hidden!r}"
    assert revealed(hidden) == value
    assert hidden == hide(value, marks_of(value))


def test_marks_of_another_form_hide_the_whole() -> None:
    assert repr(hide({"a": PEARL}, [True])) == SENSITIVE
    assert hide_attributes({"a": PEARL}, True) == {"a": Hidden(PEARL)}
    assert hide(None, True) is None


def test_a_sensitive_policy_is_judged_and_its_statements_are_not_shown() -> None:
    before, after = policy(), policy(allow("s3:*", "*", Sid=PEARL, Principal="*"))
    for address, name in (("aws_s3_bucket_policy.A", "policy"), ("aws_iam_role.A", "assume_role_policy")):
        found = review(change(address, {name: before}, {name: after}, after_sensitive={name: True}))
        assert [finding.danger.value for one in found.dangers for finding in one.findings] == ["Open to anybody"]
        assert [line.text for one in found.changes for line in one.policy] == [
            "a statement new, wider (sensitive, not shown)"
        ]
        assert leaks(found) == []


def test_a_sensitive_inline_policy_of_a_role_is_judged_and_not_shown() -> None:
    inline = [{"name": "p", "policy": policy(allow("*", f"arn:{PEARL}", Sid=PEARL))}]
    for marks in (True, [{"policy": True}]):
        found = review(
            change(
                "aws_iam_role.A",
                {"inline_policy": []},
                {"inline_policy": inline},
                after_sensitive={"inline_policy": marks},
            )
        )
        assert [finding.danger.value for one in found.dangers for finding in one.findings] == ["Wider access"]
        assert leaks(found) == []


def test_values_of_data_sources_and_variables_are_not_shown_in_policies_that_refer_to_them() -> None:
    role_policy = "aws_iam_role_policy.Grant"
    document = {
        "statement": [
            {
                "actions": ["s3:GetObject"],
                "resources": ["${data.aws_ssm_parameter.Secret.value}/*", "${aws_ssm_parameter.Own.value}"],
                "condition": [{"test": "StringEquals", "variable": "sts:ExternalId", "values": ["${var.secret_id}"]}],
            }
        ]
    }
    configuration = {
        "resource": {"aws_iam_role_policy": {"Grant": {"policy": "${data.aws_iam_policy_document.Doc.json}"}}},
        "data": {"aws_iam_policy_document": {"Doc": document}, "aws_ssm_parameter": {"Secret": {"name": "x"}}},
    }
    prior = {
        "address": "data.aws_ssm_parameter.Secret",
        "type": "aws_ssm_parameter",
        "values": {"value": PEARL},
        "sensitive_values": {"value": True},
    }
    found = review(
        change(role_policy, {"role": "r", "policy": policy()}, {"role": "r"}, unknown={"policy": True}),
        change("aws_ssm_parameter.Own", None, {"value": PEARL}, after_sensitive={"value": True}),
        configuration=configuration,
        prior_state={"values": {"root_module": {"resources": [prior]}}},
        variables={"secret_id": {"value": PEARL}},
    )
    assert [finding.danger.value for one in found.dangers for finding in one.findings] == ["Wider access"]
    assert leaks(found) == []


def test_values_of_sensitive_variables_are_hidden_where_their_mark_was_lost() -> None:
    found = review(
        change("aws_sns_topic.A", {"display_name": f"my {PEARL}-123", "name": "a"}, {"display_name": "x", "name": "b"}),
        variables={"secret": {"value": {"a": [f"{PEARL}-123"]}}, "open": {"value": "a"}},
        configuration=None,
        output_changes={"Out": {"actions": ["update"], "before": "x", "after": f"{PEARL}-123"}},
        checks=[{"address": {"to_display": "check.a"}, "status": "fail", "problems": [{"message": f"{PEARL}-123"}]}],
        configuration_of_plan={"root_module": {"variables": {"secret": {"sensitive": True}}}},
    )
    assert leaks(found) == []
    assert "name  a → b" in formats(found)["terminal"]


def test_literals_that_a_configuration_marks_as_sensitive_are_not_in_the_picture() -> None:
    configuration = {
        "resource": {
            "aws_s3_bucket": {"B": {"bucket": "b"}},
            "aws_lambda_function": {"F": {"role": "r"}},
            "aws_s3_bucket_notification": {
                "N": {
                    "bucket": "${aws_s3_bucket.B.bucket}",
                    "lambda_function": [
                        {
                            "lambda_function_arn": "${aws_lambda_function.F.arn}",
                            "filter_prefix": f'${{sensitive("{PEARL}")}}',
                        }
                    ],
                }
            },
        }
    }
    assert leaks(review(configuration=configuration), picture=True) == []


def test_a_hidden_change_in_a_dangerous_direction_is_still_found() -> None:
    table = change(
        "aws_dynamodb_table.A",
        {"deletion_protection_enabled": True},
        {"deletion_protection_enabled": False},
        before_sensitive={"deletion_protection_enabled": True},
    )
    assert findings(table) == ["Protection removed: A table: deletion protection turned off"]


SECRET = f"{PEARL}-{PEARL}"


def keyed(key: str, **more: Any) -> Values:
    """A queue made by for_each."""
    entry = change("aws_sqs_queue.Q", {"name": "a", "delay_seconds": 0}, {"name": "a", "delay_seconds": 9})
    return {**entry, "address": f'aws_sqs_queue.Q["{key}"]', "index": key, **more}


def with_secret(*changes: Values, rules: Ruleset = NO_RULES, **more: Any) -> StackReview:
    """The review of a plan with a sensitive variable, and one whose value is a part of it."""
    declared = {"root_module": {"variables": {"one": {"sensitive": True}, "two": {"sensitive": True}}}}
    given_ = {"one": {"value": SECRET}, "two": {"value": f"{SECRET}-more"}}
    text = json.dumps(document(*changes, variables=given_, configuration=declared, **more))
    return review_stack("shop", read_plan(text), Configuration.synthesized({}), rules=rules)


@pytest.mark.parametrize(
    "changes",
    [
        [keyed(SECRET)],
        [keyed("a", previous_address=f'aws_sqs_queue.Q["{SECRET}"]')],
        [keyed("a", action_reason=SECRET)],
        [keyed("a", module_address=f'module.m["{SECRET}"]')],
        [change("aws_lambda_function.F", *[{"environment": [{"variables": {SECRET: one}}]} for one in "ab"])],
        [change("aws_lambda_function.F", *[{"tags": {SECRET: one}, "tags_all": {SECRET: one}} for one in "ab"])],
        [change("aws_api_gateway_method.M", *[{"request_parameters": {SECRET: one}} for one in (True, False)])],
        [change("aws_sqs_queue.Q", None, {"name": "q"}, provider_name=SECRET)],
    ],
    ids=range(8),
)
def test_keys_and_addresses_that_hold_a_secret_do_not_show_it(changes: list[Values]) -> None:
    assert leaks(with_secret(*changes), picture="index" in changes[0]) == []
    assert leaks(with_secret(resource_drift=changes)) == []
    assert leaks(with_secret(deferred_changes=[{"reason": SECRET, "resource_change": changes[0]}])) == []


def test_actions_and_checks_that_hold_a_secret_do_not_show_it() -> None:
    action = {
        "address": f'action.a.b["{SECRET}"]',
        "type": "aws_lambda_invoke",
        "config_values": {SECRET: SECRET},
        "lifecycle_action_trigger": {"triggering_resource_address": f'aws_sqs_queue.Q["{SECRET}"]'},
    }
    check = {"address": {"to_display": f"check.{SECRET}"}, "status": "fail", "problems": [{"message": SECRET}]}
    found = with_secret(action_invocations=[action], deferred_action_invocations=[action], checks=[check])
    assert len(found.dangers) == 3
    assert leaks(found) == []


def test_different_keys_stay_different_so_that_one_acknowledgement_is_for_one() -> None:
    found = with_secret(keyed(SECRET), keyed(f"{SECRET}-more"), keyed(f"{SECRET}2"))
    assert sorted(one.address for one in found.dangers) == [
        'aws_sqs_queue.Q["(hidden 1)"]',
        'aws_sqs_queue.Q["(hidden 2)"]',
        'aws_sqs_queue.Q["(hidden 2)2"]',
    ]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_rule_that_says_all_that_it_sees_shows_no_secret(data: Any) -> None:
    def tell(one: PlannedChange) -> Finding:
        if data.draw(st.booleans()):
            raise ValueError(f"{one} {one.before} {one.after} {[*one.after.values()]}")
        return one.finding(
            Danger.COST, f"{one.address} {one.before}", f"{one.after} {sorted(one.after.items(), key=str)}"
        )

    type_, argument = data.draw(st.sampled_from(ARGUMENTS))
    before, after = (nested(argument, data.draw(VALUES)) for _ in "ab")
    marks = {argument.partition(".")[0]: True}
    marked_ = change(f"{type_}.A", before, after, before_sensitive=marks, after_sensitive=marks)
    lost = keyed(SECRET, action_reason=SECRET)
    lost["change"]["after"]["name"] = f"name-{SECRET}"
    found = with_secret(marked_, lost, rules=Ruleset(rules=(tell,)))
    assert [one for one in found.dangers if any(finding.rule or finding.failed_rule for finding in one.findings)]
    assert leaks(found) == []
