"""IAM."""

from .._checks import Text

ROLE_NAME = Text(
    r"[A-Za-z0-9_+=,.@-]",
    "letters, digits and _ + = , . @ -",
    1,
    64,
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
)
POLICY_NAME = Text(
    r"[A-Za-z0-9_+=,.@-]",
    "letters, digits and _ + = , . @ -",
    1,
    128,
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
)
ACCOUNT_ID = Text(
    "[0-9]", "digits", 12, 12, "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html"
)
