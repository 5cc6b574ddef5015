"""AWS clients of the functions."""

from collections.abc import Collection
from typing import Any

import botocore.loaders
import botocore.session
from botocore.config import Config

from .observability import logger

# A call that hangs gives up while the function still has time to fail in an orderly way: at most two attempts of
# (2 + 4) seconds. Standard mode waits with exponential backoff and jitter between them.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}, tcp_keepalive=True
)

# For functions that may lose an event on failure: more attempts, each shorter. A hanging call takes at most four
# attempts of (1 + 2) seconds and 7 seconds between them, which fits the default timeout of a function.
PATIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 4}, tcp_keepalive=True
)


SERVICES = ["dynamodb", "s3", "sns"]  # services that the functions use


class _Loader(botocore.loaders.Loader):  # type: ignore[misc]
    """Skips what botocore loads for services that no function uses, to shorten cold starts."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Skips listing the 400 folders of botocore's data, which takes longer than loading a service."""
        return SERVICES

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Of `endpoints`, a megabyte, the names of partitions and regions, which a file of a hundredth has too.

        Addresses come from each service's rule set: https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
        """
        if name != "endpoints":
            return tuple(super().load_data_with_path(name))
        known, path = super().load_data_with_path("partitions")
        return {"version": 3, "partitions": [_partition(one, one["outputs"]) for one in known["partitions"]]}, path


def _partition(known: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    hostname, fips = "{service}.{region}.{dnsSuffix}", "{service}-fips.{region}.{dnsSuffix}"
    suffix, dual_suffix = outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]
    variants = [
        {"tags": ["fips"], "hostname": fips, "dnsSuffix": suffix},
        {"tags": ["dualstack"], "hostname": hostname, "dnsSuffix": dual_suffix},
        {"tags": ["dualstack", "fips"], "hostname": fips, "dnsSuffix": dual_suffix},
    ]
    # The endpoint of S3 in us-east-1.
    everywhere = {"hostname": f"s3.{suffix}", "credentialScope": {"region": outputs["implicitGlobalRegion"]}}
    s3 = {"partitionEndpoint": f"{known['id']}-global", "endpoints": {f"{known['id']}-global": everywhere}}
    defaults = {"hostname": hostname, "protocols": ["https"], "signatureVersions": ["v4"], "variants": variants}
    return {
        "partition": known["id"],
        "regionRegex": known["regionRegex"],
        "regions": known["regions"],
        "dnsSuffix": suffix,
        "defaults": defaults,
        "services": {"s3": s3},
    }


_session: Any = None


def session() -> Any:
    """The session of all clients, created once.

    botocore's own session: boto3 adds features that no function uses, for a tenth of the time of a cold start.
    """
    global _session  # noqa: PLW0603
    if _session is None:
        _session = botocore.session.get_session()
        _session.register_component("data_loader", _Loader())
    return _session


_clients: dict[tuple[Any, str, Config], tuple[Any, set[str]]] = {}


def client(service: str, config: Config = CLIENT_CONFIG, *, expected: Collection[str] = ()) -> Any:
    """A cached client. It logs each failed attempt, including those that botocore retries, with AWS's message.

    `expected` are error codes that one of its users handles as an ordinary answer.
    """
    key = (session(), service, config)
    if key not in _clients:
        _clients[key] = _made(service, config)
    made, all_expected = _clients[key]
    all_expected.update(expected)
    return made


def _made(service: str, config: Config) -> tuple[Any, set[str]]:
    # DynamoDB validates requests itself; botocore's validation takes a twentieth of a call. S3 needs it: a request
    # without a key would address the bucket.
    validation = service != "dynamodb"
    # Otherwise botocore assembles it twice for each call, in a fifteenth of the call's time.
    user_agent = session().user_agent()
    quick = Config(parameter_validation=validation, user_agent=user_agent)
    made = session().create_client(service, config=config.merge(quick))
    expected: set[str] = set()

    def log_failure(response: Any, operation: Any, attempts: int, caught_exception: Any, **_: Any) -> None:
        answer = response[1] if response else {}
        error = answer.get("Error", {})
        if caught_exception is None and (not error or error.get("Code") in expected):
            return
        metadata = answer.get("ResponseMetadata", {})
        logger.warning(
            "AWS call failed",
            extra={
                "call": f"{service}:{operation.name}",
                "attempt": attempts,
                "error": str(caught_exception) if caught_exception else f"{error.get('Code')}: {error.get('Message')}",
                "status": metadata.get("HTTPStatusCode"),
                "aws_request_id": metadata.get("RequestId"),
            },
        )

    # Called with every answer, before botocore decides whether to retry.
    made.meta.events.register_first(f"needs-retry.{made.meta.service_model.service_id.hyphenize()}", log_failure)
    return made, expected
