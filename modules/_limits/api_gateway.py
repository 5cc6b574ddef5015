"""API Gateway."""

import re

from .._checks import Choice, Count, Number, Text

# ASCII, because CloudWatch's metrics have the name as a dimension.
API_NAME = Text(
    r"[\x20-\x7e]",
    "ASCII characters",
    1,
    1024,
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html",
)
API_RESOURCES = Count(
    0,
    300,
    "resources of one API; serve the paths below one by {proxy+}, or give them an API of their own",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
)
RATE_LIMIT = Number(
    0,
    1e9,
    "requests a second",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
    whole=False,
)
BURST_LIMIT = Number(
    0,
    2**31 - 1,
    "requests",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
)
API_KEY_NAME = Text(
    r"[^\x00-\x1f\x7f]",
    "characters",
    1,
    1024,
    "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html",
)
_QUOTA = "https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html"
QUOTA_REQUESTS = Number(1, 2**31 - 1, "requests", _QUOTA)
QUOTA_PERIOD = Choice(("DAY", "WEEK", "MONTH"), _QUOTA)
DOMAIN_NAME = Text(
    "[a-z0-9.*-]",
    "lower-case letters, digits, dots and hyphens, such as api.example.com or *.example.com",
    4,
    253,
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html",
    lambda name: (
        None
        if re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", name)
        else "it has to be a name with a dot, each part 1 to 63 characters long"
    ),
)
EXECUTION_LOG_LEVEL = Choice(
    ("OFF", "ERROR", "INFO"), "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"
)
REGIONAL_WEB_ACL = Text(
    "[A-Za-z0-9:/_-]",
    "characters: the ARN of a regional web ACL such as arn:aws:wafv2:us-east-1:123456789012:regional/webacl/name/id",
    20,
    2048,
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html",
    lambda text: (
        None
        if re.fullmatch(r"arn:[a-z-]+:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[^/]+/[^/]+", text)
        else "it has to be a regional one: an API is not behind CloudFront"
    ),
)
USER_POOL_ARN = Text(
    "[A-Za-z0-9:/_-]",
    "characters: a user pool's ARN such as arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc",
    20,
    2048,
    "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html",
    lambda text: (
        None
        if re.fullmatch(r"arn:[a-z-]+:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[\w-]+_[A-Za-z0-9]+", text)
        else "it is another thing's"
    ),
)
OAUTH_SCOPE = Text(
    r"[\x21\x23-\x5b\x5d-\x7e]",
    "ASCII characters without blanks, quotes and backslashes",
    1,
    256,
    "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResourceServerScopeType.html",
)
HEADER_NAME = Text(
    "[A-Za-z0-9!#$%&*+.^`|~_-]",
    "characters that the name of a header may have",
    1,
    256,
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html",
)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MODEL_CHARACTERS = 400 * 1024
AUTHORIZER_NAME = Text(
    "[A-Za-z0-9_-]",
    "letters, digits, - and _",
    1,
    128,
    "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html",
)
USER_POOLS = Count(1, 1000, "user pools", "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html")
IDENTITY_SOURCES = Count(
    1,
    10,
    "headers",
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html",
)
AUTHORIZER_CACHE_SECONDS = Number(
    0, 3600, "seconds", "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"
)
