"""Redirects a synthesized stack to the local AWS, by Terraform's override files.

https://developer.hashicorp.com/terraform/language/files/override. Beside each `cdk.tf.json` an override file replaces
what its AWS providers have of endpoints and credentials, which are those of the environment then, its backend (an S3
bucket of the local AWS), and the backends of the remote states that it reads from other stacks of the app.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sluice_cli.local_aws.server import REGION
from sluice_cli.project import Synthesized
from sluice_cli.terraform.document import blocks, read_stack

OVERRIDE = "sluice_override.tf.json"
# Additional file for providers that the stack leaves implicit.
ADDITION = "sluice.tf.json"

# CDKTF's name of a remote state that one stack reads from another.
CROSS_STACK = "cross-stack-reference-input-"

# Arguments of a provider block that would lead to other endpoints or credentials.
CLEARED = (
    *("access_key", "secret_key", "token", "profile", "shared_config_files", "shared_credentials_files"),
    *("allowed_account_ids", "forbidden_account_ids", "http_proxy", "https_proxy", "no_proxy", "custom_ca_bundle"),
    *("use_fips_endpoint", "use_dualstack_endpoint", "sts_region", "s3_us_east_1_regional_endpoint", "insecure"),
    *("ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode"),
)
# An override cannot remove a block; an empty block assumes no role.
EMPTIED = ("assume_role", "assume_role_with_web_identity")

# Arguments that identify a state, by backend type.
STATE_IDENTITY = {"s3": ("bucket", "key"), "local": ("path",), "gcs": ("bucket", "prefix"), "http": ("address",)}

Block = dict[str, Any]


def write(synthesized: Synthesized, endpoint: str, state_bucket: str) -> None:
    """Write the override files of all stacks."""
    stacks = {name: read_stack(folder) for name, folder in synthesized.folders.items()}
    backends = {name: backend(name, stack, endpoint, state_bucket) for name, stack in stacks.items()}
    for name, stack in stacks.items():
        folder = synthesized.folders[name]
        _write(folder / OVERRIDE, override(stack, backends[name], _states_read(stack, stacks, backends), endpoint))
        _write(folder / ADDITION, addition(stack, endpoint))


def override(stack: Block, own: Block, states_read: Mapping[str, Block], endpoint: str) -> Block:
    """The override of one stack: its own backend, and by name the backends of the remote states that it reads."""
    result: Block = {"terraform": {"backend": {"s3": own}}}
    providers = {
        name: [_provider(block, endpoint) for block in blocks(stack.get("provider", {}).get(name))]
        for name in _aws_names(stack)
    }
    if any(providers.values()):
        result["provider"] = {name: overridden for name, overridden in providers.items() if overridden}
    states = {name: {"backend": "s3", "config": kept} for name, kept in states_read.items()}
    if states:
        result["data"] = {"terraform_remote_state": states}
    return result


def addition(stack: Block, endpoint: str) -> Block:
    """A provider block for AWS resources of a stack without one."""
    result = {
        name: [_provider({}, endpoint)]
        for name in _aws_names(stack)
        if all("alias" in block for block in blocks(stack.get("provider", {}).get(name)))
    }
    return {"provider": result} if result else {}


def backend(name: str, stack: Block, endpoint: str, state_bucket: str) -> Block:
    """The backend of a stack's state on the local AWS, with the stack's own key if it has one."""
    kept = stack.get("terraform", {}).get("backend", {}).get("s3")
    own = next(iter(blocks(kept)), {})
    key = own.get("key")
    return {
        "bucket": state_bucket,
        "key": key if isinstance(key, str) and "${" not in key else f"{name}/terraform.tfstate",
        "region": REGION,
        "encrypt": True,
        "use_lockfile": True,
        "endpoints": {"s3": endpoint, "sts": endpoint, "iam": endpoint},
        "use_path_style": True,
        "skip_metadata_api_check": True,
    }


def _provider(block: Block, endpoint: str) -> Block:
    result: Block = {"s3_use_path_style": True, "skip_metadata_api_check": "true"}
    # AWS_ENDPOINT_URL, in the environment, applies to every service. Only endpoints that the author wrote are replaced:
    # the provider (5.100) validates a block of endpoints for more than a second, three times an apply.
    written = [name for one in blocks(block.get("endpoints")) for name in one]
    if written:
        result["endpoints"] = [dict.fromkeys(written, endpoint)]
    result |= {name: None for name in CLEARED if block.get(name) is not None}
    result |= {name: [{}] for name in EMPTIED if block.get(name)}
    return {"alias": block["alias"], **result} if "alias" in block else result


def _aws_names(stack: Block) -> list[str]:
    """The local names of the AWS provider in a stack: `aws`, unless it has others."""
    required: dict[str, Any] = {}
    for block in blocks(stack.get("terraform", {}).get("required_providers")):
        required |= block
    named = [
        name
        for name, wanted in required.items()
        if (wanted.get("source", name) if isinstance(wanted, dict) else name).split("/")[-2:]
        in (["hashicorp", "aws"], ["aws"])
    ]
    implied = any(
        kind.startswith("aws_")
        for part in ("resource", "data")
        for kind in stack.get(part, {})
        if "aws" not in required
    ) or "aws" in stack.get("provider", {})
    return list(dict.fromkeys([*named, *(["aws"] if implied and "aws" not in required else [])]))


def _states_read(stack: Block, stacks: Mapping[str, Block], backends: Mapping[str, Block]) -> dict[str, Block]:
    """The remote states that a stack reads from other stacks of the app, with their backends on the local AWS.

    CDKTF names them after the other stack; those that an author wrote have the same backend as the other stack.
    """
    found = {}
    for name, block in stack.get("data", {}).get("terraform_remote_state", {}).items():
        by_name = name.removeprefix(CROSS_STACK)
        sources = [by_name] if by_name in backends else [one for one in stacks if _is_state_of(block, stacks[one])]
        if sources:
            found[name] = backends[sources[0]]
    return found


def _is_state_of(remote_state: Block, stack: Block) -> bool:
    kind, read = remote_state.get("backend"), remote_state.get("config") or {}
    written = next(iter(blocks(stack.get("terraform", {}).get("backend", {}).get(kind))), None)
    names = STATE_IDENTITY.get(str(kind), ())
    return written is not None and bool(names) and all(read.get(one) == written.get(one) for one in names)


def _write(path: Path, content: Block) -> None:
    if content:
        path.write_text(json.dumps(content, indent=2) + "\n")
    else:
        path.unlink(missing_ok=True)
