"""Stacks whose resources `sluice move` moved to a plain module.

The state that both sides share has the resources below `module.NAME` then. To Terraform the stack's configuration does
not have them: a plan of the stack would destroy them and create them anew.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sluice_cli.errors import DeploymentError
from sluice_cli.stack import Stack
from sluice_cli.terraform.document import blocks


def check_not_moved_away(stack: Stack) -> None:
    """Before an initialized stack is planned or applied. Raises `DeploymentError` if its resources are in a plain
    module."""
    counts = moved_away(stack.configuration, stack.state())
    if not counts:
        return
    where = ", ".join(f"{number} below {module}" for module, number in counts.items())
    raise DeploymentError(
        f"{stack.name}: its resources were moved to a plain module (in the state: {where}), and Terraform would "
        "destroy them, as the stack's configuration does not have them there. Nothing was done. Apply the root module "
        f"in DIR that calls the plain module; or bring them back first: `sluice move {stack.name} DIR --back"
        f"{' --local' if stack.target.local else ''}`. A stack that replaces a module of its own says so with `moved` "
        "or `removed` blocks"
    )


def moved_away(configuration: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, int]:
    """By module, how many resources of a stack were moved there; empty if the stack still has any of its own.

    Whoever removes one module of several things in a stack wants its resources destroyed, and is not meant.
    """
    managed = [one for one in state.get("resources", []) if one.get("mode") == "managed" and one.get("instances")]
    configured = configuration.get("resource", {})
    known = {*configuration.get("module", {}), *_replaced(configuration)}
    counts: dict[str, int] = {}
    same_types = False
    for one in managed:
        module, type_ = one.get("module", ""), one["type"]
        name = _name(module) if module else ""
        if name in known or (not module and one["name"] in configured.get(type_, {})):
            return {}
        if module:
            same_types = same_types or type_ in configured
            counts[f"module.{name}"] = counts.get(f"module.{name}", 0) + len(one["instances"])
    return counts if same_types else {}


def _name(address: str) -> str:
    """Of `module.logs["eu"].module.table`, `logs`."""
    return address.split(".")[1].partition("[")[0]


def _replaced(configuration: Mapping[str, Any]) -> Iterator[str]:
    """The modules of which `moved` or `removed` blocks say what becomes of them."""
    for part in ("moved", "removed"):
        for block in blocks(configuration.get(part)):
            address = str(block.get("from", ""))
            if address.startswith("module."):
                yield _name(address)
