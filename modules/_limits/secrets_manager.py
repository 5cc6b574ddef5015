"""Secrets Manager and SSM Parameter Store."""

import re

from .._checks import Number, Text

_SECRETS_MANAGER = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"
SECRET_NAME = Text("[A-Za-z0-9/_+=.@-]", "letters, digits and / _ + = . @ -", 1, 512, _SECRETS_MANAGER)
SECRET_DESCRIPTION = Text(r"(?s:.)", "characters", 0, 2048, _SECRETS_MANAGER)
RECOVERY_WINDOW_DAYS = Number(
    7, 30, "days (or 0)", "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"
)
SECRET_ARN = Text(
    "[A-Za-z0-9/_+=.@:-]",
    "characters: a secret's complete ARN such as arn:aws:secretsmanager:us-east-1:123456789012:secret:name-AbCdEf",
    20,
    2048,
    _SECRETS_MANAGER,
    lambda text: (
        None
        if re.fullmatch(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+-[A-Za-z0-9]{6}", text)
        else "the end with six characters is missing, or it is another thing's"
    ),
)
PARAMETER_NAME = Text(
    "[A-Za-z0-9_./-]",
    "letters, digits and _ . - /",
    1,
    1011,
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html",
)
