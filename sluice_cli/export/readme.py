"""A module's README, with its tables as terraform-docs writes them (`markdown table`), sorted by name.

https://terraform-docs.io/reference/markdown-table/
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sluice_cli.export.module import Module
from sluice_cli.export.tree import present

BEGIN, END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"
REGISTRY = "https://registry.terraform.io/providers"


def text(module: Module, introduction: str) -> str:
    """The README: an introduction, and between terraform-docs' markers the tables that terraform-docs would write."""
    sections = [
        _requirements(module),
        _providers(module),
        _modules(module),
        _resources(module),
        _inputs(module),
        _outputs(module),
    ]
    return "\n".join([introduction.strip(), "", BEGIN, *("\n\n".join(sections).splitlines()), END, ""])


def _requirements(module: Module) -> str:
    rows = [("terraform", module.required_version)]
    rows += [(name, one.get("version", "n/a")) for name, one in sorted(module.required_providers.items())]
    return _table(
        "Requirements",
        ("Name", "Version"),
        [(_anchor("requirement", name), version) for name, version in rows],
    )


def _providers(module: Module) -> str:
    rows = [
        (_anchor("provider", name), one.get("version", "n/a"))
        for name, one in sorted(module.required_providers.items())
    ]
    return _table("Providers", ("Name", "Version"), rows) if rows else "## Providers\n\nNo providers."


def _modules(module: Module) -> str:
    rows = [
        (_anchor("module", name), str(one.get("source", "n/a")), str(one.get("version", "n/a")))
        for (kind, _, name), block in sorted(module.blocks.items(), key=lambda one: one[0])
        if kind == "module" and (one := present(block)) is not None
    ]
    return _table("Modules", ("Name", "Source", "Version"), rows) if rows else "## Modules\n\nNo modules."


def _resources(module: Module) -> str:
    rows = []
    for kind, shown, path in (("resource", "resource", "resources"), ("data", "data source", "data-sources")):
        for address in sorted(module.of_kind(kind)):
            type_ = address.partition(".")[0]
            provider, _, name = type_.partition("_")
            source = module.required_providers.get(provider, {}).get("source", f"hashicorp/{provider}")
            rows.append((f"[{address}]({REGISTRY}/{source}/latest/docs/{path}/{name})", shown))
    return _table("Resources", ("Name", "Type"), rows) if rows else "## Resources\n\nNo resources."


def _inputs(module: Module) -> str:
    if not module.variables:
        return "## Inputs\n\nNo inputs."
    rows = [
        (
            _anchor("input", name),
            _cell(str(one.get("description") or "n/a")),
            _code(str(one.get("type", "any"))),
            _code(_json(one["default"])) if "default" in one else "n/a",
            "no" if "default" in one else "yes",
        )
        for name, one in sorted(module.variables.items())
    ]
    return _table("Inputs", ("Name", "Description", "Type", "Default", "Required"), rows, centred=4)


def _outputs(module: Module) -> str:
    if not module.outputs:
        return "## Outputs\n\nNo outputs."
    rows = [
        (_anchor("output", name), _cell(str(one.get("description") or "n/a")))
        for name, one in sorted(module.outputs.items())
    ]
    return _table("Outputs", ("Name", "Description"), rows)


def _table(title: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]], centred: int = -1) -> str:
    names = tuple(heads)
    rules = [
        ":" + "-" * len(name) + ":" if place == centred else "-" * (len(name) + 2) for place, name in enumerate(names)
    ]
    lines = ["| " + " | ".join(names) + " |", "|" + "|".join(rules) + "|"]
    return "\n".join([f"## {title}", "", *lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _anchor(kind: str, name: str) -> str:
    escaped = name.replace("_", "\\_")
    return f'<a name="{kind}_{name}"></a> [{escaped}](#{kind}\\_{escaped})'


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", "<br/>").replace("_", "\\_").replace("*", "\\*")


def _code(value: str) -> str:
    if "\n" in value:
        shown = value.replace("\n", "<br/>").replace("|", "\\|")
        return f"<pre>{shown}</pre>"
    return f"`{value}`"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2 if isinstance(value, Mapping | list) and value else None, ensure_ascii=False)
