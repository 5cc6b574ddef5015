"""Invalid plans are refused with the reason; unknown parts of a plan are shown, never skipped."""

import json
from pathlib import Path

import pytest

from checks import ROOT
from sluice_cli.review.plan import PlanError, read_plan
from tests.review.plans import change, document, findings, headlines, review
from tests.support.commands import sluice, sluice_here

PLAN = json.dumps(document(change("aws_s3_bucket.A", None, {"bucket": "a"})))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("PK\x03\x04binary", "binary plan file"),
        ("Terraform will perform the following actions", "not a plan"),
        (PLAN[: len(PLAN) // 2], "not complete JSON"),
        ("[]", "no Terraform plan"),
        ('{"resource": {}}', "no format_version"),
        (PLAN.replace('"1.2"', '"2.0"'), "format version '2.0'"),
        (PLAN.replace('"1.2"', '"0.1"'), "format version '0.1'"),
        (PLAN.replace('"errored": false', '"errored": true'), "ended with errors"),
        ('{"format_version": "1.0", "values": {}}', "from a state"),
        (PLAN.replace('"actions": ["create"], ', ""), "damaged"),
        (PLAN.replace('"after": {"bucket": "a"}', '"after": ["a"]'), "damaged"),
        ("[" * 100_000, "not a plan"),
        (
            '{"@level":"info","type":"version"}\n{"@level":"info"}\n',
            "log of `terraform plan -json`; give the",
        ),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        read_plan(text)


def test_later_minor_versions_of_the_format_are_read() -> None:
    assert read_plan(PLAN.replace('"1.2"', '"1.9"')).changes[0].verb == "create"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x80\x01", "it is not text"),
        (b"\xff\xfe\x00\x01", "it is not JSON"),
        (b"{}", "no format_version"),
        (PLAN.encode()[:200], "not complete JSON"),
    ],
)
def test_the_command_ends_with_2_and_one_line_for_what_is_no_plan(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    code, _, err = sluice_here(tmp_path, "review", "--plan", str(file))
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_the_command_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, _, err = sluice(ROOT, "review", "--plan", str(tmp_path / "none.json"))
    assert (code, "No such file" in err) == (2, True)


def test_a_type_without_a_module_class_is_shown_by_its_attributes() -> None:
    (one,) = review(change("aws_instance.web", None, {"ami": "ami-1", "instance_type": "t3.micro"})).changes
    assert not one.known
    assert {item.path: item.shown_after for item in one.differences} == {"ami": "ami-1", "instance_type": "t3.micro"}


def test_destroying_a_type_without_a_module_class_is_dangerous_because_nobody_knows_what_it_holds() -> None:
    assert findings(change("aws_mystery.one", {"name": "a"}, None)) == ["Data is lost: one, aws_mystery is destroyed"]


def test_an_action_of_a_later_terraform_is_shown_and_dangerous() -> None:
    given = change("aws_s3_bucket.A", {"bucket": "a"}, {"bucket": "a"}, actions=["teleport"])
    assert headlines(given) == ["A bucket: bucket: teleport"]
    assert findings(given) == ["Cannot be judged: A bucket: teleport"]


def test_resources_of_child_modules_and_of_counts_are_shown() -> None:
    addresses = ['module.net["a.b"].aws_vpc.main[0]', "aws_sqs_queue.jobs[1]"]
    given = [{**change("aws_x.y", None, {"name": "a"}), "address": address} for address in addresses]
    assert sorted(one.address for one in review(*given).changes) == sorted(addresses)


def test_an_incomplete_plan_says_so() -> None:
    assert review(complete=False).notes == ("This plan is not complete: Terraform left something out of it.",)
