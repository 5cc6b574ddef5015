import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from .deployment_permissions import Place, deploying, reviewing
from .errors import ConfigurationError
from .iam import Condition, PolicyDocument, Statement

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
HOUR = 60 * 60

REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
ENVIRONMENT = re.compile(r"[A-Za-z0-9._-]{1,255}")


class GithubIdentity(Construct):
    """GitHub's identity provider in an account: workflows prove who they are, no key of AWS's is stored anywhere.

    An account has one for each issuer; whoever makes it owns it.
    https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        # AWS trusts GitHub's certificate by itself: no thumbprint to keep up to date.
        self.resource = IamOpenidConnectProvider(self, "Provider", url=f"https://{ISSUER}", client_id_list=[AUDIENCE])
        self.arn: str = self.resource.arn


class GithubDeployer(Construct):
    """The role with which a GitHub repository's workflows review and deploy the systems.

    Only runs of `repository` ("owner/name") may take it: with `environment`, those that GitHub admits to that
    environment (whose protection rules then decide), and the role may deploy; without, those of pull requests, and
    the role may only read what a plan reads. The trust names repository and environment exactly, without wildcards.
    Either touches only what is called by one of `names` ("sluice-*"), the state below `state_prefix`, and the reviewed
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
        identity: GithubIdentity,
        repository: str,
        place: Place,
        names: Sequence[str],
        environment: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        if not REPOSITORY.fullmatch(repository):
            raise ConfigurationError(f"{name}: repository is {repository!r}; give owner/name, without wildcards")
        if environment is not None and not ENVIRONMENT.fullmatch(environment):
            raise ConfigurationError(f"{name}: environment is {environment!r}; give its name, without wildcards")
        itself = [pattern for pattern in names if fnmatchcase(name, pattern)]
        if itself:
            raise ConfigurationError(f"{name}: {itself[0]!r} matches the role's own name: it could give itself rights")
        subject = f"environment:{environment}" if environment else "pull_request"
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
        self.arn: str = self.resource.arn
        parts = {"Review": reviewing(place, names)}
        if environment:
            parts["Deploy"] = deploying(place, names)
        for id_part, statements in parts.items():
            grant = Construct(self, id_part)
            document = PolicyDocument(grant, "Policy", *statements)
            IamRolePolicy(grant, "RolePolicy", name=id_part, role=self.resource.name, policy=document.json)
