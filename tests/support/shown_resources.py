"""A stack for the console whose resources are made without Terraform: their state is written as Terraform writes it."""

import json
from collections.abc import Mapping
from typing import Any

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import MANIFEST, Project
from sluice_cli.stack import STATE_FORMAT
from sluice_cli.target import local_target

STATE_BUCKET = "shown-resources-state"

# By type and name, each with the attributes that are in its state.
Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]


def show_resources(project: Project, local: LocalAws, stack: str, resources: Resources) -> None:
    """Write a stack's synthesized Terraform and its state, in a bucket of the local AWS."""
    s3 = local.client("s3")
    s3.create_bucket(Bucket=STATE_BUCKET)
    output = local_target(project, local).output
    folder = output / "stacks" / stack
    folder.mkdir(parents=True)
    backend = {"bucket": STATE_BUCKET, "key": stack, "region": "us-east-1"}
    document = {
        "//": {"metadata": {"backend": "s3", "stackName": stack, "version": "0.21.0"}, "outputs": {}},
        "terraform": {
            "backend": {"s3": backend},
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}},
        },
        "provider": {"aws": [{"region": "us-east-1"}]},
        "resource": {
            type_: {name: {key: one for key, one in own.items() if key != "arn"} for name, own in of_type.items()}
            for type_, of_type in resources.items()
        },
    }
    (folder / "cdk.tf.json").write_text(json.dumps(document))
    own = {
        "name": stack,
        "constructPath": stack,
        "synthesizedStackPath": f"stacks/{stack}/cdk.tf.json",
        "workingDirectory": f"stacks/{stack}",
        "annotations": [],
        "dependencies": [],
    }
    (output / MANIFEST).write_text(json.dumps({"version": "0.21.0", "stacks": {stack: own}}))
    state = {
        "version": STATE_FORMAT,
        "resources": [
            {"mode": "managed", "type": type_, "name": name, "instances": [{"attributes": attributes}]}
            for type_, of_type in resources.items()
            for name, attributes in of_type.items()
        ],
    }
    s3.put_object(Bucket=STATE_BUCKET, Key=stack, Body=json.dumps(state).encode())
