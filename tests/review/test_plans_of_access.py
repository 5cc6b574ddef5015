"""Plans that change who may do what: conditions, exclusions, trust, boundaries, keys."""

from typing import Any

import pytest

from tests.review.plans import Values, allow, change, deny, findings, policy


def up(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


ROLE = "aws_iam_role.R"
POL = "aws_iam_policy.P"
KP = "aws_kms_key.K"
GH: Values = {
    "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
    "Action": "sts:AssumeRoleWithWebIdentity",
}
rootst: Values = allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"})


def trust(**statement: Any) -> str:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", **statement})


def gh(test: str, value: str) -> str:
    return trust(**GH, Condition={test: {"token.actions.githubusercontent.com:sub": value}})


def cond(test: str, key: str, value: str) -> str:
    return trust(Principal={"AWS": "arn:aws:iam::1:root"}, Condition={test: {key: value}})


def tr(before: str, after: str) -> Values:
    return up(ROLE, {"assume_role_policy": before}, {"assume_role_policy": after})


def pol(before: str, after: str) -> Values:
    return up(POL, {"policy": before}, {"policy": after})


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "trust StringEquals to StringLike wildcard": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEquals", "repo:a/b:ref:refs/heads/main")},
                {"assume_role_policy": gh("StringLike", "repo:a/b:*")},
            )
        ],
        ["Wider access"],
    ),
    "trust StringLike narrower to StringEquals": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringLike", "repo:a/b:*")},
                {"assume_role_policy": gh("StringEquals", "repo:a/b:ref:refs/heads/main")},
            )
        ],
        [],
    ),
    "trust StringEquals to same StringLike": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEquals", "repo:a/b:x")},
                {"assume_role_policy": gh("StringLike", "repo:a/b:x")},
            )
        ],
        [],
    ),
    "trust to ForAnyValue": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEquals", "repo:a/b:x")},
                {"assume_role_policy": gh("ForAllValues:StringEquals", "repo:a/b:x")},
            )
        ],
        ["Open to anybody"],
    ),
    "trust StringEquals to IfExists": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEquals", "repo:a/b:x")},
                {"assume_role_policy": gh("StringEqualsIfExists", "repo:a/b:x")},
            )
        ],
        ["Open to anybody"],
    ),
    "trust IfExists to StringEquals": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEqualsIfExists", "repo:a/b:x")},
                {"assume_role_policy": gh("StringEquals", "repo:a/b:x")},
            )
        ],
        [],
    ),
    "trust StringLike narrowed pattern": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringLike", "repo:a/*")},
                {"assume_role_policy": gh("StringLike", "repo:a/b:*")},
            )
        ],
        [],
    ),
    "trust IgnoreCase": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEquals", "repo:a/b:x")},
                {"assume_role_policy": gh("StringEqualsIgnoreCase", "repo:a/b:x")},
            )
        ],
        ["Wider access"],
    ),
    "trust StringNotEquals swap": (
        [
            up(
                ROLE,
                {"assume_role_policy": gh("StringEquals", "repo:a/b:x")},
                {"assume_role_policy": gh("StringNotEquals", "repo:a/b:x")},
            )
        ],
        ["Open to anybody"],
    ),
    "trust Null condition": (
        [
            up(
                ROLE,
                {
                    "assume_role_policy": trust(
                        Principal={"AWS": "arn:aws:iam::1:root"},
                        Condition={"Null": {"aws:MultiFactorAuthAge": "false"}},
                    )
                },
                {
                    "assume_role_policy": trust(
                        Principal={"AWS": "arn:aws:iam::1:root"}, Condition={"Null": {"aws:MultiFactorAuthAge": "true"}}
                    )
                },
            )
        ],
        ["Wider access"],
    ),
    "trust MFA age up": (
        [
            up(
                ROLE,
                {
                    "assume_role_policy": trust(
                        Principal={"AWS": "arn:aws:iam::1:root"},
                        Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}},
                    )
                },
                {
                    "assume_role_policy": trust(
                        Principal={"AWS": "arn:aws:iam::1:root"},
                        Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
                    )
                },
            )
        ],
        ["Wider access"],
    ),
    "trust MFA age down": (
        [
            up(
                ROLE,
                {
                    "assume_role_policy": trust(
                        Principal={"AWS": "arn:aws:iam::1:root"},
                        Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
                    )
                },
                {
                    "assume_role_policy": trust(
                        Principal={"AWS": "arn:aws:iam::1:root"},
                        Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}},
                    )
                },
            )
        ],
        [],
    ),
    "date later": (
        [
            tr(
                cond("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
                cond("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
            )
        ],
        ["Wider access"],
    ),
    "date earlier": (
        [
            tr(
                cond("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
                cond("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
            )
        ],
        [],
    ),
    "ip wider": (
        [tr(cond("IpAddress", "aws:SourceIp", "10.0.0.0/24"), cond("IpAddress", "aws:SourceIp", "10.0.0.0/8"))],
        ["Wider access"],
    ),
    "ip narrower": (
        [tr(cond("IpAddress", "aws:SourceIp", "10.0.0.0/8"), cond("IpAddress", "aws:SourceIp", "10.0.0.0/24"))],
        [],
    ),
    "ip half the internet": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal="*",
                            Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * StringLike *": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal="*",
                            Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:*"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * IfExists": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal="*",
                            Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * ForAllValues": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal="*",
                            Condition={"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * date cond": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal="*",
                            Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * Null cond": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal="*",
                            Condition={"Null": {"aws:PrincipalOrgID": "true"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * prefix cond": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:ListBucket",
                            "arn:aws:s3:::b",
                            Principal="*",
                            Condition={"StringEquals": {"s3:prefix": "a"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * object tag cond": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:GetObject",
                            "arn:aws:s3:::b/*",
                            Principal={"AWS": "*"},
                            Condition={"StringEquals": {"s3:ExistingObjectTag/public": "yes"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal * x-amz-acl cond": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        allow(
                            "s3:PutObject",
                            "arn:aws:s3:::b/*",
                            Principal={"AWS": ["*"]},
                            Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                        )
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "principal CanonicalUser *?": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {"policy": policy(allow("s3:GetObject", "arn:aws:s3:::b/*", Principal={"CanonicalUser": "79a5"}))},
            )
        ],
        ["Wider access"],
    ),
    "Federated *": (
        [tr(trust(Principal={"AWS": "arn:aws:iam::1:root"}), trust(Principal={"Federated": "*"}))],
        ["Open to anybody"],
    ),
    "cognito federated no aud cond": (
        [
            tr(
                trust(Principal={"AWS": "arn:aws:iam::1:root"}),
                trust(
                    Principal={"Federated": "cognito-identity.amazonaws.com"}, Action="sts:AssumeRoleWithWebIdentity"
                ),
            )
        ],
        ["Open to anybody"],
    ),
    "NotAction new": (
        [pol(policy(allow("s3:Get*", "*")), policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}))],
        ["Wider access"],
    ),
    "NotAction list shrinks (wider)": (
        [
            pol(
                policy({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}),
                policy({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}),
            )
        ],
        ["Wider access"],
    ),
    "NotAction list grows (narrower)": (
        [
            pol(
                policy({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}),
                policy({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}),
            )
        ],
        [],
    ),
    "NotResource shrinks": (
        [
            pol(
                policy({"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::a", "arn:aws:s3:::b"]}),
                policy({"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::a"]}),
            )
        ],
        ["Wider access"],
    ),
    "NotResource grows": (
        [
            pol(
                policy({"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::a"]}),
                policy({"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::a", "arn:aws:s3:::b"]}),
            )
        ],
        [],
    ),
    "Deny NotPrincipal grows (wider)": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {
                    "policy": policy(
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "NotPrincipal": {"AWS": ["a"]}}
                    )
                },
                {
                    "policy": policy(
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "NotPrincipal": {"AWS": ["a", "b"]}}
                    )
                },
            )
        ],
        ["Protection removed"],
    ),
    "Deny NotPrincipal shrinks (stricter)": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {
                    "policy": policy(
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "NotPrincipal": {"AWS": ["a", "b"]}}
                    )
                },
                {
                    "policy": policy(
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "NotPrincipal": {"AWS": ["a"]}}
                    )
                },
            )
        ],
        [],
    ),
    "Deny NotAction grows (lifted)": (
        [
            pol(
                policy({"Effect": "Deny", "NotAction": ["a:b"], "Resource": "*"}),
                policy({"Effect": "Deny", "NotAction": ["a:b", "a:c"], "Resource": "*"}),
            )
        ],
        ["Protection removed"],
    ),
    "Allow NotPrincipal": (
        [
            up(
                "aws_s3_bucket_policy.P",
                {"policy": policy()},
                {
                    "policy": policy(
                        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "NotPrincipal": {"AWS": ["a"]}}
                    )
                },
            )
        ],
        ["Open to anybody"],
    ),
    "Action to NotAction covered? Action:* to NotAction iam": (
        [pol(policy(allow("*", "*")), policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}))],
        [],
    ),
    "Action order/case only": (
        [
            pol(
                policy(allow(["s3:GetObject", "s3:PutObject"], "*")),
                policy(allow(["s3:putobject", "S3:GetObject"], "*")),
            )
        ],
        [],
    ),
    "wildcard narrowing": ([pol(policy(allow("s3:*", "*")), policy(allow("s3:Get*", "arn:aws:s3:::b/*")))], []),
    "wildcard ? widening": (
        [pol(policy(allow("s3:GetObject", "arn:aws:s3:::b/a")), policy(allow("s3:GetObject", "arn:aws:s3:::b/?")))],
        ["Wider access"],
    ),
    "resource partial": (
        [pol(policy(allow("s3:GetObject", "arn:aws:s3:::b/in/*")), policy(allow("s3:GetObject", "arn:aws:s3:::b/*")))],
        ["Wider access"],
    ),
    "split statement equal": (
        [
            pol(
                policy(allow(["s3:GetObject", "s3:PutObject"], ["a", "b"])),
                policy(allow("s3:GetObject", ["a", "b"]), allow("s3:PutObject", ["a", "b"])),
            )
        ],
        [],
    ),
    "merge statements cross product": (
        [
            pol(
                policy(allow("s3:GetObject", "a"), allow("s3:PutObject", "b")),
                policy(allow(["s3:GetObject", "s3:PutObject"], ["a", "b"])),
            )
        ],
        ["Wider access"],
    ),
    "deny removed": (
        [pol(policy(allow("s3:*", "*"), deny("s3:Delete*", "*")), policy(allow("s3:*", "*")))],
        ["Protection removed"],
    ),
    "deny added": ([pol(policy(allow("s3:*", "*")), policy(allow("s3:*", "*"), deny("s3:Delete*", "*")))], []),
    "deny condition added (weaker)": (
        [pol(policy(deny("s3:*", "*")), policy(deny("s3:*", "*", Condition={"Bool": {"aws:ViaAWSService": "false"}})))],
        ["Protection removed"],
    ),
    "deny condition removed (stronger)": (
        [pol(policy(deny("s3:*", "*", Condition={"Bool": {"aws:ViaAWSService": "false"}})), policy(deny("s3:*", "*")))],
        [],
    ),
    "deny TLS StringNotEquals wider list": (
        [
            pol(
                policy(deny("s3:*", "*", Condition={"StringNotEquals": {"aws:SourceVpce": ["a"]}})),
                policy(deny("s3:*", "*", Condition={"StringNotEquals": {"aws:SourceVpce": ["a", "b"]}})),
            )
        ],
        ["Protection removed"],
    ),
    "deny StringNotEquals shorter list": (
        [
            pol(
                policy(deny("s3:*", "*", Condition={"StringNotEquals": {"aws:SourceVpce": ["a", "b"]}})),
                policy(deny("s3:*", "*", Condition={"StringNotEquals": {"aws:SourceVpce": ["a"]}})),
            )
        ],
        [],
    ),
    "allow becomes deny": ([pol(policy(allow("s3:*", "*", Sid="x")), policy(deny("s3:*", "*", Sid="x")))], []),
    "invalid JSON policy": (
        [pol(policy(allow("s3:*", "*")), '{"Statement": [{"Effect": "Allow"')],
        ["Cannot be judged"],
    ),
    "Statement list in Statement str": ([pol(policy(allow("s3:*", "*")), '{"Statement": "x"}')], ["Cannot be judged"]),
    "effect lower 'allow'": (
        [pol(policy(), policy({"Effect": "allow", "Action": "*", "Resource": "*"}))],
        ["Cannot be judged"],
    ),
    "Condition list weird": (
        [pol(policy(allow("s3:*", "*")), policy(allow("s3:*", "*", Condition=[1])))],
        ["Cannot be judged"],
    ),
    "dup keys in JSON": (
        [pol('{"Statement":[]}', '{"Statement":[],"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')],
        ["Wider access"],
    ),
    "policy variable": (
        [pol(policy(allow("s3:*", "arn:aws:s3:::b/*")), policy(allow("s3:*", "arn:aws:s3:::b/${aws:username}/*")))],
        [],
    ),
    "iam:PassRole resource widening": (
        [pol(policy(allow("iam:PassRole", "arn:aws:iam::1:role/a")), policy(allow("iam:PassRole", "*")))],
        ["Wider access"],
    ),
    "new role trust anybody": (
        [change(ROLE, None, {"name": "r", "assume_role_policy": trust(Principal="*")})],
        ["Open to anybody"],
    ),
    "new role trust foreign account": (
        [
            change(
                ROLE,
                None,
                {"name": "r", "assume_role_policy": trust(Principal={"AWS": "arn:aws:iam::999999999999:root"})},
            ),
            change(
                "aws_sqs_queue.Q",
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
            ),
        ],
        ["Wider access"],
    ),
    "new role trust own account root": (
        [
            change(
                ROLE,
                None,
                {"name": "r", "assume_role_policy": trust(Principal={"AWS": "arn:aws:iam::123456789012:root"})},
            ),
            change(
                "aws_sqs_queue.Q",
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
            ),
        ],
        [],
    ),
    "new role trust lambda": (
        [change(ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})})],
        [],
    ),
    "new bucket w/ policy foreign account": (
        [
            change("aws_s3_bucket.B", None, {"bucket": "b"}),
            change(
                "aws_s3_bucket_policy.P",
                None,
                {
                    "bucket": "b",
                    "policy": policy(allow("s3:*", "*", Principal={"AWS": "arn:aws:iam::999999999999:root"})),
                },
            ),
            change(
                "aws_sqs_queue.Q",
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
            ),
        ],
        ["Wider access"],
    ),
    "new role + admin inline": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change("aws_iam_role_policy.P", None, {"role": "r", "policy": policy(allow("*", "*"))}),
        ],
        ["Wider access"],
    ),
    "new role + iam:* NotAction": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change(
                "aws_iam_role_policy.P",
                None,
                {"role": "r", "policy": policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})},
            ),
        ],
        ["Wider access"],
    ),
    "new role + iam:PassRole *": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change("aws_iam_role_policy.P", None, {"role": "r", "policy": policy(allow("iam:PassRole", "*"))}),
        ],
        ["Wider access"],
    ),
    "new role + escalation iam:AttachRolePolicy *": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change(
                "aws_iam_role_policy.P",
                None,
                {"role": "r", "policy": policy(allow(["iam:AttachRolePolicy", "iam:PutRolePolicy"], "*"))},
            ),
        ],
        ["Wider access"],
    ),
    "new role + s3:*Object on bucket": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change(
                "aws_iam_role_policy.P",
                None,
                {"role": "r", "policy": policy(allow("s3:GetObject", "arn:aws:s3:::b/*"))},
            ),
        ],
        [],
    ),
    "new role + *:* resource arn:aws:*": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change("aws_iam_role_policy.P", None, {"role": "r", "policy": policy(allow("*:*", "arn:aws:*:*:*:*"))}),
        ],
        ["Wider access"],
    ),
    "new role + dynamodb:* on *": (
        [
            change(
                ROLE, None, {"name": "r", "assume_role_policy": trust(Principal={"Service": "lambda.amazonaws.com"})}
            ),
            change(
                "aws_iam_role_policy.P",
                None,
                {"role": "r", "policy": policy(allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/*"))},
            ),
        ],
        ["Wider access"],
    ),
    "new user + new policy": (
        [
            change("aws_iam_user.U", None, {"name": "u"}),
            change(
                "aws_iam_user_policy.P",
                None,
                {"user": "u", "policy": policy(allow("s3:GetObject", "arn:aws:s3:::b/*"))},
            ),
        ],
        [],
    ),
    "access key": ([change("aws_iam_access_key.K", None, {"user": "u"})], ["Wider access"]),
    "access key deactivated": (
        [up("aws_iam_access_key.K", {"user": "u", "status": "Active"}, {"user": "u", "status": "Inactive"})],
        [],
    ),
    "access key activated": (
        [up("aws_iam_access_key.K", {"user": "u", "status": "Inactive"}, {"user": "u", "status": "Active"})],
        ["Wider access"],
    ),
    "boundary removed": (
        [up(ROLE, {"permissions_boundary": "arn:aws:iam::1:policy/b"}, {"permissions_boundary": None})],
        ["Wider access"],
    ),
    "boundary added": (
        [up(ROLE, {"permissions_boundary": None}, {"permissions_boundary": "arn:aws:iam::1:policy/b"})],
        [],
    ),
    "boundary to admin": (
        [
            up(
                ROLE,
                {"permissions_boundary": "arn:aws:iam::1:policy/b"},
                {"permissions_boundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
            )
        ],
        ["Wider access"],
    ),
    "max session up": ([up(ROLE, {"max_session_duration": 3600}, {"max_session_duration": 43200})], ["Wider access"]),
    "max session down": ([up(ROLE, {"max_session_duration": 43200}, {"max_session_duration": 3600})], []),
    "SCP deny removed": (
        [up("aws_organizations_policy.P", {"content": policy(deny("s3:*", "*"))}, {"content": policy()})],
        ["Protection removed"],
    ),
    "group membership + user": (
        [up("aws_iam_group_membership.M", {"users": ["a"]}, {"users": ["a", "b"]})],
        ["Wider access"],
    ),
    "group membership - user": ([up("aws_iam_group_membership.M", {"users": ["a", "b"]}, {"users": ["a"]})], []),
    "attachment destroyed": (
        [change("aws_iam_role_policy_attachment.A", {"role": "r", "policy_arn": "arn:aws:iam::aws:policy/X"}, None)],
        [],
    ),
    "attach a denying/boundary? AWSDenyAll": (
        [
            change(
                "aws_iam_role_policy_attachment.A",
                None,
                {"role": "r", "policy_arn": "arn:aws:iam::aws:policy/AWSDenyAll"},
            )
        ],
        [],
    ),
    "oidc client id added": (
        [up("aws_iam_openid_connect_provider.O", {"client_id_list": ["a"]}, {"client_id_list": ["a", "b"]})],
        ["Wider access"],
    ),
    "oidc provider created": (
        [change("aws_iam_openid_connect_provider.O", None, {"url": "https://x", "client_id_list": ["a"]})],
        ["Wider access"],
    ),
    "role path/desc": ([up(ROLE, {"description": "a"}, {"description": "b"})], []),
    "password policy removed": (
        [change("aws_iam_account_password_policy.P", {"minimum_password_length": 14}, None)],
        ["Protection removed"],
    ),
    "kms key policy: principal *": (
        [up(KP, {"policy": policy(rootst)}, {"policy": policy(rootst, allow("kms:Decrypt", "*", Principal="*"))})],
        ["Open to anybody"],
    ),
    "kms key policy: other account": (
        [
            up(
                KP,
                {"policy": policy(rootst)},
                {
                    "policy": policy(
                        rootst, allow("kms:Decrypt", "*", Principal={"AWS": "arn:aws:iam::999999999999:root"})
                    )
                },
            )
        ],
        ["Wider access"],
    ),
    "kms key policy: root removed (lockout)": (
        [
            up(
                KP,
                {
                    "policy": policy(
                        rootst, allow("kms:Decrypt", "*", Principal={"AWS": "arn:aws:iam::123456789012:role/x"})
                    )
                },
                {"policy": policy(allow("kms:Decrypt", "*", Principal={"AWS": "arn:aws:iam::123456789012:role/x"}))},
            )
        ],
        ["Data becomes unreadable"],
    ),
    "kms key policy: service removed": (
        [
            up(
                KP,
                {
                    "policy": policy(
                        rootst,
                        allow(
                            ["kms:Decrypt", "kms:GenerateDataKey*"],
                            "*",
                            Principal={"Service": "cloudwatch.amazonaws.com"},
                        ),
                    )
                },
                {"policy": policy(rootst)},
            )
        ],
        ["Data becomes unreadable"],
    ),
    "kms key policy: deny added": (
        [up(KP, {"policy": policy(rootst)}, {"policy": policy(rootst, deny("kms:*", "*", Principal="*"))})],
        ["Data becomes unreadable"],
    ),
    "kms rotation period up": (
        [up(KP, {"rotation_period_in_days": 90}, {"rotation_period_in_days": 365})],
        ["Protection removed"],
    ),
    "kms rotation period down": ([up(KP, {"rotation_period_in_days": 365}, {"rotation_period_in_days": 90})], []),
    "kms rotation period none->2560": (
        [up(KP, {"rotation_period_in_days": None}, {"rotation_period_in_days": 2560})],
        ["Protection removed"],
    ),
    "kms rotation off": (
        [up(KP, {"enable_key_rotation": True}, {"enable_key_rotation": False})],
        ["Protection removed"],
    ),
    "kms deletion window": (
        [up(KP, {"deletion_window_in_days": 30}, {"deletion_window_in_days": 7})],
        ["Kept for less time"],
    ),
    "kms deletion window up": ([up(KP, {"deletion_window_in_days": 7}, {"deletion_window_in_days": 30})], []),
    "kms multi region": ([up(KP, {"multi_region": False}, {"multi_region": True})], []),
    "kms grant new": (
        [
            change(
                "aws_kms_grant.G",
                None,
                {"key_id": "k", "grantee_principal": "arn:aws:iam::1:role/x", "operations": ["Decrypt"]},
            )
        ],
        ["Wider access"],
    ),
    "alias retarget": (
        [up("aws_kms_alias.A", {"target_key_id": "a"}, {"target_key_id": "b"})],
        ["Encryption key changed"],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
