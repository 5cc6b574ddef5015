from collections.abc import Callable

import pytest

from modules import ConfigurationError, Names

NAMES = Names("sluice", "object-tracker", "dev")

# For each kind: the prefix AWS asks for, and the longest name AWS allows for what the rule makes.
LIMITS: dict[str, tuple[str, int]] = {
    "function": ("", 64),
    "table": ("", 255),
    "topic": ("", 256),
    "queue": ("", 80),
    "api": ("", 128),
    "dashboard": ("", 255),
    "key_alias": ("alias/", 250),
}


def method(kind: str, names: Names = NAMES) -> Callable[[str], str]:
    found: Callable[[str], str] = getattr(names, kind)
    return found


def test_every_kind_of_name_is_tried_here() -> None:
    assert {name for name in vars(Names) if not name.startswith("_")} == {*LIMITS, "bucket", "fixed"}


@pytest.mark.parametrize("kind", LIMITS)
def test_a_name_is_project_system_part_environment(kind: str) -> None:
    assert method(kind)("records") == f"{LIMITS[kind][0]}sluice-object-tracker-records-dev"


def test_a_buckets_name_also_carries_the_account() -> None:
    assert NAMES.bucket("objects", "123456789012") == "sluice-object-tracker-objects-dev-123456789012"


@pytest.mark.parametrize("kind", LIMITS)
def test_a_name_that_is_fixed_by_requirements_is_part_environment(kind: str) -> None:
    assert method(kind, NAMES.fixed)("records") == f"{LIMITS[kind][0]}records-dev"


@pytest.mark.parametrize("kind", LIMITS)
def test_a_name_may_be_as_long_as_aws_allows_and_no_longer(kind: str) -> None:
    prefix, longest = LIMITS[kind]
    rest = len("sluice-object-tracker--dev")
    assert method(kind)("x" * (longest - rest)) == f"{prefix}sluice-object-tracker-{'x' * (longest - rest)}-dev"
    with pytest.raises(
        ConfigurationError,
        match=rf"^PROJECT, ENVIRONMENT_SUFFIX: the .* has {longest + 1} characters, AWS allows {longest} here; "
        r"shorten PROJECT \('sluice'\) or ENVIRONMENT_SUFFIX \('dev'\)$",
    ):
        method(kind)("x" * (longest + 1 - rest))


def test_a_buckets_name_leaves_room_for_an_account_that_is_not_known_yet() -> None:
    account = "${data.aws_caller_identity.Account.account_id}"
    part = "x" * (50 - len("sluice-object-tracker--dev"))
    assert NAMES.bucket(part, account) == f"sluice-object-tracker-{part}-dev-{account}"
    with pytest.raises(ConfigurationError, match=r"has 51 characters, AWS allows 50 here; shorten PROJECT"):
        NAMES.bucket(part + "x", account)


@pytest.mark.parametrize("names", [Names("Sluice", "a", "dev"), Names("slu_ice", "a", "dev"), Names("a", "b", "dev-")])
@pytest.mark.parametrize("kind", LIMITS)
def test_characters_that_aws_refuses_are_refused(names: Names, kind: str) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^PROJECT, ENVIRONMENT_SUFFIX: the .* has characters AWS refuses; "
        r"use lower-case letters, digits and hyphens$",
    ):
        method(kind, names)("part")


def test_an_error_of_a_fixed_name_names_only_the_setting_that_is_in_it() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^ENVIRONMENT_SUFFIX: the bucket name 'x{47}-dev' has 51 characters, AWS allows 50 here; "
        r"shorten ENVIRONMENT_SUFFIX \('dev'\)$",
    ):
        NAMES.fixed.bucket("x" * 47, "123456789012")
