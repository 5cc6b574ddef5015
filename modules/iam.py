"""IAM policies, always as `aws_iam_policy_document` data sources: that is the form scanners can read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct


@dataclass(frozen=True)
class Condition:
    """One condition: operator (`StringEquals`), condition key (`aws:SourceAccount`) and the accepted values."""

    test: str
    variable: str
    values: Sequence[str]


@dataclass(frozen=True)
class Statement:
    """One policy statement.

    `principals` is left empty in a role's policy; in a resource policy it maps a principal type (`Service`, `AWS`,
    `*`) to identifiers.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    effect: str = "Allow"
    principals: dict[str, Sequence[str]] = field(default_factory=dict)
    conditions: Sequence[Condition] = ()

    def block(self) -> DataAwsIamPolicyDocumentStatement:
        return DataAwsIamPolicyDocumentStatement(
            sid=self.sid,
            effect=self.effect,
            actions=list(self.actions),
            resources=list(self.resources),
            principals=[
                DataAwsIamPolicyDocumentStatementPrincipals(type=kind, identifiers=list(identifiers))
                for kind, identifiers in self.principals.items()
            ]
            or None,
            condition=[
                DataAwsIamPolicyDocumentStatementCondition(
                    test=condition.test, variable=condition.variable, values=list(condition.values)
                )
                for condition in self.conditions
            ]
            or None,
        )


class PolicyDocument:
    """A policy document that grows while the stack is built; `json` is what a policy resource takes."""

    def __init__(self, scope: Construct, id_: str, *statements: Statement) -> None:
        self._statements: list[Statement] = []
        self._blocks: list[DataAwsIamPolicyDocumentStatement] = []
        self._take(statements)
        self.resource = DataAwsIamPolicyDocument(scope, id_, statement=self._blocks or None)
        self.json: str = self.resource.json

    def add(self, *statements: Statement) -> None:
        """Add statements; one that is there already adds nothing."""
        if self._take(statements):
            self.resource.put_statement(self._blocks)

    def _take(self, statements: Sequence[Statement]) -> bool:
        new = [one for one in statements if one not in self._statements]
        self._statements += new
        self._blocks += [one.block() for one in new]
        return bool(new)


class Grantee(Protocol):
    """What rights can be granted to: a function's role, for example."""

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource; a second call adds nothing."""


def tls_only(resources: Sequence[str], actions: Sequence[str]) -> Statement:
    """Refuse requests that do not use TLS.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return Statement(
        sid="DenyInsecureTransport",
        effect="Deny",
        principals={"*": ["*"]},
        actions=actions,
        resources=resources,
        conditions=[Condition("Bool", "aws:SecureTransport", ["false"])],
    )
