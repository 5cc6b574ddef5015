"""S3."""

import re

from .._checks import Choice, Count, Number, Text


def _bucket_name(name: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9].*[a-z0-9]", name):
        return "it has to begin and end with a letter or digit"
    if ".." in name:
        return "it may not hold two dots in a row"
    if ".-" in name or "-." in name:
        return "it may not hold a dot beside a hyphen"
    if re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", name):
        return "it may not look like an IP address"
    for prefix in ("xn--", "sthree-", "amzn-s3-demo-"):
        if name.startswith(prefix):
            return f"{prefix} at its beginning is reserved"
    for suffix in ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"):
        if name.endswith(suffix):
            return f"{suffix} at its end is reserved"
    return None


BUCKET_NAME = Text(
    "[a-z0-9.-]",
    "lower-case letters, digits, dots and hyphens",
    3,
    63,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    _bucket_name,
)
# Buckets made before 2018 in us-east-1 may have such names.
EXISTING_BUCKET_NAME = Text(
    "[A-Za-z0-9._-]", "letters, digits, dots, hyphens and underscores", 3, 255, BUCKET_NAME.link
)
S3_EVENT = Text(
    "[A-Za-z ]",
    "letters and blanks",
    1,
    64,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html",
    lambda text: None if text.startswith("Object ") else "it has to be a detail type such as Object Created",
)
OBJECT_KEY_BYTES = 1024
NOTIFICATIONS = Count(
    0,
    100,
    "notifications",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
)
LIFECYCLE_RULES = Count(
    0, 1000, "rules", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"
)
LIFECYCLE_DAYS = Number(
    1, 2**31 - 1, "days", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html"
)
# S3 prefixes and suffixes
_PREFIXES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"


def _no_template(text: str) -> str | None:
    return "%{ begins a directive of Terraform's" if "%{" in text else None


# IAM policies hold characters up to U+00FF: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
GRANT_PREFIX = Text(
    r"[^\x00-\x1f\x7f*?\u0100-\U0010ffff]",
    "characters up to U+00FF without * and ?, because a prefix includes all that begins with it",
    0,
    1024,
    _PREFIXES,
    _no_template,
)
FILTER_PREFIX = Text(
    r"[^\x00-\x1f\x7f*\ud800-\udfff]",
    "characters without *, because S3's filters have no wildcards",
    0,
    1024,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html",
    _no_template,
)
LIFECYCLE_PREFIX = Text(r"[^\x00-\x1f\x7f\ud800-\udfff]", "characters", 0, 1024, _PREFIXES, _no_template)
# S3 lifecycle rules
_LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"
LIFECYCLE_RULE_NAME = Text(r"[^\x00-\x1f\x7f\ud800-\udfff]", "characters", 1, 255, _LIFECYCLE, _no_template)
STORAGE_CLASS = Choice(
    ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"),
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
)
TRANSITION_DAYS = Number(0, 2**31 - 1, "days", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_Transition.html")
NONCURRENT_VERSIONS = Number(
    1, 100, "versions", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html"
)
OBJECT_SIZE = Number(
    0, 5 * 2**40, "bytes", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html"
)
_TAGS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"
OBJECT_TAGS = Count(0, 10, "tags of an object", _TAGS)
TAG_NAME = Text(
    r"[\w\s+=.:/@-]",
    "letters, digits, blanks and + - = . _ : / @",
    1,
    128,
    _TAGS,
    lambda text: "aws: at its beginning is reserved" if text.lower().startswith("aws:") else None,
)
TAG_VALUE = Text(r"[\w\s+=.:/@-]", "letters, digits, blanks and + - = . _ : / @", 0, 256, _TAGS)
_CORS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html"
CORS_ORIGINS = Count(0, 100, "origins", _CORS)
CORS_ORIGIN = Text(
    "[A-Za-z0-9*:/.@_-]",
    "characters: an origin such as https://app.example.com",
    1,
    1024,
    _CORS,
    lambda text: (
        None
        if text == "*" or re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/*]*\*?[^/*]*", text)
        else "it has to be scheme and host without a path, as browsers send it, with one * at most"
    ),
)
STATE_KEY = Text(
    r"[^\x00-\x1f\x7f]",
    "characters",
    1,
    1024,
    "https://developer.hashicorp.com/terraform/language/backend/s3#s3-state-storage",
    lambda text: "it may not begin or end with /" if text.startswith("/") or text.endswith("/") else None,
)
