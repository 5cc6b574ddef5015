from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleFilterAnd,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionTransition,
    S3BucketLifecycleConfigurationRuleTransition,
)
from constructs import Construct

from . import _limits as limits
from ._checks import is_token
from ._paths import path
from .errors import ConfigurationError

# From frequent to infrequent access, the only direction of transitions.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
STORAGE_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
DAYS_BEFORE_INFREQUENT = 30
DAYS_IN_INFREQUENT = 30


@dataclass(frozen=True)
class LifecycleRule:
    """What S3 does with objects as they grow old.

    The rule is for objects under `prefix` that have all `tags` and more than `larger_than_bytes` and less than
    `smaller_than_bytes` (default: all objects). `transitions` maps storage classes (`STANDARD_IA`, `GLACIER`, ...) to
    the age in days at which objects go there; `expire_after_days` is the age at which they are removed.
    `noncurrent_transitions` and `noncurrent_expire_after_days` do the same to versions that were replaced, counted
    from then on, except for the newest `noncurrent_versions_kept` (1 to 100).
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """

    name: str
    prefix: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    larger_than_bytes: float | None = None
    smaller_than_bytes: float | None = None
    transitions: Mapping[str, float] = field(default_factory=dict)
    expire_after_days: float | None = None
    noncurrent_transitions: Mapping[str, float] = field(default_factory=dict)
    noncurrent_expire_after_days: float | None = None
    noncurrent_versions_kept: float | None = None

    def check(self, where: Construct) -> None:
        """Raises `ConfigurationError` for a rule that S3 refuses."""
        limits.LIFECYCLE_RULE_NAME.check(where, "lifecycle: name", self.name)
        limits.LIFECYCLE_PREFIX.check(where, f"lifecycle {self.name}: prefix", self.prefix)
        limits.OBJECT_TAGS.check(where, f"lifecycle {self.name}: tags", self.tags)
        for name, value in self.tags.items():
            limits.TAG_NAME.check(where, f"lifecycle {self.name}: tags: name", name)
            limits.TAG_VALUE.check(where, f"lifecycle {self.name}: tags: {name}", value)
        _check_ages(where, self.name, self.transitions, self.expire_after_days)
        _check_ages(where, self.name, self.noncurrent_transitions, self.noncurrent_expire_after_days)
        if self.noncurrent_versions_kept is not None:
            limits.NONCURRENT_VERSIONS.check(
                where, f"lifecycle {self.name}: noncurrent_versions_kept", self.noncurrent_versions_kept
            )
            if self.noncurrent_expire_after_days is None and not self.noncurrent_transitions:
                raise _refuse(where, self.name, "noncurrent_versions_kept needs noncurrent_expire_after_days")
        if not self.acts_on_current and not self.acts_on_noncurrent:
            raise _refuse(where, self.name, "it does nothing; give it transitions or expire_after_days")
        self._check_sizes(where)

    @property
    def acts_on_current(self) -> bool:
        return bool(self.transitions) or self.expire_after_days is not None

    @property
    def acts_on_noncurrent(self) -> bool:
        return bool(self.noncurrent_transitions) or self.noncurrent_expire_after_days is not None

    def block(self) -> S3BucketLifecycleConfigurationRule:
        """The rule as a block of Terraform's."""
        kept = self.noncurrent_versions_kept
        return S3BucketLifecycleConfigurationRule(
            id=self.name,
            status="Enabled",
            filter=[self._filter()],
            transition=[
                S3BucketLifecycleConfigurationRuleTransition(storage_class=storage_class, days=days)
                for storage_class, days in self.transitions.items()
            ]
            or None,
            expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=self.expire_after_days)]
            if self.expire_after_days is not None
            else None,
            noncurrent_version_transition=[
                S3BucketLifecycleConfigurationRuleNoncurrentVersionTransition(
                    storage_class=storage_class, noncurrent_days=days, newer_noncurrent_versions=kept
                )
                for storage_class, days in self.noncurrent_transitions.items()
            ]
            or None,
            noncurrent_version_expiration=[
                S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                    noncurrent_days=self.noncurrent_expire_after_days, newer_noncurrent_versions=kept
                )
            ]
            if self.noncurrent_expire_after_days is not None
            else None,
        )

    def _filter(self) -> S3BucketLifecycleConfigurationRuleFilter:
        if not self.tags and self.larger_than_bytes is None and self.smaller_than_bytes is None:
            return S3BucketLifecycleConfigurationRuleFilter(prefix=self.prefix)
        return S3BucketLifecycleConfigurationRuleFilter(
            and_=[
                S3BucketLifecycleConfigurationRuleFilterAnd(
                    prefix=self.prefix,
                    tags=dict(self.tags) or None,
                    object_size_greater_than=self.larger_than_bytes,
                    object_size_less_than=self.smaller_than_bytes,
                )
            ]
        )

    def _check_sizes(self, where: Construct) -> None:
        sizes = {"larger_than_bytes": self.larger_than_bytes, "smaller_than_bytes": self.smaller_than_bytes}
        for parameter, size in sizes.items():
            if size is not None:
                limits.OBJECT_SIZE.check(where, f"lifecycle {self.name}: {parameter}", size)
        low, high = self.larger_than_bytes, self.smaller_than_bytes
        if low is not None and high is not None and not is_token(low) and not is_token(high) and low >= high:
            raise _refuse(where, self.name, f"no object is larger than {low} and smaller than {high} bytes")


