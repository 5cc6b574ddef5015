from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

from cdktf import TerraformResource

# A later override replaces an earlier one under the same name.
_accepted: WeakKeyDictionary[TerraformResource, dict[str, str]] = WeakKeyDictionary()


def accept(resource: TerraformResource, reasons: Mapping[str, str]) -> None:
    """Accept findings of scanners on a resource and on its policy documents: by check, with the reason.

    They go into the resource's comment (`//`) in the Terraform JSON, where people and `make scan` read them. A check
    that is not named fails the scan, and so does an acceptance of what no scanner finds.
    """
    accepted = _accepted.setdefault(resource, {})
    accepted.update(reasons)
    resource.add_override("//.accepted", accepted)


def withdraw(resource: TerraformResource, checks: Iterable[str]) -> None:
    """Remove accepted findings, after the resource was changed to pass the checks."""
    accepted = _accepted.setdefault(resource, {})
    for check in checks:
        accepted.pop(check, None)
    resource.add_override("//.accepted", accepted)
