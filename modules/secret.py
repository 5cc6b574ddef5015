import re

from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_policy import SecretsmanagerSecretPolicy
from constructs import Construct

from . import _limits as limits
from ._account import account_id, partition, region
from ._checks import is_token, refuse
from ._paths import path
from .accepted import accept
from .errors import ConfigurationError
from .iam import Condition, Grantee, PolicyDocument, Statement, tls_only
from .key import AnyKey

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
READ_ACTIONS = ("secretsmanager:GetSecretValue",)
NAMES = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"
ARN_END = re.compile("-[A-Za-z0-9]{6}$")
# Letters of both cases, as in the ends that Secrets Manager makes up, and not in words.
PASTED_END = re.compile("-(?=[A-Za-z0-9]{6}$)(?=.*[a-z])(?=.*[A-Z]).*$")
MOST_LEVELS = 15  # of a parameter's path
READ_KEY_ACTIONS = ("kms:Decrypt",)

WITHOUT_KEY = {
    "CKV_AWS_149": "Secrets Manager encrypts with a key of its own for the account; `key` opts in to another"
}
WITHOUT_ROTATION = {"CKV2_AWS_57": "who owns what the secret opens rotates it, by a function of that system"}


class Secret(Construct):
    """A Secrets Manager secret, whose value people put in: it is never in Terraform's code or state.

    Encrypted with Secrets Manager's own key, or with `key`; refuses requests without TLS. Destroyed secrets can be
    restored for `recovery_days` (7 to 30, or 0: at once). Functions get its ARN in their environment and read it by
    `grant_read`. `Secret.from_name` and `Secret.from_arn` take one that exists.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str = "",
        key: AnyKey | None = None,
        recovery_days: float = 30,
    ) -> None:
        super().__init__(scope, id_)
        limits.SECRET_NAME.check(self, "name", name)
        if not is_token(name) and PASTED_END.search(name):
            raise refuse(self, "name", name, f"a name without the end that Secrets Manager adds in an ARN ({NAMES})")
        limits.SECRET_DESCRIPTION.check(self, "description", description)
        if recovery_days != 0:
            limits.RECOVERY_WINDOW_DAYS.check(self, "recovery_days", recovery_days)
        self._key = key
        if key:
            key.check_use(self, "secretsmanager")
        self.resource = SecretsmanagerSecret(
            self,
            "Secret",
            name=name,
            description=description or None,
            kms_key_id=key.arn if key else None,
            recovery_window_in_days=recovery_days,
        )
        accept(self.resource, WITHOUT_ROTATION | ({} if key else WITHOUT_KEY))
        self.name = name
        self.arn: str = self.resource.arn
        self.policy = PolicyDocument(self, "Policy", tls_only(["*"], ["secretsmanager:GetSecretValue"]))
        SecretsmanagerSecretPolicy(self, "SecretPolicy", secret_arn=self.arn, policy=self.policy.json)

    @classmethod
    def from_name(cls, scope: Construct, id_: str, name: str, *, key: AnyKey | None = None) -> "ExistingSecret":
        """A secret of this account and region; `key` is the customer-managed key that encrypts it, if any.

        Raises `ConfigurationError` for a name that ends with a hyphen and six characters (`db-master`): Secrets Manager
        takes them for the end of a complete ARN, and does not find the secret. Use `from_arn` for it.
        """
        where = f"{path(scope)}/{id_}"
        limits.SECRET_NAME.check(where, "name", name)
        if not is_token(name) and ARN_END.search(name):
            raise ConfigurationError(
                f"{where}: name is {name!r}, whose last seven characters Secrets Manager takes for the end that it "
                f"adds in ARNs; give the complete ARN: Secret.from_arn ({NAMES})"
            )
        # Secrets Manager adds a hyphen and six characters to the name.
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_secret
        arn = f"arn:{partition(scope)}:secretsmanager:{region(scope)}:{account_id(scope)}:secret:{name}"
        return ExistingSecret(scope, id_, arn, f"{arn}-??????", key)

    @classmethod
    def from_arn(cls, scope: Construct, id_: str, arn: str, *, key: AnyKey | None = None) -> "ExistingSecret":
        """A secret by its complete ARN, with the six characters at its end; `key` as in `from_name`."""
        if not is_token(arn):
            limits.SECRET_ARN.check(f"{path(scope)}/{id_}", "arn", arn)
        return ExistingSecret(scope, id_, arn, arn, key)

    def grant_read(self, grantee: Grantee) -> None:
        """Let the grantee read the secret's value, and decrypt it where `key` encrypts it."""
        _grant_read(self, grantee, self.arn, self._key)


