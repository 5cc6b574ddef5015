"""AWS's limits for the arguments of the classes, by service, each with a link to AWS's page.

Use: `limits.FUNCTION_NAME.check(self, "name", name)`.
"""

from .api_gateway import *  # noqa: F403
from .cloudwatch import *  # noqa: F403
from .dynamodb import *  # noqa: F403
from .eventbridge import *  # noqa: F403
from .iam import *  # noqa: F403
from .kms import *  # noqa: F403
from .lambda_functions import *  # noqa: F403
from .s3 import *  # noqa: F403
from .secrets_manager import *  # noqa: F403
from .sns import *  # noqa: F403
from .sqs import *  # noqa: F403
from .units import *  # noqa: F403
