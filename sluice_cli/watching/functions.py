"""Finds the functions of synthesized stacks whose code can be updated without Terraform."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sluice_cli.deployed.resources import functions_in, in_state
from sluice_cli.stack import Stack
from sluice_cli.watching.sources import Source, SourceFinder

FUNCTION = "aws_lambda_function"
# The arguments of a function's block that change with its code.
OF_CODE = ("filename", "source_code_hash")
# Computed attributes of a function that change with its code, besides those of `OF_CODE`:
CHANGED_BY_CODE = {
    *OF_CODE,
    *("code_sha256", "source_code_size", "last_modified", "version", "qualified_arn", "qualified_invoke_arn"),
}
REFERENCE = re.compile(rf"\b{FUNCTION}\.([\w-]+)(?:\.(\w+))?|\bself\.(\w+)")


@dataclass(frozen=True)
class WatchedFunction:
    """A deployed function, with its archive and the archive's source."""

    stack: Stack
    id: str
    name: str
    region: str
    archive: Path
    source: Source | None

    @property
    def digest(self) -> str:
        """The hash of the synthesized archive in the form of Lambda's `CodeSha256`."""
        return code_hash(self.archive.read_bytes())


def code_hash(code: bytes) -> str:
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (CodeSha256)"""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def watched_functions(stacks: Sequence[Stack], finder: SourceFinder) -> list[WatchedFunction]:
    """The deployed functions of the stacks whose code is an archive on disk. Raises `DeploymentError`."""
    found = []
    for stack in stacks:
        configuration = stack.configuration
        blocks = configuration.get("resource", {}).get(FUNCTION, {})
        if not blocks or not stack.initialized:
            continue
        for one in functions_in(in_state(stack, stack.state())):
            archive = archive_of(stack, blocks.get(one.resource.name, {}))
            if archive is None:
                continue
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            source = finder.find(archive, digest)
            found.append(WatchedFunction(stack, one.resource.name, one.name, one.region, archive, source))
    return found


def renewed(functions: Sequence[WatchedFunction], finder: SourceFinder) -> list[WatchedFunction]:
    """The same functions with the archives of the current configuration."""
    found = []
    for one in functions:
        archive = archive_of(one.stack, one.stack.configuration["resource"].get(FUNCTION, {}).get(one.id, {}))
        if archive is not None and archive != one.archive:
            source = finder.find(archive, hashlib.sha256(archive.read_bytes()).hexdigest())
            # An unchanged source is kept, because it caches its compressed files.
            same = source is None or (one.source is not None and one.source.inputs() == source.inputs())
            found.append(replace(one, archive=archive, source=one.source if same else source))
        elif archive is not None:
            found.append(one)
    return found


def archive_of(stack: Stack, block: dict[str, Any]) -> Path | None:
    """The archive in a function's block; None for code from S3 or an image, and for functions with published versions,
    which Terraform has to publish."""
    filename = block.get("filename")
    if not isinstance(filename, str) or "${" in filename or block.get("publish"):
        return None
    path = (stack.folder / filename).resolve()
    return path if path.is_file() else None


def changed_code(before: dict[str, Any], after: dict[str, Any]) -> list[str] | None:
    """The ids of functions whose code changed between two configurations; None if a plan is needed, because anything
    else changed or depends on the code.
    """
    changed = []
    blocks, now = ({**one.get("resource", {}).get(FUNCTION, {})} for one in (before, after))
    for id_ in blocks.keys() & now.keys():
        old, new = blocks[id_], now[id_]
        if old == new or old.get("publish") or new.get("publish") or new.keys() & {"count", "for_each"}:
            continue
        if {name: value for name, value in old.items() if name not in OF_CODE} == {
            name: value for name, value in new.items() if name not in OF_CODE
        }:
            changed.append(id_)
    if _without_code(before, changed) != _without_code(after, changed):
        return None
    return None if changed and _depends_on_code(after, changed) else changed


def _depends_on_code(configuration: Mapping[str, Any], ids: Sequence[str]) -> bool:
    """Whether anything reads attributes that change with these functions' code, or a function as a whole
    (`jsonencode(f)`, `f["version"]`, `replace_triggered_by`).
    """
    if FUNCTION in configuration.get("data", {}):
        return True
    for text in _texts(configuration):
        for id_, attribute, own in REFERENCE.findall(text):
            if own in CHANGED_BY_CODE or (id_ in ids and (not attribute or attribute in CHANGED_BY_CODE)):
                return True
    return False


def _texts(value: Any) -> Iterator[str]:
    """The strings of a configuration, without arguments that refer to a function and read no attribute that changes."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name not in ("//", "depends_on"):
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def _without_code(configuration: dict[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    resources = configuration.get("resource", {})
    blocks = {
        id_: {name: value for name, value in block.items() if id_ not in ids or name not in OF_CODE}
        for id_, block in resources.get(FUNCTION, {}).items()
    }
    return {**configuration, "resource": {**resources, FUNCTION: blocks}}


def source_hash(function: WatchedFunction, block: dict[str, Any]) -> str | None:
    """`source_code_hash` for Terraform's state: the block's value, or the archive's hash if that is an expression."""
    written = block.get("source_code_hash")
    if not isinstance(written, str):
        return None
    return function.digest if re.search(r"\$\{", written) else written
