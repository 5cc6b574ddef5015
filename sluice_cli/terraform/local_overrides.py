"""Redirects a synthesized stack to the local AWS, by Terraform's override files.

https://developer.hashicorp.com/terraform/language/files/override. Beside each `cdk.tf.json` an override file replaces
what its AWS providers have of endpoints and credentials, which are those of the environment then, its backend (an S3
bucket of the local AWS), and the backends of the remote states that it reads from other stacks of the app.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sluice_cli.local_aws.server import REGION
from sluice_cli.project import Synthesized
from sluice_cli.terraform.document import blocks, read_stack
from sluice_cli.terraform.version_constraints import requires

Block = dict[str, Any]

OVERRIDE = "sluice_override.tf.json"
# Additional file for providers that the stack leaves implicit.
ADDITION = "sluice.tf.json"

# CDKTF's name of a remote state that one stack reads from another.
CROSS_STACK = "cross-stack-reference-input-"

# The provider's versions from this one on take AWS_ENDPOINT_URL, in the environment, for every service; the first that
# did is a little older. They validate a block of endpoints for more than a second, three times an apply.
WITH_ENDPOINT_URL = "5.40.0"
# For versions before, the endpoints of the services that authors use most.
SERVICES = (
    *("apigateway", "apigatewayv2", "appautoscaling", "cloudformation", "cloudwatch", "cognitoidp", "dynamodb", "ec2"),
    *("ecr", "ecs", "eventbridge", "firehose", "iam", "kinesis", "kms", "lambda", "logs", "route53", "s3", "s3control"),
    *("scheduler", "secretsmanager", "sesv2", "sfn", "sns", "sqs", "ssm", "sts", "wafv2"),
)

# Arguments of a provider block that would lead to other endpoints or credentials.
CLEARED = (
    *("access_key", "secret_key", "token", "profile", "shared_config_files", "shared_credentials_files"),
    *("allowed_account_ids", "forbidden_account_ids", "http_proxy", "https_proxy", "no_proxy", "custom_ca_bundle"),
    *("use_fips_endpoint", "use_dualstack_endpoint", "sts_region", "s3_us_east_1_regional_endpoint", "insecure"),
    *("ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode"),
)
# An override replaces blocks of a type by its own, which may be none if they are dynamic.
NONE: Block = {"for_each": [], "content": {}}
# An empty block assumes no role.
EMPTIED = ("assume_role", "assume_role_with_web_identity")

# Arguments that identify a state, by backend type.
STATE_IDENTITY = {"s3": ("bucket", "key"), "local": ("path",), "gcs": ("bucket", "prefix"), "http": ("address",)}


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
        name: [_provider(block, endpoint, services) for block in blocks(stack.get("provider", {}).get(name))]
        for name, services in _aws_providers(stack).items()
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
        name: [_provider({}, endpoint, services)]
        for name, services in _aws_providers(stack).items()
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


def _provider(block: Block, endpoint: str, services: Collection[str]) -> Block:
    result: Block = {"s3_use_path_style": True, "skip_metadata_api_check": "true"}
    written = [name for one in blocks(block.get("endpoints")) for name in one]
    if services:
        result["endpoints"] = [dict.fromkeys([*services, *written], endpoint)]
    elif "endpoints" in block:
        result["dynamic"] = {"endpoints": NONE}
    result |= {name: None for name in CLEARED if block.get(name) is not None}
    result |= {name: [{}] for name in EMPTIED if block.get(name)}
    return {"alias": block["alias"], **result} if "alias" in block else result


def _aws_providers(stack: Block) -> dict[str, Collection[str]]:
    """The local names of the AWS provider in a stack: `aws`, unless it has others; each with the services whose
    endpoints it needs.
    """
    required: dict[str, Any] = {}
    for block in blocks(stack.get("terraform", {}).get("required_providers")):
        required |= block
    named = {
        name: _services(wanted.get("version") if isinstance(wanted, dict) else wanted)
        for name, wanted in required.items()
        if (wanted.get("source", name) if isinstance(wanted, dict) else name).split("/")[-2:]
        in (["hashicorp", "aws"], ["aws"])
    }
    implied = any(
        kind.startswith("aws_")
        for part in ("resource", "data")
        for kind in stack.get(part, {})
        if "aws" not in required
    ) or "aws" in stack.get("provider", {})
    return {**named, **({"aws": _services(None)} if implied and "aws" not in required else {})}


def _services(constraint: object) -> Collection[str]:
    return () if isinstance(constraint, str) and requires(constraint, WITH_ENDPOINT_URL) else SERVICES


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
