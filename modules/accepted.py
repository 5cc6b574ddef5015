from collections.abc import Mapping

from cdktf import TerraformResource


def accept(resource: TerraformResource, reasons: Mapping[str, str]) -> None:
    """Accept findings of scanners on a resource and on its policy documents: by check, with the reason.

    They go into the resource's comment (`//`) in the Terraform JSON, where people and `make scan` read them. A check
    that is not named fails the scan, and so does an acceptance of what no scanner finds.
    """
    for check, reason in reasons.items():
        resource.add_override(f"//.accepted.{check}", reason)
