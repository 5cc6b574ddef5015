"""DynamoDB."""

from .._checks import Choice, Count, Number, Text

_TABLES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"
TABLE_NAME = Text("[A-Za-z0-9_.-]", "letters, digits and _ . -", 3, 255, _TABLES)
INDEX_NAME = Text("[A-Za-z0-9_.-]", "letters, digits and _ . -", 3, 255, _TABLES)
ATTRIBUTE_NAME = Text(
    r"(?s:.)",
    "characters",
    1,
    255,
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-attributes",
)
GLOBAL_INDEXES = Count(
    0,
    20,
    "global secondary indexes",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
)
CAPACITY_UNITS = Number(
    1, 40_000, "capacity units", "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
)
RECOVERY_DAYS = Number(
    1,
    35,
    "days",
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html",
)
STREAM_VIEW = Choice(
    ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html",
)
_PROJECTIONS = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-secondary-indexes"
)
INDEX_ATTRIBUTES = Count(
    0, 20, "attributes", "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Projection.html"
)
PROJECTED_ATTRIBUTES = Count(0, 100, "attributes", _PROJECTIONS)
