"""Queries about several stacks, one of whose Terraform is invalid: the others are shown, and that one is named."""

import json
from pathlib import Path

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, PRIVATE_FOLDER
from tests.support.commands import sluice_here

APP = """
mkdir -p "$CDKTF_OUTDIR/stacks/good" "$CDKTF_OUTDIR/stacks/bad"
echo '{"stacks": {"bad": {"workingDirectory": "stacks/bad"}, "good": {"workingDirectory": "stacks/good"}}}' \
  >"$CDKTF_OUTDIR/manifest.json"
echo '{"terraform": {"backend": {"local": {"path": "STATE"}}}, "output": {"Answer": {"value": 42}}}' \
  >"$CDKTF_OUTDIR/stacks/good/cdk.tf.json"
echo '{"resource": {}, "nonsense": {}}' >"$CDKTF_OUTDIR/stacks/bad/cdk.tf.json"
"""
STATE = {
    "version": 4,
    "terraform_version": "1.11.0",
    "serial": 1,
    "lineage": "l",
    "outputs": {"Answer": {"value": 42, "type": "number"}},
    "resources": [
        {
            "mode": "managed",
            "type": "terraform_data",
            "name": "one",
            "provider": 'provider["terraform.io/builtin/terraform"]',
            "instances": [{"schema_version": 0, "attributes": {"id": "i-1"}}],
        }
    ],
}


@pytest.fixture
def project(local_aws: LocalAws, tmp_path: Path) -> Path:
    """A project that is deployed with the local AWS's credentials as to an account."""
    state = tmp_path / "good.tfstate"
    state.write_text(json.dumps(STATE))
    (tmp_path / FILE).write_text(json.dumps({"app": APP.replace("STATE", str(state))}))
    (tmp_path / PRIVATE_FOLDER).mkdir()
    (tmp_path / PRIVATE_FOLDER / "local").symlink_to(local_aws.folder)
    return tmp_path


def test_the_stacks_that_can_be_read_are_shown_and_the_others_named(local_aws: LocalAws, project: Path) -> None:
    variables = local_aws.environment()
    done = {
        verb: sluice_here(project, *verb.split(), variables=variables)
        for verb in ("outputs", "outputs --json", "list --deployed", "logs", "outputs good")
    }
    assert [code for code, *_ in done.values()] == [1, 1, 1, 1, 0]
    out = {verb: text.splitlines() for verb, (_, text, _) in done.items()}
    assert out["outputs"][1:] == out["outputs good"][1:] == ["good.Answer = 42"]
    assert json.loads(done["outputs --json"][1]) == {"good": {"Answer": 42}}
    assert out["list --deployed"][1:] == ["good", "  resources", "    terraform_data.one  i-1"]
    for verb, (_, _, said) in done.items():
        assert ("terraform init of bad failed:" in said) == (verb != "outputs good"), verb
