"""Checkov has nothing to say of the plain modules beyond what is accepted, with a reason, in them."""

import json
import shutil
import subprocess
from pathlib import Path

from checks import ROOT
from sluice_cli.scanning.scanners import BIN

PLANTED = """
data "aws_iam_policy_document" "planted" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}
"""


def test_checkov_finds_nothing_in_the_modules_and_a_planted_policy(tmp_path: Path) -> None:
    for module in sorted((ROOT / "terraform").iterdir()):
        (tmp_path / module.name).mkdir()
        for file in module.glob("*.tf"):
            shutil.copy(file, tmp_path / module.name)
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "main.tf").write_text(PLANTED)
    arguments = ["--framework", "terraform", "--skip-download", "--quiet", "--output", "json"]
    done = subprocess.run(
        [str(BIN / "checkov"), "--directory", str(tmp_path), *arguments], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    failed = {(one["file_path"].split("/")[1], one["resource"]) for one in report["results"]["failed_checks"]}
    assert failed == {("planted", "aws_iam_policy_document.planted")}
    assert report["summary"]["passed"] > 500
