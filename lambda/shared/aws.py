"""How functions talk to AWS."""

from botocore.config import Config

# A call that hangs gives up while the function still has time to fail in an orderly way: at most two attempts of
# (2 + 4) seconds. Standard mode waits with exponential backoff and jitter between them.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}, tcp_keepalive=True
)
