"""What a module plans beside what its CDKTF stack plans, under many settings in one plan.

Terraform's test command plans with the real provider and no account: only what would ask AWS is overridden.
"""

import json
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
    overrides = "".join(
        f"override_data {{\n  target = module.{call}.data.aws_caller_identity.{_account(call)}\n"
        f'  values = {{ account_id = "{ACCOUNT}" }}\n}}\n'
        for call in calls
    )
    (folder / "equal.tftest.hcl").write_text(f'{overrides}\nrun "plan" {{\n  command = plan\n}}\n')


def _account(call: str) -> str:
    return "account" if call.startswith("plain") else "Account"


def planned(folder: Path, environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """By call and address in it, what is planned."""
    for arguments in (["init", "-input=false", "-no-color"], ["test", "-json", "-verbose"]):
        done = subprocess.run(
            ["terraform", *arguments], cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    plans = [one["test_plan"] for line in done.stdout.splitlines() if "test_plan" in (one := json.loads(line))]
    result: dict[str, dict[str, Any]] = {}
    for change in plans[0]["resource_changes"]:
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
