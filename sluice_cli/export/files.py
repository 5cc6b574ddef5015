"""The files of a plain module: configuration in the format of `terraform fmt`, documentation, and archives."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sluice_cli.errors import DeploymentError
from sluice_cli.export import hcl, readme
from sluice_cli.export.module import Module
from sluice_cli.export.schema import NO_BODY, Schemas
from sluice_cli.export.tree import When
from sluice_cli.terraform.program import program

# By address in the module, the address of each resource in the CDKTF stack, for `sluice move`. Exports add the list of
# their files.
ADDRESSES = "cdktf-addresses.json"
# Files of earlier exports, which kept no list of their files.
UNRECORDED = ("outputs.tf", "variables.tf")


def module_files(module: Module, schemas: Schemas, introduction: str) -> dict[str, str]:
    """The contents of a module's text files by name."""
    files = {
        "versions.tf": _versions(module),
        "variables.tf": "\n\n".join(hcl.variable(name, one) for name, one in module.variables.items()),
        "main.tf": _main(module, schemas),
        "outputs.tf": "\n\n".join(_output(name, one) for name, one in module.outputs.items()),
    }
    texts = {name: format_hcl(f"{text}\n") for name, text in files.items() if text}
    texts["README.md"] = readme.text(module, introduction)
    addresses = {"stack": module.name, "addresses": dict(sorted(module.addresses.items()))}
    texts[ADDRESSES] = json.dumps(addresses, indent=2) + "\n"
    return texts


def write_files(texts: Mapping[str, str], archives: Mapping[str, Path], folder: Path) -> None:
    """Write text files and copies of archives to a folder, which is created."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, source in archives.items():
        path = folder / name
        if source.is_dir():
            shutil.copytree(source, path, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, path)


def renew_files(texts: Mapping[str, str], archives: Mapping[str, Path], folder: Path) -> None:
    """`write_files`, and delete files of the folder's earlier export that are not part of this one."""
    names = sorted({*texts, *_names(archives)})
    for name in sorted(_earlier_files(folder) - {*names}):
        _delete(folder / name, folder)
    recorded = {**json.loads(texts[ADDRESSES]), "files": names}
    write_files({**texts, ADDRESSES: json.dumps(recorded, indent=2) + "\n"}, archives, folder)


def _names(archives: Mapping[str, Path]) -> Iterator[str]:
    for name, source in archives.items():
        if source.is_dir():
            files = (one for one in source.rglob("*") if not one.is_dir())
            yield from (f"{name}/{one.relative_to(source).as_posix()}" for one in files)
        else:
            yield name


def _earlier_files(folder: Path) -> set[str]:
    if not (folder / ADDRESSES).is_file():
        return set()
    try:
        recorded = json.loads((folder / ADDRESSES).read_text(encoding="utf-8"))
    except ValueError:
        recorded = {}
    files = recorded.get("files") if isinstance(recorded, dict) else None
    return {str(one) for one in files} if isinstance(files, list) else set(UNRECORDED)


def _delete(path: Path, folder: Path) -> None:
    """Delete a file in a folder, and folders that become empty."""
    inside = path.parent.resolve().is_relative_to(folder.resolve())
    if not inside or path.is_dir():  # the list is a file that may have been edited
        return
    path.unlink(missing_ok=True)
    for parent in path.relative_to(folder).parents[:-1]:
        if not (folder / parent).is_dir() or any((folder / parent).iterdir()):
            return
        (folder / parent).rmdir()


def format_hcl(text: str) -> str:
    """The text in the format of `terraform fmt`. Raises `DeploymentError` for invalid syntax."""
    done = subprocess.run(
        [program(os.environ), "fmt", "-no-color", "-"], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        # Further errors often result from the first one.
        first = "\n".join(done.stderr.strip().split("\n\nError: ")[0].splitlines()[:12])
        raise DeploymentError(f"the stack's Terraform is not valid as HCL:\n{first}")
    return done.stdout


def _versions(module: Module) -> str:
    providers = []
    for name, wanted in module.required_providers.items():
        lines = [f'{key} = "{wanted[key]}"' for key in ("source", "version") if key in wanted]
        if "configuration_aliases" in wanted:
            lines.append(f"configuration_aliases = [{', '.join(wanted['configuration_aliases'])}]")
        providers.append("\n".join([f"{name} = {{", *lines, "}"]))
    required = "\n".join(["required_providers {", *providers, "}"]) if providers else ""
    return "\n".join(["terraform {", f'required_version = "{module.required_version}"', "", required, "}"])


def _main(module: Module, schemas: Schemas) -> str:
    parts = []
    if module.locals:
        entries = [f"{name} = {hcl.expression(value)}" for name, value in module.locals.items()]
        parts.append("\n".join(["locals {", *entries, "}"]))
    parts += [_block(element, block, schemas) for element, block in in_order(module)]
    return "\n\n".join(parts)


def in_order(module: Module) -> list[tuple[tuple[str, str, str], Any]]:
    """The blocks in reading order: data sources first, then the resources in the stack's order, each after its policy
    documents.
    """
    order: list[tuple[str, str, str]] = []
    for element in sorted(module.blocks):
        kind, type_, _ = element
        if kind == "data" and type_ != "aws_iam_policy_document":
            order.append(element)
    ranks = {element: _rank(element) for element in module.blocks}
    order += sorted((one for one in module.blocks if one not in order), key=lambda one: ranks[one])
    return [(element, module.blocks[element]) for element in order]


def _rank(element: tuple[str, str, str]) -> tuple[str, int, str, str]:
    """Groups blocks by name: `aws_iam_role.recorder` beside `aws_iam_role_policy.recorder_operate`."""
    kind, type_, name = element
    return name.partition("_")[0], 0 if kind == "data" else 1, type_, name


def _block(element: tuple[str, str, str], block: Any, schemas: Schemas) -> str:
    kind, type_, name = element
    body = NO_BODY if kind == "module" else schemas.body(kind, type_)
    head = f'module "{name}"' if kind == "module" else f'{kind} "{type_}" "{name}"'
    condition = block.condition if isinstance(block, When) else None
    content = block.value if isinstance(block, When) else block
    comments = [_comment(check, reason) for check, reason in sorted(content.get("//", {}).items())]
    if condition is not None:
        several = next((name for name in ("for_each", "count") if name in content), "count")
        none = "{}" if several == "for_each" else "0"
        some = hcl.expression(content[several]) if several in content else "1"
        content = {**content, several: hcl.Expression(f"{condition} ? {some} : {none}")}
    return hcl.block(head, content, body, comments)


def _comment(check: str, reason: str) -> str:
    """Skip comments for Checkov: https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html"""
    text = " ".join(reason.split())
    return f"checkov:skip={check}: {text}" if re.match(r"CKV\d?_", check) else f"{check}: {text}"


def _output(name: str, content: Mapping[str, Any]) -> str:
    lines = [f'output "{name}" {{']
    if content.get("description"):
        lines.append(f"description = {hcl.expression(content['description'])}")
    lines.append(f"value = {hcl.expression(content['value'])}")
    if content.get("sensitive"):
        lines.append("sensitive = true")
    return "\n".join([*lines, "}"])
