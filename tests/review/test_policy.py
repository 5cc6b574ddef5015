"""Policies are compared by what they allow, not by how they are written."""

import json
from time import process_time

import pytest

from sluice_cli.review.policy import ParsedStatement, PolicyError, from_blocks, read_policy
from sluice_cli.review.policy_difference import compare_policies
from tests.review.plans import ACCOUNT, TLS_ONLY, Values, allow, deny, policy

HERE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
BUCKET = "arn:aws:s3:::a"


def compare(before: list[Values], after: list[Values]) -> list[tuple[tuple[str, ...], tuple[str, ...], bool]]:
    """(gained, lost, wider) of each statement that differs."""
    found = compare_policies(read_policy(policy(*before)), read_policy(policy(*after)))
    return [(one.gained, one.lost, one.wider) for one in found]


def wider(before: list[Values], after: list[Values]) -> bool:
    return any(one[2] for one in compare(before, after))


def test_an_action_more_is_gained_and_wider() -> None:
    before, after = allow(["s3:GetObject"], "*", Sid="Read"), allow(["s3:GetObject", "s3:PutObject"], "*", Sid="Read")
    assert compare([before], [after]) == [(("action s3:PutObject",), (), True)]


def test_an_action_less_is_lost_and_not_wider() -> None:
    before, after = allow(["s3:GetObject", "s3:PutObject"], "*"), allow("s3:GetObject", "*")
    assert compare([before], [after]) == [((), ("action s3:PutObject",), False)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (allow("s3:*", "*"), allow("s3:GetObject", "*"), False),
        (allow("s3:GetObject", "*"), allow("s3:Get*", "*"), True),
        (allow("s3:Get*", "*"), allow("s3:GetObject*", "*"), False),
        (allow("s3:Get?bject", "*"), allow("s3:Get*bject", "*"), True),
        (allow("s3:Get?bject", "*"), allow("s3:GetObject", "*"), False),
        (allow("S3:getobject", "*"), allow("s3:GetObject", "*"), False),
        (allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:GetObject", f"{BUCKET}/in/*"), False),
        (allow("s3:GetObject", f"{BUCKET}/in/*"), allow("s3:GetObject", f"{BUCKET}/*"), True),
        (allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:GetObject", "*"), True),
        (allow("s3:GetObject", BUCKET, Condition=HERE), allow("s3:GetObject", BUCKET), True),
        (allow("s3:GetObject", BUCKET), allow("s3:GetObject", BUCKET, Condition=HERE), False),
        (
            allow("s3:GetObject", BUCKET, Condition=HERE),
            allow("s3:GetObject", BUCKET, Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT, "999999999999"]}}),
            True,
        ),
        (
            allow("s3:GetObject", BUCKET, Condition={"StringNotEquals": {"aws:SourceAccount": ["1", "2"]}}),
            allow("s3:GetObject", BUCKET, Condition={"StringNotEquals": {"aws:SourceAccount": ["1"]}}),
            True,
        ),
        (allow("s3:GetObject", "*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        (
            {"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"},
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            True,
        ),
        (
            allow("s3:GetObject", BUCKET, Principal={"AWS": "arn:aws:iam::1:role/a"}),
            allow("s3:GetObject", BUCKET, Principal="*"),
            True,
        ),
        (deny("s3:*", "*"), deny("s3:PutObject", "*"), True),
        (deny("s3:PutObject", "*"), deny("s3:*", "*"), False),
        (deny("s3:*", "*"), deny("s3:*", "*", Condition=HERE), True),
        (deny("s3:*", "*", Condition=HERE), deny("s3:*", "*"), False),
    ],
)
def test_whether_a_statement_becomes_wider(before: Values, after: Values, expected: bool) -> None:
    assert wider([before], [after]) is expected


def test_order_single_values_and_anybodys_two_spellings_make_no_difference() -> None:
    one = [allow(["b:B", "a:A"], ["y", "x"], Principal={"AWS": ["*"]}), TLS_ONLY]
    other = [TLS_ONLY, allow(["a:A", "b:B"], ["x", "y"], Principal="*")]
    assert compare(one, other) == []


def test_a_permission_that_moves_between_statements_is_not_wider() -> None:
    before = [allow(["s3:GetObject", "s3:PutObject"], BUCKET)]
    after = [allow("s3:GetObject", BUCKET), allow("s3:PutObject", BUCKET, Sid="Write")]
    assert not wider(before, after)


def test_a_permission_that_moves_between_policies_of_one_role_is_not_wider() -> None:
    moved = read_policy(policy(allow("s3:PutObject", BUCKET)))
    assert [one.wider for one in compare_policies((), moved)] == [True]
    assert [one.wider for one in compare_policies((), moved, elsewhere_before=moved)] == [False]


def test_a_new_statement_is_told_as_one_line() -> None:
    ((gained, _, _),) = compare([], [allow("sns:Publish", "arn:aws:sns:::t", Principal="*", Condition=HERE)])
    assert gained == (f"sns:Publish on arn:aws:sns:::t for anybody where aws:SourceAccount StringEquals {ACCOUNT}",)


def test_a_lost_refusal_of_requests_without_tls_is_recognized() -> None:
    (lost,) = compare_policies(read_policy(policy(TLS_ONLY)), ())
    assert (lost.wider, lost.before is not None and lost.before.is_tls_only) == (True, True)


def test_the_statements_of_a_policy_document_read_as_its_json_does() -> None:
    block = {
        "sid": "Allow",
        "actions": ["sns:Publish"],
        "resources": ["arn:aws:sns:::t"],
        "principals": [{"type": "Service", "identifiers": ["cloudwatch.amazonaws.com"]}],
        "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]}],
    }
    written = allow(
        "sns:Publish",
        "arn:aws:sns:::t",
        Sid="Allow",
        Principal={"Service": "cloudwatch.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT]}},
    )
    assert from_blocks([block]) == read_policy(policy(written))


@pytest.mark.parametrize("text", ["", "[]", "null", '{"Statement": ["a"]}', "{"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(text)


def test_whole_services_on_everything_are_wide() -> None:
    def wide(*statements: Values) -> list[bool]:
        return [one.is_wide for one in read_policy(policy(*statements))]

    assert wide(allow("*", "*"), allow("s3:*", "*"), allow("s3:*", BUCKET), allow("s3:GetObject", "*")) == [
        True,
        True,
        False,
        False,
    ]
    assert isinstance(read_policy(json.dumps({"Statement": allow("*", "*")}))[0], ParsedStatement)


def test_a_policy_that_is_larger_than_any_of_aws_is_judged_at_once_and_counts_as_wider() -> None:
    many = [f"s3:Action{number}" for number in range(500)], [f"arn:aws:s3:::{number}" for number in range(500)]
    start = process_time()
    assert wider([allow(*many, Sid="x")], [allow(*many, Sid="y")])
    assert not wider([allow(*many)], [allow(*many)])
    assert process_time() - start < 20  # far below what a comparison of each with each takes
