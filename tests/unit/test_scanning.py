import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sluice_cli.scanning import scanners
from sluice_cli.scanning.scanners import ScannerFinding, ScanResult, without_absent
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import judge
from tests.support.own_modules import write_modules_like_pythons


def test_a_scan_without_its_scanners_fails_and_says_what_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "BIN", tmp_path)
    with pytest.raises(scanners.ScannerFailed, match=r"checkov is not installed: run `sh scripts/setup.sh scanners`"):
        scanners.checkov([])


def test_a_scanner_imports_no_modules_of_the_callers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_modules_like_pythons(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    scanner = tmp_path / "bin" / "scanner"
    scanner.write_text("import json, secrets, sys\nprint(json.dumps([len(secrets.token_hex(4)), sys.argv[1:]]))\n")
    monkeypatch.setattr(scanners, "BIN", tmp_path / "bin")
    monkeypatch.chdir(tmp_path)
    assert scanners._run([str(scanner), "--soft-fail"]) == [8, ["--soft-fail"]]


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_every_character_reaches_checkov_which_reads_json_as_yaml(tmp_path: Path, loader: Any) -> None:
    numbers = [*range(0xD800), *range(0xE000, 0x10000, 7), *range(0xFFF0, 0x10FFFF, 4_099), 0x10FFFF]
    document = {
        f"tag {start}": "".join(map(chr, numbers[start : start + 512])) for start in range(0, len(numbers), 512)
    }
    document["written out"] = r"\ud83d\ude00 \\ud83d\ude00 \U0001f600"
    scanners.write([ScannedStack("shop", document, {})], tmp_path, ["terraform_json"])
    (file,) = tmp_path.rglob("*.json")
    assert yaml.load(file.read_text(encoding="utf-8"), loader) == document  # noqa: S506 - both loaders are safe


def test_a_plans_resources_are_scanned_without_the_arguments_that_they_do_not_have() -> None:
    values: dict[str, Any] = {
        "environment": [],
        "kms_key_arn": "",
        "timeout": 0,
        "tracing_config": [{"mode": "Active"}],
    }
    assert without_absent({"resources": [{"values": values}, []]}) == {
        "resources": [{"values": {"timeout": 0, "tracing_config": [{"mode": "Active"}]}}, []]
    }


def test_what_a_policys_document_accepts_is_accepted_in_the_plan_too_and_nothing_else() -> None:
    accepted = {"CKV_AWS_356": "reads states only", "CKV_AWS_108": "of nobody"}
    policy = {"policy": "${data.aws_iam_policy_document.Shift.json}", "//": {"accepted": accepted}}
    stack = ScannedStack("shop", {"resource": {"aws_iam_role_policy": {"Policy": policy}}}, {})

    def found(resource: str, check: str, where: str) -> ScannerFinding:
        return ScannerFinding("shop", resource, check, "Ensure", where)

    document = found("Shift", "CKV_AWS_356", "terraform_json")
    plan = found("Policy", "CKV_AWS_355", "terraform_plan")
    other = [found("Policy", "CKV_AWS_290", "terraform_plan"), found("Other", "CKV_AWS_355", "terraform_plan")]
    verdict = judge([stack], [ScanResult([document, plan, *other])])
    assert verdict.accepted == [(one, "reads states only") for one in (document, plan)]
    assert verdict.failed == other
    assert [one.check for one in verdict.unused] == ["CKV_AWS_108"]
