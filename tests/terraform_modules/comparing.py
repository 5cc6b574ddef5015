"""What a module plans beside what its CDKTF stack plans, under many settings in one plan.

Terraform's test command plans with the real provider and no account: only what would ask AWS is overridden.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"
# What differs by design: tags come from the provider there and from the module here, the archive lies elsewhere, and
# the fingerprint of an API is Terraform's here.
DESIGNED = {"tags", "tags_all", "filename", "source_code_hash", "triggers"}
PROVIDER = {
    "region": REGION,
    "access_key": "test",
    "secret_key": "test",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": "true",
}


def write_root(
    folder: Path, module: Path, cases: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], assets: Path
) -> None:
    """A root that calls a module with each case's variables, and beside it the stack as synthesized for the case.

    Every case is an instance of the module of its own: several in one root get in nobody's way.
    """
    calls = {}
    for number, (variables, stack) in enumerate(cases):
        calls[f"plain_{number}"] = {"source": f"./{module.name}", **variables}
        calls[f"cdktf_{number}"] = {"source": f"./cdktf_{number}"}
        own = folder / f"cdktf_{number}"
        own.mkdir(parents=True)
        (own / "assets").symlink_to(assets)
        required = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}
        content = {**stack, "terraform": required}
        content.pop("provider", None)
        (own / "cdk.tf.json").write_text(json.dumps(content))
    shutil.copytree(module, folder / module.name, ignore=shutil.ignore_patterns("tests", "examples", ".terraform*"))
    (folder / "main.tf.json").write_text(json.dumps({"provider": {"aws": PROVIDER}, "module": calls}))
    overrides, runs = "", dict.fromkeys(["plan"], "")
    for call, document in [(call, _data_of(folder, call, one["source"])) for call, one in calls.items()]:
        for name in document.get("aws_caller_identity", []):
            overrides += _override(f"module.{call}.data.aws_caller_identity.{name}", {"account_id": ACCOUNT})
        if "aws_dynamodb_tables" in document:
            for run, there in (("plan", False), ("scaled", True)):
                tables = cases[int(call.rpartition("_")[2])][1]["resource"]["aws_dynamodb_table"].values()
                names = [one["name"] for one in tables] if there else []
                runs[run] = runs.get(run, "") + _tables(call, document, names)
    blocks = "".join(f'\nrun "{run}" {{\n  command = plan\n{own}}}\n' for run, own in runs.items())
    (folder / "equal.tftest.hcl").write_text(overrides + blocks)


def _data_of(folder: Path, call: str, source: str) -> dict[str, list[str]]:
    """By type, the names of the data that a call's module reads."""
    if call.startswith("cdktf"):
        document = json.loads((folder / source / "cdk.tf.json").read_text())
        return {type_: [*blocks] for type_, blocks in document["data"].items()}
    found: dict[str, list[str]] = {}
    for type_, name in re.findall(r'^data "(\w+)" "(\w+)"', (folder / source / "main.tf").read_text(), re.MULTILINE):
        found.setdefault(type_, []).append(name)
    return found


def _tables(call: str, document: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    """What AWS would answer about tables: which there are, and the capacity that their indexes were scaled to."""
    indexes = [{"name": one, "read_capacity": 39041, "write_capacity": 39042} for one in ("by-day", "by-content-type")]
    answers: dict[str, dict[str, Any]] = {
        "aws_dynamodb_tables": {"names": names},
        "aws_dynamodb_table": {"global_secondary_index": indexes},
    }
    return "".join(
        _override(f"module.{call}.data.{type_}.{own}", values)
        for type_, values in answers.items()
        for own in document[type_]
    )


def _override(target: str, values: Mapping[str, Any]) -> str:
    return f"override_data {{\n  target = {target}\n  values = {json.dumps(values)}\n}}\n"


def planned(folder: Path, environment: Mapping[str, str]) -> list[dict[str, dict[str, Any]]]:
    """For each run, by call and address in it, what is planned."""
    for arguments in (["init", "-input=false", "-no-color"], ["test", "-json", "-verbose"]):
        done = subprocess.run(
            ["terraform", *arguments], cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    plans = [one["test_plan"] for line in done.stdout.splitlines() if "test_plan" in (one := json.loads(line))]
    return [_by_call(one["resource_changes"]) for one in plans]


def _by_call(changes: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    for change in changes:
        if change["mode"] != "managed":
            continue
        call = change["module_address"].removeprefix("module.")
        address = change["address"].removeprefix(f"{change['module_address']}.")
        result.setdefault(call, {})[address] = _without_designed(change["change"])
    return result


def _without_designed(change: Mapping[str, Any]) -> dict[str, Any]:
    return {
        part: {name: value for name, value in change[part].items() if name not in DESIGNED}
        for part in ("after", "after_unknown")
    }