class ExistingSecret(Construct):
    """An existing secret: `Secret.from_name` or `Secret.from_arn`."""

    def __init__(self, scope: Construct, id_: str, arn: str, granted_arn: str, key: AnyKey | None) -> None:
        super().__init__(scope, id_)
        self.arn = arn
        self._granted_arn = granted_arn
        self._key = key
        if key:
            key.check_use(self, "secretsmanager")

    def grant_read(self, grantee: Grantee) -> None:
        """Let the grantee read the secret's value, and decrypt it where `key` encrypts it."""
        _grant_read(self, grantee, self._granted_arn, self._key)


class Parameter(Construct):
    """A parameter of SSM Parameter Store that exists already in this account and region: `name` begins with `/` or not.

    Its value is never in Terraform's code or state: a function gets the name in its environment and reads the value by
    `grant_read`. `key` is the customer-managed key of a `SecureString`, if it has one; AWS's own key needs no grant.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, key: AnyKey | None = None) -> None:
        super().__init__(scope, id_)
        limits.PARAMETER_NAME.check(self, "name", name)
        if not is_token(name):
            self._check_name(name)
        self.name = name
        inside = name.removeprefix("/")
        self.arn = f"arn:{partition(self)}:ssm:{region(self)}:{account_id(self)}:parameter/{inside}"
        self._key = key
        if key:
            key.check_use(self, "ssm")

    def _check_name(self, name: str) -> None:
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
        if name.lower().removeprefix("/").startswith(("aws", "ssm")):
            raise refuse(self, "name", name, "no name that begins with aws or ssm")
        levels = name.removeprefix("/").split("/")
        if len(levels) > 1 and not name.startswith("/"):
            raise refuse(self, "name", name, f"a path with a slash at its beginning: '/{name}'")
        if not all(levels):
            raise refuse(self, "name", name, "single slashes between its parts, and none at its end")
        if len(levels) > MOST_LEVELS:
            raise refuse(self, "name", name, f"{MOST_LEVELS} levels")

    def grant_read(self, grantee: Grantee) -> None:
        """Let the grantee read the parameter's value, and decrypt it where `key` encrypts it."""
        statements = [
            Statement(sid="ReadParameter", actions=["ssm:GetParameter", "ssm:GetParameters"], resources=[self.arn])
        ]
        if self._key:
            statements.append(
                Statement(
                    sid="DecryptParameter",
                    actions=READ_KEY_ACTIONS,
                    resources=[self._key.arn],
                    # https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
                    conditions=[Condition("StringEquals", "kms:EncryptionContext:PARAMETER_ARN", [self.arn])],
                )
            )
        grantee.allow(self, "Read", *statements)


def _grant_read(scope: Construct, grantee: Grantee, arn: str, key: AnyKey | None) -> None:
    statements = [Statement(sid="ReadSecret", actions=READ_ACTIONS, resources=[arn])]
    if key:
        statements.append(
            Statement(
                sid="DecryptSecret",
                actions=READ_KEY_ACTIONS,
                resources=[key.arn],
                # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
                conditions=[Condition("StringLike", "kms:EncryptionContext:SecretARN", [arn])],
            )
        )
    grantee.allow(scope, "Read", *statements)
