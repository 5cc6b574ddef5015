from cdktf import S3Backend, TerraformStack

from . import _limits as limits
from ._checks import is_token
from ._paths import path
from .errors import ConfigurationError


class StateBackend:
    """Terraform state of one stack and environment in S3: encrypted, with S3's native lock file.

    https://developer.hashicorp.com/terraform/language/backend/s3. `make state` makes the bucket. `state_key` is the key
    of the state's object. `endpoint_url` sends state to a local AWS; the state there is as short-lived as that AWS.
    Raises `ConfigurationError` for references, which Terraform does not allow here, and for a key that S3 would not
    find again.
    """

    def __init__(
        self,
        stack: TerraformStack,
        *,
        bucket: str,
        state_key: str,
        region: str,
        endpoint_url: str | None = None,
    ) -> None:
        for parameter, value in {"bucket": bucket, "state_key": state_key, "region": region}.items():
            if is_token(value):
                raise ConfigurationError(
                    f"{path(stack)}: {parameter} of the state is {value!r}; a backend takes no references: give a text"
                )
        limits.EXISTING_BUCKET_NAME.check(stack, "bucket", bucket)
        limits.STATE_KEY.check(stack, "state_key", state_key)
        self.resource = S3Backend(
            stack,
            bucket=bucket,
            key=state_key,
            region=region,
            encrypt=True,
            endpoints={"s3": endpoint_url, "sts": endpoint_url, "iam": endpoint_url} if endpoint_url else None,
            use_path_style=True if endpoint_url else None,
            skip_metadata_api_check=True if endpoint_url else None,
        )
        # cdktf 0.21 has no argument for it: https://developer.hashicorp.com/terraform/language/backend/s3#use_lockfile
        self.resource.add_override("use_lockfile", True)
