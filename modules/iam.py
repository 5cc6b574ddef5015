"""IAM policies, always as `aws_iam_policy_document` data sources, which scanners can read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cdktf import TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from ._checks import check_template, is_token, known_part
from ._identifiers import digest, shorten
from ._limits import POLICY_NAME
from ._paths import path
from ._stack import stack_of
from .errors import ConfigurationError

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
POLICIES_OF_A_ROLE = 10_240
POLICY_FRAME = 40  # version and statement list
STATEMENT_FRAME = 60  # names of a statement's parts
EXAMPLE = "arn:aws:s3:::uploads/*"
SIDS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html"
SID = re.compile("[A-Za-z0-9]*")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATORS = re.compile(
    r"(?:For(?:All|Any)Values?:)?(?:"
    r"(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)"
    r"|(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Arn(?:Not)?(?:Equals|Like)|Bool|BinaryEquals|(?:Not)?IpAddress)(?:IfExists)?|Null)"
)
ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")


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

    @property
    def size(self) -> int:
        """The approximate number of characters in IAM's JSON; a reference to an ARN counts as 50."""
        texts = [self.sid, *self.actions, *self.resources]
        texts += [text for one in self.conditions for text in (one.test, one.variable, *one.values)]
        return STATEMENT_FRAME + sum(3 + len(known_part(text)) + 50 * is_token(text) for text in texts)

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


def _check_statement(where: str, statement: Statement) -> None:
    """Raises `ConfigurationError` for what IAM refuses."""
    if not is_token(statement.sid) and not SID.fullmatch(statement.sid):
        raise ConfigurationError(
            f"{where}: a statement's sid is {statement.sid!r}, IAM allows letters and digits ({SIDS})"
        )
    for resource in statement.resources:
        check_template(where, f"resources of {statement.sid}", resource)
    _check_parts(where, statement)
    if not statement.actions:
        raise ConfigurationError(f"{where}: the statement {statement.sid} has no actions; name one, as in s3:GetObject")
    for action in statement.actions:
        if not is_token(action) and not ACTION.fullmatch(action):
            raise ConfigurationError(
                f"{where}: the statement {statement.sid} has the action {action!r}; give a service and one of its "
                "actions, as in s3:GetObject"
            )


def _check_parts(where: str, statement: Statement) -> None:
    named = f"{where}: the statement {statement.sid}"
    if not is_token(statement.effect) and statement.effect not in ("Allow", "Deny"):
        raise ConfigurationError(f"{named} has the effect {statement.effect!r}; give Allow or Deny")
    for resource in statement.resources:
        if not is_token(resource) and resource != "*" and not resource.startswith("arn:"):
            raise ConfigurationError(f"{named} has the resource {resource!r}; give an ARN, such as {EXAMPLE}, or *")
    for condition in statement.conditions:
        if not is_token(condition.test) and not OPERATORS.fullmatch(condition.test):
            raise ConfigurationError(f"{named} has the condition {condition.test!r}; give an operator, as StringEquals")
        if not is_token(condition.variable) and ":" not in condition.variable:
            raise ConfigurationError(f"{named} compares {condition.variable!r}; give a key, as aws:SourceAccount")
        if not condition.values:
            raise ConfigurationError(f"{named} compares {condition.variable} with nothing; give a value")


class PolicyDocument:
    """A policy document to which statements can be added until synth; `json` is the argument of a policy resource."""

    def __init__(self, scope: Construct, id_: str, *statements: Statement) -> None:
        self._where = f"{path(scope)}/{id_}"
        self._statements: list[Statement] = []
        self._blocks: list[DataAwsIamPolicyDocumentStatement] = []
        self._take(statements)
        self.resource = DataAwsIamPolicyDocument(scope, id_, statement=self._blocks or None)
        self.json: str = self.resource.json

    def add(self, *statements: Statement) -> None:
        """Add statements; duplicates are ignored."""
        if self._take(statements):
            self.resource.put_statement(self._blocks)

    def put(self, statement: Statement) -> None:
        """Add a statement, or replace the one with its `sid`."""
        for position, known in enumerate(self._statements):
            if known.sid == statement.sid:
                if known == statement:
                    return
                self._statements[position] = statement
                _check_statement(self._where, statement)
                self._blocks[position] = statement.block()
                self.resource.put_statement(self._blocks)
                return
        self.add(statement)

    def find(self, sid: str) -> Statement | None:
        """The statement with that `sid`."""
        return next((known for known in self._statements if known.sid == sid), None)

    @property
    def size(self) -> int:
        """The approximate number of characters in IAM's JSON."""
        return POLICY_FRAME + sum(statement.size for statement in self._statements)

    def _take(self, statements: Sequence[Statement]) -> bool:
        new = [one for one in statements if one not in self._statements]
        sids = [one.sid for one in (*self._statements, *new) if one.sid]
        twice = sorted({sid for sid in sids if sids.count(sid) > 1})
        if twice:
            raise ConfigurationError(
                f"{self._where}: two statements have the sid {twice[0]}; IAM takes each once ({SIDS})"
            )
        if len({bool(one.principals) for one in (*self._statements, *new)}) > 1:
            raise ConfigurationError(
                f"{self._where}: some statements have principals and others have none; a role's policy has none, and "
                "each statement of a resource's policy names whom it is about"
            )
        self._statements += new
        for one in new:
            _check_statement(self._where, one)
        self._blocks += [one.block() for one in new]
        return bool(new)


