"""`cdktf synth --hcl` writes valid Terraform: the five systems, and every connection and grant of the classes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from checks import ROOT
from sluice_cli.terraform.mirror import terraform_environment

SETTINGS = {
    "AWS_REGION": "eu-west-1",
    "STATE_BUCKET": "states",
    "ENCRYPTION_KEYS": "customer",
    "CORS_ORIGINS": "https://a.example.com,https://b.example.com",
    **{f"{one}_DELIVERY": "buffered" for one in ("TRACKER", "METADATA", "SENSOR", "INVOCATION_LOG", "UPLOAD")},
}
APPS = ("main.py", "tests/support/connections/app.py")


def test_what_is_written_in_hcl_is_valid(tmp_path: Path) -> None:
    variables = {**os.environ, **SETTINGS, "PYTHONPATH": str(ROOT), "SYNTH_HCL_OUTPUT": "true"}
    for app in APPS:
        synth = {**variables, "CDKTF_OUTDIR": str(tmp_path / Path(app).stem)}
        subprocess.run([sys.executable, str(ROOT / app)], cwd=ROOT, env=synth, check=True, capture_output=True)
    stacks = {str(file.parent.relative_to(tmp_path)): file for file in tmp_path.rglob("cdk.tf")}
    assert {name.partition("/")[0] for name in stacks} == {Path(app).stem for app in APPS}
    assert not list(tmp_path.rglob("cdk.tf.json"))
    assert [name for name, file in stacks.items() if "replace_triggered_by" not in file.read_text()] == []

    # As modules of one configuration, which Terraform validates at once.
    modules = {f"stack{number}": {"source": f"./{name}"} for number, name in enumerate(stacks)}
    (tmp_path / "main.tf.json").write_text(json.dumps({"module": modules}))
    environment = terraform_environment(dict(os.environ), tmp_path / "terraform.rc")
    subprocess.run(["terraform", "init"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    said = subprocess.run(
        ["terraform", "validate", "-json"], cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    ).stdout
    errors = [one for one in json.loads(said)["diagnostics"] if one["severity"] == "error"]
    assert [f"{one.get('range', {}).get('filename')}: {one['summary']}: {one['detail']}" for one in errors] == []
