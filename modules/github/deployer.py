import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from .._account import account_id, dns_suffix, partition
from .._checks import check_template, is_token, known_part, refuse
from .._limits import ROLE_NAME
from .._paths import path
from ..accepted import accept
from ..errors import ConfigurationError
from ..iam import Condition, PolicyDocument, Statement
from .permissions import ArnAccount, DeploymentTarget, deploying, reviewing

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
HOUR = 60 * 60

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 6,144 characters, with a margin.
LONGEST_POLICY = 6000
REFERENCE = 10  # a reference to the partition, after it is resolved
STATEMENT_FRAME = 200  # effect, Sid, keys of the statement, and a condition

TRUST_ACCEPTED = dict.fromkeys(
    ("UNKNOWN_FEDERATION_SOURCE", "UNKNOWN_CONDITION_FOR_ACTION"),
    "GitHub's identity provider and its condition keys, which the linter does not know",
)
STARRED = {"cloudwatch:DescribeAlarms", "kms:TagResource"}
NO_NAMES = "a plan lists alarms by what may be no name yet, and a key has no name: what else is asked for is named"
ALIASES = "an alias is made with a right to the alias and one to its key, which are in different statements"
POLICIES = "what deploys a bucket writes its policy; only buckets of these names, in runs that a reviewer admits"
REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
# Printable, with blanks inside, without wildcards.
ENVIRONMENT = re.compile(r"(?! )[^*?\x00-\x1f\x7f]{1,255}(?<! )")
PROVIDER_ARN = re.compile(rf"arn:[a-z-]+:iam::[0-9]{{12}}:oidc-provider/{re.escape(ISSUER)}")


