"""A stack that is on a local AWS without Terraform: its resources are made by hand, its state is written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, PRIVATE_FOLDER, Project
from sluice_cli.target import Target, local_target

PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'


def pretended_project(folder: Path, local: LocalAws, stacks: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Target:
    """A project whose stacks have these resources (attributes by construct path below the stack and type: the key
    `Orders/Table aws_dynamodb_table`), on a local AWS that runs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps({"app": "true"}))
    private = folder / PRIVATE_FOLDER
    private.mkdir(exist_ok=True)
    if not (private / "local").exists():
        (private / "local").symlink_to(local.folder)
    manifest = {"stacks": {name: {"workingDirectory": f"stacks/{name}"} for name in stacks}}
    (private / "manifest.json").write_text(json.dumps(manifest))
    for name, resources in stacks.items():
        _write(private / "stacks" / name, name, resources)
    return local_target(Project.read(folder))


def _write(folder: Path, stack: str, resources: Mapping[str, Mapping[str, Any]]) -> None:
    (folder / ".terraform").mkdir(parents=True, exist_ok=True)
    configuration: dict[str, Any] = {}
    kept = []
    for place, attributes in resources.items():
        path, type_ = place.split(" ")
        name = path.replace("/", "_")
        configuration.setdefault(type_, {})[name] = {"//": {"metadata": {"path": f"{stack}/{path}"}}}
        instance = {"schema_version": 0, "attributes": attributes}
        kept.append({"mode": "managed", "type": type_, "name": name, "provider": PROVIDER, "instances": [instance]})
    (folder / "cdk.tf.json").write_text(json.dumps({"resource": configuration}))
    state = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "pretended", "outputs": {}}
    (folder / "terraform.tfstate").write_text(json.dumps({**state, "resources": kept}))
