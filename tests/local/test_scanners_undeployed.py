"""Scanners on what is not deployed; Checkov, which starts slowly, runs once for all of it.

The systems with every opt-in setting, compared with the default; every option of every module class; the plain modules.
"""

import json
from collections import Counter
from collections.abc import Mapping, Set
from pathlib import Path

import pytest

import modules  # first: it prepares the provider binding and jsii

# isort: split
from cdktf import App, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from checks import ROOT
from main import context
from settings import Settings
from sluice_cli.scanning.scanners import ScanResult, checkov_on, linters, write
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import Verdict, judge
from stacks import add_systems
from tests.support.every_option import EveryOption, add_state, arguments_given, every_argument
from tests.support.rendered_policies import planned

FRAMEWORK = "terraform_json"  # plans are made of what is deployed
OF_PLAIN_MODULES = "terraform"
OPT_INS = {
    "AWS_REGION": "us-east-1",
    "CODE_SIGNING_CONFIG_ARN": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
    "ENCRYPTION_KEYS": "customer",
    "VPC_SECURITY_GROUP_IDS": "sg-0123456789abcdef0",
    "VPC_SUBNET_IDS": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "WEB_ACL_ARN": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/own/01234567-89ab-cdef-0123-456789abcdef",
}
# Findings accepted by default that an option resolves, and on how many resources.
MENDED = {
    "CKV_AWS_117": 5,  # functions outside of a VPC
    "CKV_AWS_119": 5,  # tables without a key; the products' has one
    "CKV_AWS_145": 5,  # buckets
    "CKV_AWS_158": 9,  # log groups of five functions and of two APIs
    "CKV_AWS_173": 5,  # environments of functions
    "CKV_AWS_272": 5,  # unsigned code
    "CKV2_AWS_29": 2,  # APIs without a web ACL
}
# Findings that opting in causes: rules of the web ACL, which its owner sets, and AWS's policy for VPC functions.
BROUGHT = {"CKV2_AWS_77": 2, "RESOURCE_MISMATCH": 5, "UNKNOWN_CONDITION_FOR_ACTION": 5}
OF_LINTER = {"RESOURCE_MISMATCH", "RESOURCE_STAR", "UNKNOWN_CONDITION_FOR_ACTION"}


PLANTED = """
data "aws_iam_policy_document" "planted" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}
"""


def systems(folder: Path, settings: Mapping[str, str]) -> list[ScannedStack]:
    app = App(outdir=str(folder))
    add_systems(app, Settings.load(settings, context()))
    return synthesized(app)


def synthesized(app: App) -> list[ScannedStack]:
    app.synth()
    return [
        ScannedStack(path.parent.name, json.loads(path.read_text()), {})
        for path in sorted(Path(app.outdir).glob("stacks/*/cdk.tf.json"))
    ]


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> list[ScannedStack]:
    """The systems as they are scanned elsewhere, where they are deployed."""
    return systems(tmp_path_factory.mktemp("default"), {})


@pytest.fixture(scope="module")
def opted_in(tmp_path_factory: pytest.TempPathFactory) -> list[ScannedStack]:
    return systems(tmp_path_factory.mktemp("opted-in"), OPT_INS)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScannedStack, dict[str, set[str]]]:
    """A stack with every option, and the arguments that were given to make it."""
    folder = tmp_path_factory.mktemp("options")
    code = folder / "worker"
    code.mkdir()
    (code / "handler.py").write_text("def handle(event, context): ...\n")
    (folder / "libraries").mkdir()
    (folder / "libraries" / "library.py").write_text("")
    lock = folder / "requirements.txt"
    lock.write_text("")
    app = App(outdir=str(folder / "out"))
    stack = TerraformStack(app, "options")
    AwsProvider(stack, "Aws", region="us-east-1")
    with pytest.MonkeyPatch.context() as patch, arguments_given(patch) as given:
        for keyed in (True, False):
            EveryOption(stack, code, lock, keyed=keyed)
        add_state(stack)
    TerraformOutput(stack, "Said", value="😀")  # in JSON two escapes
    (made,) = synthesized(app)
    return ScannedStack(made.name, made.synthesized, planned(made.synthesized)), given


