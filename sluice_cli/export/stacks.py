"""Exports a project's own stack as a plain module."""

import re
from pathlib import Path

from sluice_cli.errors import InputError
from sluice_cli.export.files import ADDRESSES, module_files, renew_files
from sluice_cli.export.hcl import expression
from sluice_cli.export.module import Module, read_module, stack_document
from sluice_cli.export.names import snake_case
from sluice_cli.export.schema import Schemas
from sluice_cli.export.tree import Block, blocks_of
from sluice_cli.terraform.mirror import required_providers, terraform_environment

TERRAFORM = ">= 1.5"
EXACT = re.compile(r"=?\s*(\d+\.\d+)\.\d+")


def export(name: str, stack_folder: Path, folder: Path, environment: dict[str, str], generated: Path) -> Module:
    """Write the plain module of a synthesized stack to a folder, which is new or has an earlier export. Raises
    `InputError` for a folder with other files.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / ADDRESSES).is_file())):
        raise InputError(f"{folder} holds other things than an exported module: give a new folder")
    document = stack_document(stack_folder)
    required = _required(document)
    found = Schemas.load(required, terraform_environment(environment, generated, required_providers([document])))
    constraints = {
        provider: f"~> {exact[1]}"
        for provider, wanted in required.items()
        if (exact := EXACT.fullmatch(str(wanted.get("version", ""))))
    }
    module = read_module(name, document, stack_folder, found, required_version=TERRAFORM, constraints=constraints)
    renew_files(module_files(module, found, _introduction(module)), module.files, folder)
    return module


def _required(document: Block) -> dict[str, Block]:
    """The required providers by local name, with the AWS provider if the stack's resources imply it."""
    found: dict[str, Block] = {}
    for block in blocks_of(document.get("terraform", {}).get("required_providers")):
        found |= {name: {"version": one} if isinstance(one, str) else dict(one) for name, one in block.items()}
    kinds = {kind for part in ("resource", "data") for kind in document.get(part, {})}
    if any(kind.startswith("aws_") for kind in kinds):
        found.setdefault("aws", {"source": "hashicorp/aws"})
    return found


def _introduction(module: Module) -> str:
    label = snake_case(module.name)
    needed = [name for name, one in module.variables.items() if "default" not in one]
    values = "".join(f"\n  {name} = {expression('...')}" for name in needed)
    aliases = [alias for one in module.required_providers.values() for alias in one.get("configuration_aliases", [])]
    providers = "".join(f"\n    {alias} = {alias}" for alias in aliases)
    given = f"\n\n  providers = {{{providers}\n  }}" if aliases else ""
    return f"""# {module.name}

A plain Terraform module, exported from the CDKTF stack `{module.name}` by `sluice export`. It needs neither Python nor
Node; provider configuration and state are the root's.

```hcl
module "{label}" {{
  source = "./{module.name}"{chr(10) if values else ""}{values}{given}
}}
```

`sluice move {module.name} DIR` moves what the stack has deployed to a root in `DIR` that calls this module.
"""
