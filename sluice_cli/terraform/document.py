"""Reading the Terraform JSON of a synthesized stack (`cdk.tf.json`).

https://developer.hashicorp.com/terraform/language/syntax/json
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sluice_cli.errors import InputError

FILE = "cdk.tf.json"
# Blocks by how deeply their objects are nested: resource.TYPE.NAME, output.NAME, terraform.
DEPTHS = {"resource": 3, "data": 3, "output": 2, "variable": 2, "module": 2, "locals": 1, "terraform": 1, "provider": 1}


def read_stack(folder: Path) -> dict[str, Any]:
    """The Terraform of the stack in a folder. Raises `InputError` for a file that CDKTF does not write."""
    path = folder / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}; the tool reads Terraform JSON, not HCL") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: synthesize it again") from error
    wrong = _wrong(document)
    if wrong:
        raise InputError(f"{path} is not Terraform as CDKTF writes it: {wrong} has to be an object")
    return dict(document)


def blocks(value: Any) -> list[dict[str, Any]]:
    """Terraform JSON has a single block as an object, and several as a list."""
    return value if isinstance(value, list) else [value] if value is not None else []


def _wrong(document: Any) -> str:
    """The first part that is not an object where it has to be one; empty where all are."""
    if not isinstance(document, dict):
        return "the document"
    for name, depth in DEPTHS.items():
        wrong = _not_an_object(document.get(name, {}), name, depth)
        if wrong:
            return wrong
    for kind in ("resource", "data"):
        for type_, named in document.get(kind, {}).items():
            for name, values in named.items():
                metadata = values.get("//", {})
                place = f"{kind}.{type_}.{name}.//"
                if not isinstance(metadata, dict) or not isinstance(metadata.get("metadata", {}), dict):
                    return place
                if not isinstance(metadata.get("metadata", {}).get("path", ""), str):
                    return place
    repeatable = {f"provider.{name}": one for name, one in document.get("provider", {}).items()}
    terraform = document.get("terraform", {})
    repeatable |= {f"terraform.{name}": terraform.get(name) for name in ("backend", "required_providers", "cloud")}
    if isinstance(terraform.get("backend"), dict):
        repeatable |= {f"terraform.backend.{name}": one for name, one in terraform["backend"].items()}
    return next(
        (place for place, given in repeatable.items() if not all(isinstance(one, dict) for one in blocks(given))), ""
    )


def _not_an_object(value: Any, place: str, depth: int) -> str:
    if not isinstance(value, Mapping):
        return place
    if depth > 1:
        for name, one in value.items():
            wrong = _not_an_object(one, f"{place}.{name}", depth - 1)
            if wrong:
                return wrong
    return ""