def service_role(
    scope: Construct, *, name: str, sid: str, service: str, conditions: Sequence[Condition] = ()
) -> IamRole:
    """A construct's role, which only an AWS service (`lambda.amazonaws.com`) may assume. `sid` names the statement."""
    trust = Statement(
        sid=sid,
        principals={"Service": [service]},
        actions=["sts:AssumeRole"],
        resources=[],
        conditions=conditions,
    )
    document = PolicyDocument(scope, "AssumeRole", trust)
    return IamRole(scope, "Role", name=name, assume_role_policy=document.json)


class Grantee(Protocol):
    """The interface of what permissions can be granted to: a function, or an existing role (`Role.from_name`)."""

    @property
    def role_name(self) -> str:
        """The name of the IAM role that gets the permissions."""

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource. Repeated calls add nothing."""


# The lifecycle of a role's inline policies in the stack of a construct.
Lifecycle = Callable[[Construct], TerraformResourceLifecycle | None]


class RolePolicies:
    """The inline policies of one role, each named after a verb and a resource."""

    def __init__(self, scope: Construct, role_name: str, lifecycle: Lifecycle = lambda scope: None) -> None:
        self._scope = scope
        self._role_name = role_name
        self._lifecycle = lifecycle
        self._stack_path = path(stack_of(scope))
        self._granted: dict[tuple[str, str], _Grant] = {}
        self._ids: set[str] = set()
        self._dependent_stacks: set[TerraformStack] = set()
        self._size = 0

    def add(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """One policy, named after the verb and the resource's place in the stack; a second call adds nothing.

        Raises `ConfigurationError` where that verb was granted with other statements, and where all of a role's
        inline policies would be longer than IAM allows.
        """
        inside = path(resource).removeprefix(self._stack_path).strip("/")
        id_ = verb + "".join(inside.split("/"))
        if (verb, inside) in self._granted:
            grant = self._granted[verb, inside]
            if grant.statements != statements:
                raise ConfigurationError(f"{path(self._scope)}: two different grants are called {id_}")
            return grant.policy
        for statement in statements:
            if statement.principals or not statement.resources:
                raise ConfigurationError(
                    f"{path(self._scope)}: the statement {statement.sid} of {id_} needs resources and no principals: "
                    "it is about the role's own requests"
                )
        self._size += POLICY_FRAME + sum(statement.size for statement in statements)
        if self._size > POLICIES_OF_A_ROLE:
            raise ConfigurationError(
                f"{path(self._scope)}: with {id_} the {len(self._granted) + 1} policies of its role have about "
                f"{self._size} characters, IAM allows {POLICIES_OF_A_ROLE} in all; grant wider prefixes, or divide the "
                "work between two functions"
            )
        if id_ in self._ids:  # Distinguishes Read of LogsIn from ReadLogs of In.
            id_ += digest(f"{verb} {inside}", self._scope)
        self._ids.add(id_)
        grant = self._granted[verb, inside] = _Grant(resource, id_, statements)
        scope = resource if stack_of(resource) in self._dependent_stacks else self._scope
        return self._make(grant, scope)

    def keep_apart_from(self, resource: Construct) -> None:
        """Say that the resource's stack depends on the role's: policies about its resources then are in that stack.

        In the role's stack they would make it depend on the resource's stack, and neither could be deployed first.
        """
        stack = stack_of(resource)
        if stack is stack_of(self._scope) or stack in self._dependent_stacks:
            return
        self._dependent_stacks.add(stack)
        for grant in self._granted.values():
            if stack_of(grant.resource) is stack:
                self._scope.node.try_remove_child(grant.id)
                self._make(grant, grant.resource)

    def _make(self, grant: "_Grant", scope: Construct) -> IamRolePolicy:
        # Policies of several roles can be in the scope of one resource.
        id_ = grant.id if scope is self._scope else grant.id + digest(path(self._scope), self._scope)
        construct = Construct(scope, id_)
        document = PolicyDocument(construct, "Policy", *grant.statements)
        name = shorten(grant.id, POLICY_NAME.longest, POLICY_NAME.characters)
        grant.policy = IamRolePolicy(
            construct,
            "RolePolicy",
            name=name,
            role=self._role_name,
            policy=document.json,
            lifecycle=self._lifecycle(construct),
        )
        return grant.policy


class _Grant:
    """One inline policy, and the statements it was made from."""

    policy: IamRolePolicy

    def __init__(self, resource: Construct, id_: str, statements: tuple[Statement, ...]) -> None:
        self.resource = resource
        self.id = id_
        self.statements = statements


def tls_only(resources: Sequence[str], actions: Sequence[str]) -> Statement:
    """Deny requests without TLS.

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
