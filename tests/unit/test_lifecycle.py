from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from modules import Bucket, ConfigurationError, LifecycleRule
from modules.testing import Block

from .synthesized import Terraform

EVERYTHING = [{"prefix": ""}]


def rules(stack: TerraformStack, *lifecycle: LifecycleRule, **options: Any) -> list[Block]:
    """The rules other than those of every bucket."""
    Bucket(stack, "Uploads", name="uploads", account_id="123456789012", lifecycle=lifecycle, **options)
    made: list[Block] = Terraform(stack).one("aws_s3_bucket_lifecycle_configuration")["rule"]
    return [one for one in made if one["id"] not in ("remove-unfinished-uploads", "remove-replaced-versions")]


def test_objects_are_archived_and_removed_by_age(stack: TerraformStack) -> None:
    rule = LifecycleRule("archive", transitions={"STANDARD_IA": 30, "GLACIER": 60}, expire_after_days=365)
    assert rules(stack, rule) == [
        {
            "id": "archive",
            "status": "Enabled",
            "filter": EVERYTHING,
            "transition": [{"storage_class": "STANDARD_IA", "days": 30}, {"storage_class": "GLACIER", "days": 60}],
            "expiration": [{"days": 365}],
        }
    ]


def test_a_rule_is_for_the_objects_that_all_its_filters_let_through(stack: TerraformStack) -> None:
    rule = LifecycleRule(
        "large reports",
        prefix="reports/",
        tags={"kind": "draft"},
        larger_than_bytes=1024,
        smaller_than_bytes=4096,
        expire_after_days=1,
    )
    by_prefix = LifecycleRule("logs", prefix="logs/", expire_after_days=7)
    assert [one["filter"] for one in rules(stack, rule, by_prefix)] == [
        [
            {
                "and": [
                    {
                        "prefix": "reports/",
                        "tags": {"kind": "draft"},
                        "object_size_greater_than": 1024,
                        "object_size_less_than": 4096,
                    }
                ]
            }
        ],
        [{"prefix": "logs/"}],
    ]


def test_replaced_versions_are_archived_and_removed(stack: TerraformStack) -> None:
    rule = LifecycleRule(
        "versions",
        noncurrent_transitions={"GLACIER": 7},
        noncurrent_expire_after_days=400,
        noncurrent_versions_kept=3,
    )
    assert rules(stack, rule, noncurrent_days=None) == [
        {
            "id": "versions",
            "status": "Enabled",
            "filter": EVERYTHING,
            "noncurrent_version_transition": [
                {"storage_class": "GLACIER", "noncurrent_days": 7, "newer_noncurrent_versions": 3}
            ],
            "noncurrent_version_expiration": [{"noncurrent_days": 400, "newer_noncurrent_versions": 3}],
        }
    ]


def test_without_days_no_replaced_version_is_removed(stack: TerraformStack) -> None:
    assert rules(stack, noncurrent_days=None) == []
    made = Terraform(stack).one("aws_s3_bucket_lifecycle_configuration")["rule"]
    assert [one["id"] for one in made] == ["remove-unfinished-uploads"]


def test_days_that_terraform_knows_later_are_kept(stack: TerraformStack) -> None:
    days = TerraformVariable(stack, "Days", type="number").number_value
    (rule,) = rules(stack, LifecycleRule("old", transitions={"STANDARD_IA": days}, expire_after_days=days))
    assert rule["transition"] == [{"storage_class": "STANDARD_IA", "days": "${var.Days}"}]
    assert rule["expiration"] == [{"days": "${var.Days}"}]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "lifecycle rule 'old': it does nothing"),
        ({"name": "", "expire_after_days": 1}, "lifecycle: name is '', AWS allows 1 to 255"),
        ({"expire_after_days": 0}, "lifecycle old: expire_after_days is 0, AWS allows 1 to"),
        ({"transitions": {"COLD": 30}}, "lifecycle old: transitions is 'COLD', AWS allows STANDARD_IA, "),
        ({"transitions": {"STANDARD_IA": 29}}, "lifecycle rule 'old': STANDARD_IA takes objects that are 30 days old"),
        ({"transitions": {"ONEZONE_IA": 1}}, "lifecycle rule 'old': ONEZONE_IA takes objects that are 30 days old"),
        ({"transitions": {"GLACIER": -1}}, "lifecycle old: transitions to GLACIER is -1, AWS allows 0 to"),
        (
            {"transitions": {"GLACIER": 90, "STANDARD_IA": 100}},
            "lifecycle rule 'old': objects go to GLACIER after 90 days and to STANDARD_IA after 100",
        ),
        (
            {"transitions": {"STANDARD_IA": 30, "GLACIER": 59}},
            "lifecycle rule 'old': objects go to GLACIER after 59 days .* here 30 days later at least",
        ),
        (
            {"transitions": {"GLACIER": 90}, "expire_after_days": 90},
            "lifecycle rule 'old': objects are removed after 90 days, and moved after 90",
        ),
        ({"larger_than_bytes": -1, "expire_after_days": 1}, "lifecycle old: larger_than_bytes is -1"),
        (
            {"larger_than_bytes": 9, "smaller_than_bytes": 9, "expire_after_days": 1},
            "lifecycle rule 'old': no object is larger than 9 and smaller than 9 bytes",
        ),
        ({"noncurrent_versions_kept": 3}, "lifecycle rule 'old': noncurrent_versions_kept needs"),
        (
            {"noncurrent_versions_kept": 101, "noncurrent_expire_after_days": 1},
            "lifecycle old: noncurrent_versions_kept is 101, AWS allows 1 to 100",
        ),
        (
            {"noncurrent_expire_after_days": 365},
            r"lifecycle rule 'old': replaced versions are removed after noncurrent_days \(90\) already, never",
        ),
        ({"prefix": "x" * 1025, "expire_after_days": 1}, "lifecycle old: prefix is .* AWS allows 0 to 1024"),
    ],
)
def test_a_rule_that_s3_refuses_or_that_never_acts_is_an_error(
    stack: TerraformStack, rule: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^stack/Uploads: {message}"):
        rules(stack, LifecycleRule(**{"name": "old", **rule}))


def test_two_rules_of_one_name_are_an_error(stack: TerraformStack) -> None:
    rule = LifecycleRule("old", expire_after_days=1)
    with pytest.raises(ConfigurationError, match=r"^stack/Uploads: lifecycle rule 'old': another rule has that name"):
        rules(stack, rule, rule)


def test_rules_for_replaced_versions_need_a_bucket_that_keeps_them(stack: TerraformStack) -> None:
    rule = LifecycleRule("versions", noncurrent_expire_after_days=7)
    with pytest.raises(ConfigurationError, match=r"^stack/Uploads: lifecycle rule 'versions': the bucket keeps no"):
        rules(stack, rule, versioned=False)
