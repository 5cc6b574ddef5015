"""The one naming rule: project-system-part-environment; bucket names also carry the account id.

Where a system's requirements fix a name, it is part-environment (`Names.fixed`).
"""

import re
from dataclasses import dataclass

from .errors import ConfigurationError

# The account id is a reference that Terraform resolves to 12 digits.
ACCOUNT_ID_LENGTH = 12

_LOWER = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True)
class Names:
    """Physical names of one system's resources in one environment.

    Each method checks AWS's own limit for that kind of resource and raises `ConfigurationError` naming the settings
    to change, so that a name AWS would refuse never reaches a plan.
    """

    project: str
    system: str
    environment: str

    @property
    def fixed(self) -> "Names":
        """For names that a system's requirements give as part-environment, under the same limits.

        They tell no projects apart: an account and region holds such a system once for each environment.
        """
        return Names("", "", self.environment)

    def bucket(self, part: str, account_id: str) -> str:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: 3 to 63 characters."""
        return f"{self._name('bucket', part, 63 - ACCOUNT_ID_LENGTH - 1)}-{account_id}"

    def function(self, part: str) -> str:
        """https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html: at most 64 characters.

        The function's role has the same name and the same limit.
        """
        return self._name("function", part, 64)

    def table(self, part: str) -> str:
        """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html."""
        return self._name("table", part, 255)

    def topic(self, part: str) -> str:
        """https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html: at most 256 characters."""
        return self._name("topic", part, 256)

    def queue(self, part: str) -> str:
        """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html: at most 80."""
        return self._name("queue", part, 80)

    def api(self, part: str) -> str:
        """The name of a REST API, also part of its log group's name."""
        return self._name("REST API", part, 128)

    def dashboard(self, part: str) -> str:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html: at most 255."""
        return self._name("dashboard", part, 255)

    def key_alias(self, part: str) -> str:
        """https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html: alias/ and at most 250 more."""
        return f"alias/{self._name('key alias', part, 250)}"

    def _name(self, kind: str, part: str, longest: int) -> str:
        name = "-".join(filter(None, [self.project, self.system, part, self.environment]))
        settings = {"PROJECT": self.project, "ENVIRONMENT_SUFFIX": self.environment}
        in_use = {setting: value for setting, value in settings.items() if value}
        if len(name) > longest:
            raise ConfigurationError(
                f"{', '.join(in_use)}: the {kind} name {name!r} has {len(name)} characters, "
                f"AWS allows {longest} here; shorten "
                + " or ".join(f"{setting} ({value!r})" for setting, value in in_use.items())
            )
        if not _LOWER.fullmatch(name):
            raise ConfigurationError(
                f"{', '.join(in_use)}: the {kind} name {name!r} has characters AWS refuses; "
                "use lower-case letters, digits and hyphens"
            )
        return name
