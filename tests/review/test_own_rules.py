"""A project's own rules: what they find, what they raise, lower or silence, and what is wrong with them."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from checks import ROOT
from sluice_cli.deployment.plan import acknowledge, review_document, rules_of
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.project import Project
from sluice_cli.review.markdown import to_markdown
from sluice_cli.review.model import Level, StackReview
from sluice_cli.review.page import to_html
from sluice_cli.review.pages import as_json
from sluice_cli.review.ruleset import FILE, Ruleset
from sluice_cli.review.saved import Manifest, NotReviewed, SavedPlan, StateVersion, configuration_hashes, file_hash
from sluice_cli.review.terminal import print_review
from tests.review.plans import Values, change, document
from tests.support.commands import sluice, sluice_here
from tests.support.known_types import known_types

HEADER = "from sluice_cli.review.rules import Danger, Finding, PlannedChange, lower, raise_, rule, silence\n"
RULE = (
    HEADER + "@rule\ndef names_are_short(change: PlannedChange) -> Finding | None:\n"
    "    if len(str(change.after.get('name', ''))) > 5:\n"
    "        return change.finding(Danger.CALLERS, 'a long name', 'Our consoles cut names.')\n"
    "    return None\n"
)
QUEUE = "aws_sqs_queue.Jobs_Queue_00000000"
SLOWER = change(QUEUE, {"name": "jobs", "delay_seconds": 0}, {"name": "jobs", "delay_seconds": 900})
LOST = change("aws_dynamodb_table.Ledger_Table_00000000", {"name": "t"}, None)


def judged(folder: Path, rules: str, *changes: Values, **more: object) -> StackReview:
    (folder / FILE).write_text(rules)
    return review_document("shop", json.dumps(document(*changes, **more)), rules=Ruleset.read(folder))


def dangers(review: StackReview) -> list[str]:
    return [f"{one.danger.value}: {one.what}" for found in review.dangers for one in found.findings]


def as_terminal(review: StackReview) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_review([review], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def formats(review: StackReview) -> list[str]:
    return [as_terminal(review), to_markdown([review]), to_html([review]), json.dumps(as_json([review]))]


def test_a_rule_adds_a_finding_that_needs_acknowledgement_in_every_format(tmp_path: Path) -> None:
    review = judged(tmp_path, RULE, change(QUEUE, {"name": "a"}, {"name": "jobs-of-shop"}))
    assert "Callers lose something: Jobs/Queue: a long name" in dangers(review)
    assert [one.address for one in review.unacknowledged] == [QUEUE]
    for text in formats(review):
        assert "Our consoles cut names" in text
        assert re.search('rule (&#95;)?names(_|&#95;)are(_|&#95;)short|"rule": "names_are_short"', text)


def test_without_a_file_nothing_is_judged_otherwise(tmp_path: Path) -> None:
    assert Ruleset.read(tmp_path) == Ruleset()


@pytest.mark.parametrize(("verb", "level"), [("silence", Level.SILENCED), ("lower", Level.LOWERED)])
def test_what_is_lowered_or_silenced_is_shown_with_its_reason_and_needs_no_acknowledgement(
    tmp_path: Path, verb: str, level: Level
) -> None:
    rules = f"{HEADER}{verb}(Danger.EVENTS_WAIT, construct='Jobs/*', reason='jobs run at night')\n"
    plain = review_document("shop", json.dumps(document(SLOWER)))
    (finding,) = plain.dangers[0].findings
    review = judged(tmp_path, rules, SLOWER)
    assert review.dangers == []
    assert [(one.what, one.level, one.reason) for _, one in review.noted] == [
        (finding.what, level, "jobs run at night")
    ]
    assert review.summary() == "shop: 1 to change; 1 lowered or silenced by the project's rules"
    assert bool(review.delivery) is (level is Level.LOWERED)
    for text in formats(review):
        assert "jobs run at night" in text
        assert finding.danger.value in text
    with pytest.raises(DeploymentError, match="no dangerous change"):
        acknowledge([review], [QUEUE])


def test_nobody_acknowledges_what_is_raised(tmp_path: Path) -> None:
    review = judged(tmp_path, f"{HEADER}raise_(Danger.DATA_LOSS, construct='Ledger/*', reason='the law')\n", LOST)
    with pytest.raises(DeploymentError, match="the project's rules raised it; nobody can acknowledge it"):
        acknowledge([review], [LOST["address"]])
    assert [one.address for one in review.acknowledging([LOST["address"]]).unacknowledged] == [LOST["address"]]
    for text in formats(review):
        assert "the law" in text
        assert "its address to acknowledge" not in text


def test_the_strictest_of_several_adjustments_counts(tmp_path: Path) -> None:
    rules = (
        f"{HEADER}raise_(Danger.DATA_LOSS, construct='Ledger/*', reason='a')\nsilence(Danger.DATA_LOSS, reason='b')\n"
    )
    other = change("aws_dynamodb_table.Cache_Table_00000000", {"name": "t"}, None)
    review = judged(tmp_path, rules, LOST, other)
    assert [(one.address, one.is_raised) for one in review.dangers] == [(LOST["address"], True)]
    assert [(one.address, finding.reason) for one, finding in review.noted] == [(other["address"], "b")]


def test_patterns_take_brackets_of_addresses_as_they_are(tmp_path: Path) -> None:
    rules = HEADER + "silence(Danger.EVENTS_WAIT, address='aws_sqs_queue.q[\"*\"]', reason='r')\n"
    plans = [{**SLOWER, "address": f"aws_sqs_queue.q{end}", "name": "q"} for end in ('["a"]', '["b"]', "[0]")]
    assert [one.address for one in judged(tmp_path, rules, *plans).dangers] == ["aws_sqs_queue.q[0]"]


def test_a_silenced_change_is_not_silenced_when_it_was_made_outside_terraform(tmp_path: Path) -> None:
    rules = f"{HEADER}silence(Danger.EVENTS_WAIT, address='{QUEUE}', reason='r')\n"
    review = judged(tmp_path, rules, resource_drift=[SLOWER])
    assert [one.address for one in review.dangers] == [f"{QUEUE}.drift"]


def test_own_findings_and_failed_checks_are_lowered_like_any_other(tmp_path: Path) -> None:
    rules = RULE + "silence(Danger.CALLERS, Danger.EVENTS_CHANGE, Danger.CHECK, reason='r')\n"
    check = {
        "address": {"to_display": "check.health", "kind": "check", "name": "health"},
        "status": "fail",
        "instances": [{"address": {"to_display": "check.health"}, "status": "fail"}],
    }
    review = judged(tmp_path, rules, change(QUEUE, {"name": "a"}, {"name": "a", "tags": {"x": "y"}}), checks=[check])
    assert (dangers(review), len(review.noted)) == ([], 1)
    assert dangers(judged(tmp_path, RULE, checks=[check])) != []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return change.after['nothing']", "It failed in review_rules.py line 4: there is no 'nothing'."),
        ("import sys; sys.exit(0)", "It failed in review_rules.py line 4: it ends the program (sys.exit)."),
        ("return True", "It returned True; a finding or None is expected."),
        ("return 'dangerous'", "It returned 'dangerous'; a finding or None is expected."),
        (
            "return [change.finding(Danger.COST, 'a', 'b')]",
            "It returned an object of another kind; a finding or None is expected.",
        ),
        (
            "return change.finding('Costs more', 'a', 'b')",
            "Its finding's danger is 'Costs more'; give one of Danger's.",
        ),
        ("return Finding(Danger.COST, '', 'b')", "Its finding has no text: what happens and what that means."),
        (
            "return judge(change)",
            "It failed in review_rules.py line 4: it is nested too deeply.",
        ),
    ],
)
def test_a_rule_that_fails_makes_its_change_one_that_cannot_be_judged(tmp_path: Path, body: str, why: str) -> None:
    rules = f"{HEADER}@rule\ndef judge(change: PlannedChange) -> Finding | None:\n    {body}\n"
    rules += "silence(*Danger, reason='everything')\n"
    (found,) = judged(tmp_path, rules, SLOWER).unacknowledged
    assert [(one.danger.value, one.what) for one in found.findings] == [
        ("Cannot be judged", "Jobs/Queue: the project's rule judge could not judge it")
    ]
    assert found.findings[0].means.replace(f"{tmp_path}/", "").replace(" in comparison", "") == why


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("def broken(:\n", " line 1: invalid syntax"),
        ("x = 1\nimport no_such_module\n", " line 2: No module named 'no_such_module'"),
        ("raise SystemExit(0)\n", " line 1: it ends the program (sys.exit)"),
        ("", " has no rule: put @rule before a function, or call silence, lower or raise_"),
        ("def judge(change):\n    return None\n", " has no rule: put @rule before a function, or call silence, "),
        (f"{HEADER}silence(Danger.COST, reason=' ')\n", " line 2: reason: a text is expected, given ' '"),
        (f"{HEADER}silence(reason='r')\n", " line 2: name the kinds of finding, such as Danger.EVENTS_WAIT"),
        (f"{HEADER}lower('Costs more', reason='r')\n", " line 2: name the kinds of finding, such as Danger.EVENTS_"),
        (f"{HEADER}lower(Danger.COST)\n", " line 2: lower() missing 1 required keyword-only argument: 'reason'"),
        (f"{HEADER}rule(3)\n", ": 3: @rule stands before a function"),
        (f"{HEADER}@rule\ndef f():\n    return None\n", ": f: a rule takes one argument, the change"),
        (f"{HEADER}@rule\nasync def f(change):\n    return None\n", ": f: a rule returns a finding or None"),
        (f"{HEADER}@rule\ndef f(change):\n    yield None\n", ": f: a rule returns a finding or None"),
        ("\0", ": source code string cannot contain null bytes"),
    ],
)
def test_an_error_in_the_rules_file_is_one_message_with_the_exit_code_of_wrong_input(
    tmp_path: Path, rules: str, why: str
) -> None:
    (tmp_path / "cdktf.json").write_text('{"app": "true"}')
    (tmp_path / FILE).write_text(rules)
    with pytest.raises(InputError) as error:
        rules_of(Project.read(tmp_path))
    assert error.value.exit_code == ExitCode.WRONG_INPUT
    assert str(error.value).startswith(f"{tmp_path / FILE}{why}")


def test_a_link_to_nothing_and_a_folder_are_no_rules(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to(tmp_path / "gone.py")
    with pytest.raises(ValueError, match="is a link to nothing"):
        Ruleset.read(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    with pytest.raises(ValueError, match="cannot be read"):
        Ruleset.read(tmp_path)


def test_a_rule_sees_no_sensitive_value_and_no_format_shows_what_looks_like_a_secret(tmp_path: Path) -> None:
    rules = HEADER + (
        "@rule\ndef repeat(change: PlannedChange) -> Finding | None:\n"
        "    print('to standard output')\n"
        "    return change.finding(Danger.COST, str(change.after), f'{change.before}')\n"
    )
    values = {"name": "MARKER-a", "environment": [{"variables": {"DB_PASSWORD": "MARKER-b"}}]}
    one = change("aws_lambda_function.F", values, {**values, "timeout": 3}, after_sensitive={"name": True})
    review = judged(tmp_path, rules, one)
    assert any("(sensitive, not shown)" in text for text in dangers(review))
    assert [text for text in formats(review) if "MARKER" in text] == []


def test_a_rule_cannot_change_what_others_see(tmp_path: Path) -> None:
    rules = HEADER + (
        "@rule\ndef meddle(change: PlannedChange) -> Finding | None:\n"
        "    change.after['tags'].clear()\n    return None\n"
        "@rule\ndef read(change: PlannedChange) -> Finding | None:\n"
        "    return change.finding(Danger.COST, str(change.after['tags']), 'It costs.')\n"
    )
    one = change(QUEUE, {"name": "a"}, {"name": "a", "tags": {"kept": "yes"}})
    assert dangers(judged(tmp_path, rules, one)) == ["Costs more: Jobs/Queue: {'kept': 'yes'}"]


def test_rules_that_changed_since_the_review_are_refused(tmp_path: Path) -> None:
    saved, stack = SavedPlan.of(tmp_path, "shop"), tmp_path / "stack"
    stack.mkdir()
    (stack / "cdk.tf.json").write_text("{}")
    saved.prepare()
    with zipfile.ZipFile(saved.plan, "w") as archive:
        archive.writestr("tfconfig/m-/cdk.tf.json", "{}")
    (tmp_path / FILE).write_text(RULE)
    digest = Ruleset.read(tmp_path).digest
    hashes = configuration_hashes(stack)
    saved.write(Manifest("shop", file_hash(saved.plan), StateVersion(), hashes, ["a.b"], ["a.b"], 1, rules=digest))
    manifest = saved.check(stack, StateVersion(), digest)
    saved.check_dangers(manifest, ["a.b"])
    with pytest.raises(NotReviewed, match=r"let nobody acknowledge a\.b"):
        saved.check_dangers(manifest, ["a.b"], ["a.b"])
    (tmp_path / FILE).write_text(f"{RULE}\n")
    for other in (Ruleset.read(tmp_path).digest, ""):
        with pytest.raises(NotReviewed, match=r"the project's rules \(review_rules\.py\) changed since the review"):
            saved.check(stack, StateVersion(), other)


def test_the_command_judges_a_plan_by_the_rules_of_its_project(tmp_path: Path) -> None:
    """As installed: from a folder that has nothing of this repository on its path."""
    (tmp_path / "cdktf.json").write_text('{"app": "true"}')
    (tmp_path / "plan.json").write_text(json.dumps(document(SLOWER)))

    command = ["review", "--plan", "plan.json", "--json"]
    rules = tmp_path / FILE
    unsafe = f"import sys\nassert {str(tmp_path)!r} not in sys.path\n"
    rules.write_text(f"{HEADER}{unsafe}print('hello')\nsilence(Danger.EVENTS_WAIT, reason='jobs run at night')\n")
    code, out, err = sluice(tmp_path, *command, variables={"PYTHONSAFEPATH": "1"})
    text = (out + err).replace("hello\n", "")
    assert (code, json.loads(text)[0]["changes"][0]["noted"][0]["reason"]) == (ExitCode.DONE, "jobs run at night")
    rules.write_text(f"{HEADER}lower(Danger.COST, reason='not this')\n")
    assert sluice_here(tmp_path, *command)[0] == ExitCode.NEEDS_DECISION
    rules.write_text("import nothing_at_all\n")
    assert sluice_here(tmp_path, *command)[0] == ExitCode.WRONG_INPUT


def documented() -> str:
    found = re.search(r"```python\n(.*?)```", (ROOT / "docs/review.md").read_text(), re.DOTALL)
    assert found
    return found.group(1)


def test_the_documented_rules_judge_as_they_say(tmp_path: Path) -> None:
    big = change("aws_lambda_function.Worker_Function_00000000", None, {"memory_size": 4096})
    review = judged(tmp_path, documented(), big, LOST)
    assert "Costs more: Worker/Function: more than 2048 MB of memory" in dangers(review)
    assert [one.address for one in review.dangers if one.is_raised] == [LOST["address"]]


def test_the_documented_rules_are_typed_strictly(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(documented())
    cache = known_types(tmp_path / "types")  # a copy: other tests copy what lint found out meanwhile
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", str(tmp_path / FILE)]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n")
