"""`cdktf synth --hcl` writes valid Terraform: the five systems, and every connection and grant of the classes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from checks import ROOT
from sluice_cli.terraform.mirror import terraform_environment

SETTINGS = {
    "AWS_REGION": "eu-west-1",
    "STATE_BUCKET": "states",
    "ENCRYPTION_KEYS": "customer",
    "CORS_ORIGINS": "https://a.example.com,https://b.example.com",
    **{f"{one}_DELIVERY": "buffered" for one in ("TRACKER", "METADATA", "SENSOR", "INVOCATION_LOG", "UPLOAD")},
}
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


@pytest.mark.parametrize("app", ["main.py", "tests/support/connections/app.py"])
def test_what_is_written_in_hcl_is_valid(tmp_path: Path, app: str) -> None:
    output = tmp_path / "out"
    variables = {**os.environ, **SETTINGS, "PYTHONPATH": str(ROOT), "SYNTH_HCL_OUTPUT": "true"}
    synth = {**variables, "CDKTF_OUTDIR": str(output)}
    subprocess.run([sys.executable, str(ROOT / app)], cwd=ROOT, env=synth, check=True, capture_output=True)
    environment = terraform_environment(dict(os.environ), tmp_path / "terraform.rc")
    stacks = sorted((output / "stacks").iterdir())
    assert stacks
    found = {}
    for stack in stacks:
        assert not (stack / "cdk.tf.json").exists()
        (stack / "local_override.tf").write_text(LOCAL_BACKEND)
        subprocess.run(["terraform", "init"], cwd=stack, env=environment, check=True, capture_output=True)
        validate = ["terraform", "validate", "-json"]
        said = subprocess.run(validate, cwd=stack, env=environment, check=False, capture_output=True, text=True).stdout
        errors = [one for one in json.loads(said)["diagnostics"] if one["severity"] == "error"]
        found[stack.name] = [f"{one['summary']}: {one['detail']}" for one in errors]
        assert "replace_triggered_by" in (stack / "cdk.tf").read_text()
    assert found == {stack.name: [] for stack in stacks}
