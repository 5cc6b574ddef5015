"""EventBridge and EventBridge Scheduler."""

import re

from .._checks import Count, Number, Text
from .units import DAY

SCHEDULE_NAME = Text(
    "[A-Za-z0-9_.-]",
    "letters, digits and _ . -",
    1,
    64,
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
)
_RULE = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"
RULE_NAME = Text("[A-Za-z0-9_.-]", "letters, digits and _ . -", 1, 64, _RULE)
RULE_DESCRIPTION = Text(r"(?s:.)", "characters", 0, 512, _RULE)
EVENT_PATTERN = Text(
    r"(?s:.)",
    "characters of JSON",
    2,
    2048,
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
)
RULE_TARGETS = Count(0, 5, "targets", "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html")
DELIVERY_RETRIES = Number(
    0, 185, "retries", "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"
)
DELIVERY_AGE_SECONDS = Number(
    60, DAY, "seconds", "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"
)
EVENT_BUS_ARN = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):([0-9]{12}):event-bus/([A-Za-z0-9/_.-]{1,256})")
EVENT_BUS = Text(
    "[A-Za-z0-9/_.:-]",
    "letters, digits and / _ . -, or the ARN of an event bus",
    1,
    1600,
    _RULE,
    lambda text: (
        None
        if re.fullmatch("[A-Za-z0-9/_.-]{1,256}", text) or EVENT_BUS_ARN.fullmatch(text)
        else "a name has up to 256 characters and no colons"
    ),
)
SCHEDULE_INPUT = Text(
    r"(?s:.)",
    "characters of JSON",
    1,
    256 * 1024,
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html",
)
EVENT_INPUT = Text(
    r"(?s:.)",
    "characters of JSON",
    1,
    8192,
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html",
)
