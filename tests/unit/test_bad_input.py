"""Generated bad input: every command answers with a message and an exit code of the table."""

import contextlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sluice_cli.__main__ import VERBS
from sluice_cli.command_line import run
from sluice_cli.exit_codes import ExitCode
from sluice_cli.project import FILE
from sluice_cli.review.ruleset import FILE as RULES

# Names of Python that appear only if an error is not put into words.
PYTHON = re.compile(r"\b[A-Za-z]\w*(?:Error|Exception)\b|NoneType|Traceback|<class |\bobject at 0x|unexpected error")
CODES = {code.value for code in ExitCode}
# Keys that Terraform's files and ours have in some place.
KEYS = ["stacks", "workingDirectory", "dependencies", "app", "output", "context", "resource", "data", "provider"]
KEYS += ["terraform", "backend", "aws", "aws_s3_bucket", "aws_lambda_function", "aws_iam_role_policy", "policy", "//"]
KEYS += ["resource_changes", "change", "actions", "before", "after", "address", "type", "name", "configuration"]
KEYS += ["root_module", "planned_values", "format_version", "path", "metadata", "Statement", "bucket", "outputs"]
TEXTS = st.sampled_from(
    ["", "a", "1.2", "create", "${aws_s3_bucket.a.arn}", "stacks/a", "\x1b[31m", "é", "*", "{", "[]"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | TEXTS, below, max_size=4),
    max_leaves=12,
)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code, and everything that is printed."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = run("sluice", "", VERBS, arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, printed.getvalue()


