import re

from cdktf import Fn, Precondition, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from ._account import account_id, partition, provider_accounts
from ._checks import is_token, refuse
from ._expressions import writes_hcl
from ._limits import ROLE_NAME
from ._paths import path
from .errors import ConfigurationError
from .iam import RolePolicies, Statement

ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/(?:[!-~]+/)?([A-Za-z0-9_+=,.@-]{1,64})")
# There every role is of this account, whatever its ARN says.
LOCAL_ACCOUNT = "000000000000"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html,
# https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
OF_AWS = ("/aws-service-role/", "/aws-reserved/")


class Role(Construct):
    """An IAM role that exists already, in this account: all `grant_*` methods take it in a function's place.

    Each grant is an inline policy of its own, so that the role's other policies stay as they are. Get one by
    `Role.from_name` or, where the role has a path, `Role.from_arn`.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, arn: str) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.arn = arn
        match = None if is_token(arn) else ARN.fullmatch(arn)
        self._account_id = match[1] if match else None
        self._policies = RolePolicies(self, name, self._only_in_its_account)

    @classmethod
    def from_name(cls, scope: Construct, id_: str, name: str) -> "Role":
        """The role of that name, whose path is `/`. Raises `ConfigurationError` for a name that IAM does not allow."""
        ROLE_NAME.check(f"{path(scope)}/{id_}", "name", name)
        return cls(scope, id_, name=name, arn=f"arn:{partition(scope)}:iam::{account_id(scope)}:role/{name}")

    @classmethod
    def from_arn(cls, scope: Construct, id_: str, arn: str) -> "Role":
        """The role with that ARN, which may have a path.

        Raises `ConfigurationError` for what is no role's ARN, for roles that AWS manages, which nobody may change, and
        for a grant in a stack whose provider is for another account. Where only Terraform knows the stack's account,
        the plan of a grant to a role of another account fails with the same words.
        """
        if is_token(arn):
            return cls(scope, id_, name=Token.as_string(Fn.element(Fn.reverse(Fn.split("/", arn)), 0)), arn=arn)
        match = ARN.fullmatch(arn)
        if match is None:
            raise refuse(
                f"{path(scope)}/{id_}", "arn", arn, "a role's ARN such as arn:aws:iam::123456789012:role/worker"
            )
        if any(reserved in arn for reserved in OF_AWS):
            raise ConfigurationError(
                f"{path(scope)}/{id_}: {arn} is managed by AWS, which lets nobody add policies to it"
            )
        return cls(scope, id_, name=match[2], arn=arn)

    @property
    def role_name(self) -> str:
        """The name of the role."""
        return self.name

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource. Repeated calls add nothing."""
        return self._policies.add(resource, verb, *statements)

    def _only_in_its_account(self, scope: Construct) -> TerraformResourceLifecycle | None:
        """The precondition of a policy in the stack of `scope`: IAM takes policies for its account's roles only."""
        if self._account_id is None:
            return None
        words = (
            f"{path(self)}: {self.arn} is of another account than the stack, and only that account's stacks can add "
            "policies to it. Grant there, or to a role of this account that the other may assume"
        )
        known = provider_accounts(scope)
        if known and self._account_id not in known:
            raise ConfigurationError(words)
        if writes_hcl(scope):  # cdktf cannot write a precondition in HCL; IAM refuses the policy then
            return None
        condition = Fn.contains([self._account_id, LOCAL_ACCOUNT], account_id(scope))
        return TerraformResourceLifecycle(precondition=[Precondition(condition=condition, error_message=words)])