@pytest.fixture(scope="module")
def found(
    opted_in: list[ScannedStack],
    everything: tuple[ScannedStack, dict[str, set[str]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> ScanResult:
    """Checkov's results for the stacks, for the plain modules, and for a planted policy beside those."""
    folder = tmp_path_factory.mktemp("scanned")
    write([*opted_in, everything[0]], folder, [FRAMEWORK])
    for module in (ROOT / "terraform").iterdir():
        copy = folder / "modules" / module.name
        copy.mkdir(parents=True)
        for file in module.glob("*.tf"):
            (copy / file.name).write_text(file.read_text())
    (folder / "modules" / "planted").mkdir()
    (folder / "modules" / "planted" / "main.tf").write_text(PLANTED)
    return checkov_on(folder, [FRAMEWORK, OF_PLAIN_MODULES])


def of(stacks: Set[str], found: ScanResult) -> ScanResult:
    keys = {(stack, FRAMEWORK) for stack in stacks}
    passed = {key: number for key, number in found.passed.items() if key in keys}
    return ScanResult([one for one in found.findings if (one.stack, one.where) in keys], Counter(passed))


@pytest.fixture(scope="module")
def verdict(opted_in: list[ScannedStack], found: ScanResult) -> Verdict:
    return judge(opted_in, [of({one.name for one in opted_in}, found)])


def accepted(stacks: list[ScannedStack]) -> Counter[str]:
    return Counter(one.check for stack in stacks for one in stack.acceptances)


def test_opt_ins_bring_no_finding_that_is_not_accepted(opted_in: list[ScannedStack], verdict: Verdict) -> None:
    assert verdict.failed == []
    assert {stack for stack, passed in verdict.passed} == {stack.name for stack in opted_in}


def test_findings_that_an_opt_in_fixes_are_no_longer_accepted(
    default: list[ScannedStack], opted_in: list[ScannedStack]
) -> None:
    before, now = accepted(default), accepted(opted_in)
    assert before - now == MENDED
    assert now - before == BROUGHT


def test_nothing_is_accepted_of_opt_ins_that_checkov_does_not_find(verdict: Verdict) -> None:
    # The policy linter's findings are those of the deployed systems.
    assert {one.check for one in verdict.unused} == OF_LINTER


def test_every_argument_of_every_class_is_given(everything: tuple[ScannedStack, dict[str, set[str]]]) -> None:
    _, given = everything
    missing = {verb: left for verb, names in every_argument().items() if (left := names - given[verb])}
    assert missing == {}


def test_every_option_is_clean_or_accepted_with_a_reason_that_is_used(
    everything: tuple[ScannedStack, dict[str, set[str]]], found: ScanResult
) -> None:
    stack, _ = everything
    assert found.passed[stack.name, FRAMEWORK]
    verdict = judge([stack], [of({stack.name}, found), linters([stack])])
    print(*(f"@@{one.resource} {one.check} {one.where}: {one.says}" for one in verdict.failed), sep="\n")
    print(*(f"%%{one}" for one in verdict.unused), sep="\n")
    assert verdict.failed == []
    assert verdict.unused == []
    assert {finding.check for finding, _ in verdict.accepted} >= {
        "CKV_AWS_21",
        "CKV_AWS_115",
        "CKV_AWS_149",
        "CKV_AWS_297",
        "CKV2_AWS_16",
        "CKV2_AWS_57",
        "RESOURCE_STAR",
    }


def test_options_are_of_public_classes_only() -> None:
    assert {name.partition(".")[0] for name in every_argument()} <= {*modules.__all__}


def test_checkov_finds_nothing_in_the_plain_modules_and_a_planted_policy(found: ScanResult) -> None:
    """Beyond what is accepted, with a reason, in them."""
    failed = {(one.stack, one.resource) for one in found.findings if one.where == OF_PLAIN_MODULES}
    assert failed == {("planted", "planted")}
    assert sum(number for (_, where), number in found.passed.items() if where == OF_PLAIN_MODULES) > 500
