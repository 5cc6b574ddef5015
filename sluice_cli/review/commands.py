"""Programs that a plan runs on the machine that applies it: provisioners, and data sources that are programs.

https://developer.hashicorp.com/terraform/language/provisioners
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .configuration import without_index
from .plan import Plan, ResourceChange

# What runs a program, or asks a server that is not AWS's, each time it is read.
PROGRAMS = {"external": "runs a program of its own", "http": "sends a request to its address"}
RUNS_WITH = ("create", "replace", "delete", "create beside")


def commands(plan: Plan) -> Iterator[tuple[ResourceChange, str]]:
    """Each change that runs something, with what it runs.

    A provisioner that runs at destruction is listed for creation, too, as a plan does not say when it runs.
    """
    root = (plan.document.get("configuration") or {}).get("root_module") or {}
    provisioners = dict(_provisioners(root, ""))
    for change in plan.changes:
        if change.mode == "data" and change.type in PROGRAMS:
            yield change, PROGRAMS[change.type]
        elif change.mode == "managed" and change.verb in RUNS_WITH:
            kinds = provisioners.get(without_index(change.address), [])
            if kinds:
                yield change, f"has provisioners that run when it is made or destroyed ({', '.join(kinds)})"


def _provisioners(module: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for one in module.get("resources") or []:
        kinds = [str(each.get("type")) for each in one.get("provisioners") or []]
        if kinds:
            yield f"{prefix}{one.get('address')}", kinds
    for name, call in (module.get("module_calls") or {}).items():
        yield from _provisioners(call.get("module") or {}, f"{prefix}module.{name}.")