class GithubIdentity(Construct):
    """GitHub's identity provider in an account: workflows prove who they are, no key of AWS's is stored anywhere.

    An account has one for each issuer; whoever makes it owns it. `GithubIdentity.from_arn` takes one that exists.
    https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        # AWS trusts GitHub's certificate authority, so no thumbprint is needed.
        self.resource = IamOpenidConnectProvider(self, "Provider", url=f"https://{ISSUER}", client_id_list=[AUDIENCE])
        self.arn: str = self.resource.arn

    @classmethod
    def from_arn(cls, scope: Construct, id_: str, arn: str) -> "ExistingGithubIdentity":
        """GitHub's identity provider that the account has already. Raises `ConfigurationError` for another's ARN."""
        if not is_token(arn) and not PROVIDER_ARN.fullmatch(arn):
            example = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
            raise refuse(f"{path(scope)}/{id_}", "arn", arn, f"the ARN of GitHub's provider such as {example}")
        return ExistingGithubIdentity(scope, id_, arn)


class ExistingGithubIdentity(Construct):
    """An existing identity provider for GitHub in the account."""

    def __init__(self, scope: Construct, id_: str, arn: str) -> None:
        super().__init__(scope, id_)
        self.arn = arn


class GithubDeployer(Construct):
    """The role with which a GitHub repository's workflows review and deploy the systems.

    Only runs of `repository` ("owner/name") may take it: with `environment`, those that GitHub admits to that
    environment (whose protection rules then decide), and the role may deploy; without, those of pull requests, and
    the role may only read what a plan reads. The trust names repository and environment exactly, without wildcards.
    Either touches only what is called by one of `names` (`sluice-*`), the state below `state_prefix`, and the reviewed
    plans beside it. Sessions last an hour. Raises `ConfigurationError` for a wildcard in the repository, and where
    the role could rewrite itself because `names` match its own.

    What deploys functions can give them rights: `environment` should ask for a reviewer.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        identity: GithubIdentity | ExistingGithubIdentity,
        repository: str,
        target: DeploymentTarget,
        names: Sequence[str],
        environment: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._name = name
        ROLE_NAME.check(self, "name", name)
        texts = {"repository": repository, "environment": environment or ""}
        texts |= {f"target.{part}": value for part, value in vars(target).items() if isinstance(value, str)}
        texts |= {f"names[{number}]": pattern for number, pattern in enumerate(names)}
        for parameter, text in texts.items():
            check_template(self, parameter, text)
        if not is_token(repository) and not REPOSITORY.fullmatch(repository):
            raise ConfigurationError(f"{name}: repository is {repository!r}; give owner/name, without wildcards")
        if environment is not None and not is_token(environment) and not ENVIRONMENT.fullmatch(environment):
            raise ConfigurationError(f"{name}: environment is {environment!r}; give its name, without wildcards")
        itself = [pattern for pattern in names if fnmatchcase(name, pattern)]
        if itself:
            raise ConfigurationError(f"{name}: {itself[0]!r} matches the role's own name: it could give itself rights")
        for parameter, values in {"names": names, "target.regions": target.regions}.items():
            if not values:
                raise ConfigurationError(f"{name}: {parameter} is empty; the role could do nothing")
        # https://docs.github.com/en/actions/reference/security/oidc#filtering-for-a-specific-environment
        subject = f"environment:{environment.replace(':', '%3A')}" if environment else "pull_request"
        trust = PolicyDocument(
            self,
            "AssumeRole",
            Statement(
                sid="GithubWorkflows",
                principals={"Federated": [identity.arn]},
                actions=["sts:AssumeRoleWithWebIdentity"],
                resources=[],
                conditions=[
                    Condition("StringEquals", f"{ISSUER}:aud", [AUDIENCE]),
                    Condition("StringEquals", f"{ISSUER}:sub", [f"repo:{repository}:{subject}"]),
                ],
            ),
        )
        self.resource = IamRole(self, "Role", name=name, assume_role_policy=trust.json, max_session_duration=HOUR)
        accept(self.resource, TRUST_ACCEPTED)
        self.arn: str = self.resource.arn
        account = ArnAccount(target.account_id or account_id(self), partition(self), dns_suffix(self))
        self._allow("Review", reviewing(target, account, names))
        if environment:
            self._allow("Deploy", deploying(target, account, names))

    def _allow(self, part: str, statements: Sequence[Statement]) -> None:
        # As many managed policies as needed: a role's inline policies share 10,240 characters.
        for number, portion in enumerate(_portions(statements), start=1):
            grant = Construct(self, f"{part}{number}")
            document = PolicyDocument(grant, "Policy", *portion)
            policy = IamPolicy(
                grant, "ManagedPolicy", name=f"{self._name}-{part.lower()}-{number}", policy=document.json
            )
            accept(policy, _acceptable(portion))
            IamRolePolicyAttachment(grant, "Attachment", role=self.resource.name, policy_arn=policy.arn)


def _acceptable(statements: Sequence[Statement]) -> dict[str, str]:
    """What scanners say of these statements, with the reasons."""
    actions = {action for statement in statements for action in statement.actions}
    everywhere = {action for statement in statements if "*" in statement.resources for action in statement.actions}
    return {
        **({"RESOURCE_STAR": NO_NAMES} if everywhere & STARRED else {}),
        **({"CKV_AWS_356": NO_NAMES} if "cloudwatch:DescribeAlarms" in everywhere else {}),
        **({"RESOURCE_MISMATCH": ALIASES} if "kms:CreateAlias" in actions else {}),
        **({"RESOURCE_POLICY_PRIVILEGE_ESCALATION": POLICIES} if "s3:PutBucketPolicy" in actions else {}),
    }


def _portions(statements: Sequence[Statement]) -> list[list[Statement]]:
    """The statements in order, split before a policy would exceed AWS's limit."""
    portions: list[list[Statement]] = [[]]
    size = 0
    for statement in statements:
        conditions = [text for one in statement.conditions for text in (one.test, one.variable, *one.values, "{}[]")]
        length = STATEMENT_FRAME + sum(
            len(known_part(one)) + (REFERENCE if is_token(one) else 0) + 3
            for one in (*statement.actions, *statement.resources, *conditions)
        )
        if size + length > LONGEST_POLICY:
            portions.append([])
            size = 0
        portions[-1].append(statement)
        size += length
    return portions
