"""SNS."""

import re

from .._checks import Choice, Count, Number, Text

TOPIC_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _ (a name that ends with .fifo is a FIFO topic's)",
    1,
    256,
    "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
)
FIFO_TOPIC_NAME = Text(
    "[A-Za-z0-9_.-]",
    "letters, digits, - and _, then .fifo",
    6,
    256,
    TOPIC_NAME.link,
    lambda text: None if re.fullmatch(r"[A-Za-z0-9_-]+\.fifo", text) else "it has to end with .fifo",
)
_FILTERS = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"
FILTER_SCOPE = Choice(("MessageAttributes", "MessageBody"), _FILTERS)
ATTRIBUTE_OF_A_MESSAGE = Text(
    "[A-Za-z0-9_.-]",
    "letters, digits and _ . -: the name of a message attribute",
    1,
    256,
    "https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html",
)
FILTER_KEYS = Count(1, 5, "keys", _FILTERS)
FILTER_COMBINATIONS = Number(1, 150, "combinations", _FILTERS)
FILTER_TEXT = Text(r"(?s:.)", "characters of JSON", 2, 256 * 1024, _FILTERS)
EMAIL_ADDRESS = Text(
    r"[^\s\x00-\x1f]",
    "characters with one @",
    3,
    320,
    "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
    lambda text: None if re.fullmatch("[^@]+@[^@]+", text) else "it has to be an address such as team@example.com",
)
