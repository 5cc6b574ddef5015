"""A botocore session that skips what no function needs, to shorten cold starts.

It leans on how botocore loads its data, which no contract promises. Where that fails, `aws.client` takes botocore's own
session instead; the environment variable `SLUICE_COLD_START=ordinary` takes it from the beginning.
"""

from typing import Any

import botocore.loaders
import botocore.session

# Tests compare their addresses and signatures with those of botocore's own session. Other services take that one.
FAST_SERVICES = (
    "cloudwatch",
    "dynamodb",
    "events",
    "firehose",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "s3",
    "scheduler",
    "secretsmanager",
    "sesv2",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)


def fast_session() -> Any:
    """botocore's own session: boto3 adds features that no function uses, for a tenth of the time of a cold start."""
    session = botocore.session.get_session()
    session.register_component("data_loader", FastLoader())
    return session


class FastLoader(botocore.loaders.Loader):  # type: ignore[misc]
    """Skips what botocore loads for services that no function uses."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Skips listing the 400 folders of botocore's data, which takes longer than loading a service."""
        return list(FAST_SERVICES)

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
