"""Terraform's version constraints.

https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

ONE = re.compile(r"(=|!=|>=|<=|>|<|~>)?\s*v?(\d\S*)")


def admits(constraint: str | None, version: str) -> bool:
    """Whether a version fits. What is no constraint, or none that is known, leaves that to Terraform: true."""
    try:
        return constraint is None or _specifiers(constraint).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def requires(constraint: str | None, version: str) -> bool:
    """Whether no version before that one fits. False for what is no constraint, or none that is known."""
    try:
        lowest = [one for one in _specifiers(constraint or "") if one.operator in ("==", ">=", ">")]
        return any(Version(one.version) >= Version(version) for one in lowest)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _specifiers(constraint: str) -> SpecifierSet:
    return SpecifierSet(",".join(_specifier(one.strip()) for one in constraint.split(",")))


def _specifier(one: str) -> str:
    found = ONE.fullmatch(one)
    if found is None:
        raise InvalidSpecifier(one)
    operator, version = found[1] or "=", found[2]
    if operator != "~>":
        return f"{'==' if operator == '=' else operator}{version}"
    # The rightmost part that is written may grow: `~> 5.1` is below 6, `~> 5.1.2` below 5.2.
    release = Version(version).release
    above = [*release[:-2], release[-2] + 1] if len(release) > 1 else [release[0] + 1]
    return f">={version},<{'.'.join(map(str, above))}"