def unfinished_uploads() -> S3BucketLifecycleConfigurationRule:
    """Remove incomplete multipart uploads: they cost money, and listings do not show them."""
    return S3BucketLifecycleConfigurationRule(
        id="remove-unfinished-uploads",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        abort_incomplete_multipart_upload=[
            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
        ],
    )


def rules(
    where: Construct, own: Sequence[LifecycleRule], *, versioned: bool, noncurrent_days: float | None
) -> list[S3BucketLifecycleConfigurationRule]:
    """All rules of a bucket. Raises `ConfigurationError` for rules that S3 refuses, and for rules without an effect."""
    blocks = [unfinished_uploads()]
    names = ["remove-unfinished-uploads"]
    if versioned and noncurrent_days is not None:
        limits.LIFECYCLE_DAYS.check(where, "noncurrent_days", noncurrent_days)
        everything = LifecycleRule("remove-replaced-versions", noncurrent_expire_after_days=noncurrent_days)
        blocks.append(everything.block())
        names.append(everything.name)
    for rule in own:
        rule.check(where)
        if rule.name in names:
            raise _refuse(where, rule.name, "another rule has that name")
        _check_effect(where, rule, versioned=versioned, noncurrent_days=noncurrent_days)
        names.append(rule.name)
        blocks.append(rule.block())
    limits.LIFECYCLE_RULES.check(where, "lifecycle", blocks)
    return blocks


def _check_effect(where: Construct, rule: LifecycleRule, *, versioned: bool, noncurrent_days: float | None) -> None:
    if not rule.acts_on_noncurrent:
        return
    if not versioned:
        raise _refuse(where, rule.name, "the bucket keeps no replaced versions; make it versioned")
    ages = [*rule.noncurrent_transitions.values(), rule.noncurrent_expire_after_days]
    for age in ages:
        if noncurrent_days is None or age is None or is_token(age) or is_token(noncurrent_days):
            continue
        if age >= noncurrent_days:
            raise _refuse(
                where,
                rule.name,
                f"replaced versions are removed after noncurrent_days ({noncurrent_days}) already, never after {age}; "
                "raise that, or pass noncurrent_days=None and leave them to rules of your own",
            )


def _check_ages(where: Construct, name: str, transitions: Mapping[str, float], expire_after: float | None) -> None:
    """S3's rules for the ages of one rule: increasing, at least 30 days before and in infrequent access, expiration
    last.
    """
    for storage_class, days in transitions.items():
        limits.STORAGE_CLASS.check(where, f"lifecycle {name}: transitions", storage_class)
        limits.TRANSITION_DAYS.check(where, f"lifecycle {name}: transitions to {storage_class}", days)
        if storage_class in INFREQUENT and not is_token(days) and days < DAYS_BEFORE_INFREQUENT:
            raise _refuse(where, name, f"{storage_class} takes objects that are {DAYS_BEFORE_INFREQUENT} days old")
    if expire_after is not None:
        limits.LIFECYCLE_DAYS.check(where, f"lifecycle {name}: expire_after_days", expire_after)
    known = {one: days for one, days in transitions.items() if not is_token(days)}
    ordered = sorted(known, key=STORAGE_CLASSES.index)
    for warmer, colder in pairwise(ordered):
        wait = DAYS_IN_INFREQUENT if warmer in INFREQUENT else 1
        if known[colder] < known[warmer] + wait:
            raise _refuse(
                where,
                name,
                f"objects go to {colder} after {known[colder]} days and to {warmer} after {known[warmer]}; S3 moves "
                f"them from warm to cold, here {wait} days later at least",
            )
    last = max(known.values(), default=-1)
    if expire_after is not None and not is_token(expire_after) and expire_after <= last:
        raise _refuse(where, name, f"objects are removed after {expire_after} days, and moved after {last}")


def _refuse(where: Construct, name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"{path(where)}: lifecycle rule {name!r}: {reason}")
