"""Texts and Terraform expressions that cdktf does not escape completely."""

from typing import Any

from cdktf import Fn
from constructs import Construct


def writes_hcl(scope: Construct) -> bool:
    """Whether the app writes HCL, as `cdktf synth --hcl` asks for, and not JSON."""
    return bool(getattr(scope.node.root, "hcl_output", False))


def as_written(scope: Construct, text: str) -> str:
    """The text as cdktf has to get it. It quotes texts of HCL as they are: quotes beside a reference, backslashes and
    line ends would make the file invalid.
    """
    return str(_escaped(text)) if writes_hcl(scope) else text


def encode_json(value: Any) -> str:
    """The value as JSON, encoded by Terraform, so that references inside it are resolved.

    A text made by Python's `json` and holding references is invalid in HCL: cdktf then leaves its quotes as they are.
    """
    return str(Fn.jsonencode(_escaped(value)))


def _escaped(value: Any) -> Any:
    # cdktf 0.21 quotes texts without escaping them.
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    if isinstance(value, dict):
        return {_escaped(name): _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list | tuple) else value
