"""SQS."""

import re

from .._checks import Count, Number, Text
from .units import DAY, HOUR

_QUEUES = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
QUEUE_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _ (a name that ends with .fifo is a FIFO queue's)",
    1,
    80,
    _QUEUES,
)
FIFO_QUEUE_NAME = Text(
    r"[A-Za-z0-9_.-]",
    "letters, digits, - and _, then .fifo",
    6,
    80,
    _QUEUES,
    lambda text: None if re.fullmatch(r"[A-Za-z0-9_-]+\.fifo", text) else "it has to end with .fifo",
)
QUEUE_RETENTION_SECONDS = Number(60, 14 * DAY, "seconds", _QUEUES)
VISIBILITY_TIMEOUT_SECONDS = Number(0, 12 * HOUR, "seconds", _QUEUES)
RECEIVES_BEFORE_DEAD_LETTER = Number(1, 1000, "receives", _QUEUES)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
_ATTRIBUTES = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html"
MESSAGE_ATTRIBUTES = Count(0, 10, "message attributes", _ATTRIBUTES)
MESSAGE_ATTRIBUTE_NAME = Text(
    "[A-Za-z0-9_.-]",
    "letters, digits, _, - and ., not beginning with AWS. or Amazon.",
    1,
    256,
    _ATTRIBUTES,
    lambda text: (
        "periods may be neither at its ends nor side by side, and AWS. and Amazon. are reserved"
        if text.strip(".") != text or ".." in text or re.match(r"(?i)(aws|amazon)\.", text)
        else None
    ),
)
