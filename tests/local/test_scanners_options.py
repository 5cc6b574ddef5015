"""Checkov and the linter of policies on every option of every module class: each finding is accepted with a reason."""

import json

import pytest

import modules  # first: it prepares the provider binding and jsii

# isort: split
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from sluice_cli.scanning.scanners import checkov, linters
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import judge
from tests.support.every_option import EveryOption, add_state, arguments_given, every_argument
from tests.support.rendered_policies import planned

FRAMEWORK = "terraform_json"  # plans are made of what is deployed


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScannedStack, dict[str, set[str]]]:
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
    app.synth()
    synthesized = json.loads((folder / "out/stacks/options/cdk.tf.json").read_text())
    return ScannedStack("options", synthesized, planned(synthesized)), given


def test_every_argument_of_every_class_is_given(everything: tuple[ScannedStack, dict[str, set[str]]]) -> None:
    _, given = everything
    missing = {verb: left for verb, names in every_argument().items() if (left := names - given[verb])}
    assert missing == {}


def test_every_option_is_clean_or_accepted_with_a_reason_that_is_used(
    everything: tuple[ScannedStack, dict[str, set[str]]],
) -> None:
    stack, _ = everything
    verdict = judge([stack], [checkov([stack], [FRAMEWORK]), linters([stack])])
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