def expect_words(folder: Path, *arguments: str) -> int:
    code, printed = outcome(folder, *arguments)
    assert code in CODES, printed
    assert not PYTHON.search(printed), (arguments, printed)
    assert code == ExitCode.DONE or printed.strip(), f"{arguments}: nothing says why it ends with {code}"
    return code


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [one for one in os.environ if one.startswith(("AWS_", "TF_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@contextlib.contextmanager
def project(app: str = "true", **files: str) -> Iterator[Path]:
    """A project whose app copies the folder `synthesized` to the output folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / FILE).write_text(json.dumps({"app": app}))
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        yield folder


COPY = 'mkdir -p "$CDKTF_OUTDIR" && cp -R synthesized/. "$CDKTF_OUTDIR"'
MANIFEST = json.dumps({"stacks": {"a": {"workingDirectory": "stacks/a"}}})


@FEW
@given(VALUES)
def test_any_cdktf_json_is_accepted_or_refused_in_words(document: Any) -> None:
    with project() as folder:
        (folder / FILE).write_text(json.dumps(document))
        expect_words(folder, "list")


@FEW
@given(st.binary(max_size=40))
def test_a_cdktf_json_of_any_bytes_is_refused_in_words(content: bytes) -> None:
    with project() as folder:
        (folder / FILE).write_bytes(content)
        assert expect_words(folder, "synth") == ExitCode.WRONG_INPUT


@FEW
@given(VALUES | st.fixed_dictionaries({"stacks": VALUES | st.dictionaries(TEXTS, VALUES, max_size=2)}))
@example({"stacks": {"a": {"workingDirectory": None}}})
@example({"stacks": {"a": {"workingDirectory": "stacks/a", "dependencies": 5}}})
@example({"stacks": {"a": {"workingDirectory": "stacks/a", "dependencies": [["a"]]}}})
def test_any_manifest_is_read_or_refused_in_words(manifest: Any) -> None:
    with project(
        COPY, **{"synthesized/manifest.json": json.dumps(manifest), "synthesized/stacks/a/cdk.tf.json": "{}"}
    ) as folder:
        expect_words(folder, "list")
        expect_words(folder, "synth", "--json")


@FEW
@given(
    VALUES
    | st.fixed_dictionaries({"resource": VALUES})
    | st.fixed_dictionaries({"provider": VALUES, "terraform": VALUES})
)
@example({"resource": {"aws_s3_bucket": []}})
@example({"resource": {"aws_s3_bucket": {"a": None}}})
@example({"resource": {"aws_iam_role_policy": {"a": {"policy": 5, "role": ["x"]}}}})
@example([])
def test_any_terraform_is_drawn_or_refused_in_words(terraform: Any) -> None:
    files = {"synthesized/manifest.json": MANIFEST, "synthesized/stacks/a/cdk.tf.json": json.dumps(terraform)}
    with project(COPY, **files) as folder:
        expect_words(folder, "diagram")


PLAN = {"format_version": "1.2", "terraform_version": "1.11.0", "planned_values": {"root_module": {}}}
CHANGE = {"address": "aws_s3_bucket.a", "mode": "managed", "type": "aws_s3_bucket", "name": "a"}


@FEW
@given(
    VALUES
    | st.fixed_dictionaries({"resource_changes": VALUES, "configuration": VALUES}).map(lambda one: {**PLAN, **one})
    | st.fixed_dictionaries({"actions": VALUES, "before": VALUES, "after": VALUES}).map(
        lambda one: {**PLAN, "resource_changes": [{**CHANGE, "change": one}]}
    )
)
@example(
    {
        **PLAN,
        "resource_changes": [{**CHANGE, "change": {"actions": ["create"], "before": None, "after": {"bucket": []}}}],
    }
)
@example({**PLAN, "resource_changes": None, "configuration": []})
def test_any_plan_is_reviewed_or_refused_in_words(plan: Any) -> None:
    with project(**{"plan.json": json.dumps(plan)}) as folder:
        expect_words(folder, "review", "--plan", "plan.json")


@FEW
@given(st.binary(max_size=60))
def test_a_plan_of_any_bytes_is_refused_as_wrong_input(content: bytes) -> None:
    with project() as folder:
        (folder / "plan.json").write_bytes(content)
        assert expect_words(folder, "review", "--plan", "plan.json") == ExitCode.WRONG_INPUT


@pytest.mark.parametrize(
    "body",
    [
        "return change.after['nothing']",
        "return change.after.nothing",
        "return None.x",
        "return 1 / 0",
        "return [][1]",
        "return int('x')",
        "return open('/nowhere')",
        "return 'a' + 1",
        "raise ValueError",
        "raise RuntimeError('no')",
        "assert False",
        "import nowhere",
        "return undefined",
        "return object()",
        "return b'\\xff'.decode()",
        "raise KeyError",
        "return {}",
    ],
)
def test_whatever_a_rule_raises_or_returns_is_reported_in_words(body: str) -> None:
    rule = f"from sluice_cli.review.rules import rule\n@rule\ndef judge(change):\n    {body}\n"
    plan = {**PLAN, "resource_changes": [{**CHANGE, "change": {"actions": ["create"], "before": None, "after": {}}}]}
    with project(**{RULES: rule, "plan.json": json.dumps(plan)}) as folder:
        assert expect_words(folder, "review", "--plan", "plan.json") == ExitCode.NEEDS_DECISION
        (folder / RULES).write_text(
            f"change = None\nfrom sluice_cli.review.rules import rule\n{body.replace('return ', '')}\n"
        )
        assert expect_words(folder, "review", "--plan", "plan.json") == ExitCode.WRONG_INPUT


@pytest.mark.parametrize("verb", sorted(VERBS))
@FEW
@given(
    st.lists(
        TEXTS | st.sampled_from(["--local", "--json", "--yes", "--plan", "--events", "--x", "--project", "nope"]),
        max_size=3,
    )
)
def test_any_arguments_are_accepted_or_refused_in_words(verb: str, arguments: list[str]) -> None:
    with project(COPY, **{"synthesized/manifest.json": MANIFEST, "synthesized/stacks/a/cdk.tf.json": "{}"}) as folder:
        if verb not in ("up", "scan", "watch"):  # these would start a local AWS
            expect_words(folder, verb, *arguments)
        expect_words(folder, verb, *arguments, "--no-such-option")
