"""KMS."""

import re

from .._checks import Number, Text

_KMS = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"
KEY_ALIAS = Text(
    "[A-Za-z0-9/_-]",
    "letters, digits and / _ -, beginning with alias/ and not with alias/aws/",
    7,
    256,
    _KMS,
    lambda text: None if re.match(r"alias/(?!aws/)", text) else "it has to begin with alias/, and not with alias/aws/",
)
SERVICE_NAME = Text(
    "[a-z0-9.-]",
    "lower-case letters, digits, - and .: a service such as dynamodb, or its name in a region",
    2,
    128,
    "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
)
KEY_DESCRIPTION = Text(
    r"(?s:.)", "characters", 0, 8192, "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"
)
KEY_POLICY_BYTES = Number(
    1,
    32_768,
    "bytes of a key's policy; give some of its users another key",
    "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
)
DELETION_WINDOW_DAYS = Number(
    7, 30, "days", "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"
)
