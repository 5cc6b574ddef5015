"""A synthesized stack as the content of a plain Terraform module."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice_cli.errors import InputError
from sluice_cli.export.hcl import expression
from sluice_cli.export.names import Element, readable_names, snake_case
from sluice_cli.export.schema import Schemas
from sluice_cli.export.templates import map_expressions
from sluice_cli.export.tree import Block, Expression, When, blocks_of, map_texts, present, texts_of

CROSS_STACK = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)")
ASSETS = "assets/"
# Checkov's checks of policy documents: https://www.checkov.io/5.Policy%20Index/terraform.html
OF_DOCUMENTS = {f"CKV_AWS_{number}" for number in (1, 49, 107, 108, 109, 110, 111, 283, 356)}
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
_TAG = r"[\\p{L}\\p{Z}\\p{N}_.:/=+@-]"
TAGS_FIT = (
    "length(var.tags) <= 40 && alltrue([for name, value in var.tags : "
    f'can(regex("^{_TAG}{{1,128}}$", name)) && can(regex("^{_TAG}{{0,256}}$", value)) && '
    '!startswith(lower(name), "aws:")])'
)
ALLOWED_TAGS = (
    "40 at most, names of 1 to 128 and values of 0 to 256 letters, digits, spaces and _ . : / = + @ -, "
    "no name that begins with aws:"
)
# Arguments that already create several instances of a resource, or none.
OWN_COUNT = {"count", "for_each"}
# Terraform's own named values, by the prefix of their references. References to resources start with the type.
REFERRED = {"variable": "var", "locals": "local", "module": "module"}


@dataclass
class Module:
    """The content of a module's files. Blocks are Terraform JSON with conditions and readable names."""

    name: str
    required_version: str
    required_providers: dict[str, Block]
    variables: dict[str, Block] = field(default_factory=dict)
    locals: dict[str, Any] = field(default_factory=dict)
    # By `resource`, `data` or `module`, then type (none for modules), then name.
    blocks: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    # By path in the module, the files that the configuration reads.
    files: dict[str, Path] = field(default_factory=dict)
    # By address in the module, the address of each resource in the CDKTF stack.
    addresses: dict[str, str] = field(default_factory=dict)
    # Converts a template of the stack to one with the module's names.
    refer: Callable[[str], str] = str

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The blocks of a kind by `TYPE.NAME`."""
        return {f"{type_}.{name}": one for (of, type_, name), one in self.blocks.items() if of == kind}


def read_module(
    name: str,
    stack: Block,
    folder: Path,
    schemas: Schemas,
    *,
    required_version: str,
    constraints: Mapping[str, str] | None = None,
) -> Module:
    """The module of a synthesized stack, whose assets lie in a folder; the stack may have conditions.

    Provider configurations and the backend are left to the root that calls the module. `default_tags` of the provider
    become the tags of every resource that takes tags, and what the stack reads from other stacks becomes variables.
    `constraints` replace the versions of providers that the stack requires. Raises `InputError` for what no module can
    hold.
    """
    return _Reader(name, stack, folder, schemas).read(required_version, constraints or {})


class _Reader:
    def __init__(self, name: str, stack: Block, folder: Path, schemas: Schemas) -> None:
        self.name, self.stack, self.folder, self.schemas = name, stack, folder, schemas
        elements = list(_elements(stack))
        self.names = readable_names({element: _path(block, element[2]) for element, block in elements})
        for kind in ("variable", "locals", "output"):
            for id_, block in stack.get(kind, {}).items():
                self.names[kind, "", id_] = snake_case(_path(block, id_)) if kind != "locals" else snake_case(id_)
        self.counted = {
            (kind, type_, self.names[kind, type_, id_])
            for (kind, type_, id_), block in elements
            if isinstance(block, When) and not OWN_COUNT & present(block).keys()
        }
        self.inputs: dict[str, Block] = {}
        self.module = Module(name, "", {})
        self.references = self._references()
        self.module.refer = self._text

    def read(self, required_version: str, constraints: Mapping[str, str]) -> Module:
        module = self.module
        module.required_version = required_version
        module.required_providers = self._required_providers(constraints)
        module.variables = {
            self.names["variable", "", id_]: _variable(block) for id_, block in self._own("variable").items()
        }
        module.locals = {self.names["locals", "", id_]: self._text(one) for id_, one in self._own("locals").items()}
        tags = self._default_tags()
        for (kind, type_, id_), block in _elements(self.stack):
            element = (kind, type_, self.names[kind, type_, id_])
            if type_ == "terraform_remote_state" and id_ not in self._read_whole():
                continue
            module.blocks[element] = self._block(kind, type_, block, tags=tags)
            if kind == "resource":
                index = "[0]" if element in self.counted else ""
                module.addresses[f"{type_}.{element[2]}{index}"] = f"{type_}.{id_}"
        self._accept_on_documents()
        for id_, block in self._own("output").items():
            if not id_.startswith("cross-stack-output-"):
                content = _without_comment(present(block))
                if isinstance(block, When):  # the output exists without the resource, and is null then
                    content["value"] = When(block.condition, content["value"])
                module.outputs[self.names["output", "", id_]] = self._text(content)
        if tags:
            module.variables.setdefault(
                "tags",
                {
                    "description": "Further tags of all resources",
                    "type": "map(string)",
                    "default": {},
                    "nullable": False,
                    "validation": [{"condition": f"${{{TAGS_FIT}}}", "error_message": f"tags: give {ALLOWED_TAGS}."}],
                },
            )
            module.locals.setdefault("tags", Expression("merge({}, var.tags)") if tags == {} else tags)
        module.variables |= self.inputs
        return module

    def _accept_on_documents(self) -> None:
        """Copy the reasons of accepted findings from a resource to its policy document."""
        for (kind, _, _), block in self.module.blocks.items():
            content = present(block)
            accepted = {check: why for check, why in content.get("//", {}).items() if check in OF_DOCUMENTS}
            if kind != "resource" or not accepted:
                continue
            for name in set(re.findall(r"data\.aws_iam_policy_document\.(\w+)", " ".join(texts_of(content)))):
                document = present(self.module.blocks["data", "aws_iam_policy_document", name])
                document["//"] = {**accepted, **document.get("//", {})}

    def _own(self, kind: str) -> Block:
        found = self.stack.get(kind, {})
        return found if isinstance(found, dict) else {k: v for one in found for k, v in one.items()}

    def _block(self, kind: str, type_: str, block: Any, *, tags: Any) -> Any:
        condition = block.condition if isinstance(block, When) else None
        content = self._text(_without_metadata(present(block)))
        if kind == "resource":
            self._take_assets(type_, content)
        taggable = kind == "resource" and self.schemas.body(kind, type_).has_argument("tags")
        if tags and taggable and not content.get("provider"):
            own = content.pop("tags", None)
            content["tags"] = "${local.tags}" if own is None else Expression(f"merge(local.tags, {_inline(own)})")
        return content if condition is None else When(self._conditions(condition), content)

    def _conditions(self, condition: str) -> str:
        return self._refer(condition, indexed=True)

    # References

    def _references(self) -> re.Pattern[str]:
        addressed = {f"{type_}.{id_}" for kind, type_, id_ in self.names if kind in ("resource", "data")}
        addressed |= {f"{REFERRED[kind]}.{id_}" for kind, _, id_ in self.names if kind in REFERRED}
        names = "|".join(sorted(map(re.escape, addressed), key=len, reverse=True)) or "(?!)"
        return re.compile(rf"(?<![\w.-])(data\.)?({names})(?![\w-])")

    def _refer(self, text: str, *, indexed: bool) -> str:
        """A reference with readable names, and with `[0]` if the referenced resource has a `count`."""

        def readable(match: re.Match[str]) -> str:
            type_, _, id_ = match[2].partition(".")
            own = next((kind for kind, prefix in REFERRED.items() if prefix == type_), None)
            if own:
                return f"{type_}.{self.names[own, '', id_]}"
            kind = "data" if match[1] else "resource"
            name = self.names.get((kind, type_, id_))
            if name is None:
                return match[0]
            index = "[0]" if indexed and (kind, type_, name) in self.counted else ""
            return f"{match[1] or ''}{type_}.{name}{index}"

        return self.references.sub(readable, CROSS_STACK.sub(self._input, text))

    def _text(self, value: Any) -> Any:
        """A value with readable names in its references and with paths to assets in the module's folder."""
        if isinstance(value, dict):
            return {
                name: self._reference_list(item)
                if name in ("depends_on", "ignore_changes", "replace_triggered_by")
                else self._text(item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._text(item) for item in value]
        if isinstance(value, str):
            return map_expressions(value, lambda one: self._refer(one, indexed=True))
        if isinstance(value, When):
            return When(self._conditions(value.condition), self._text(value.value))
        if hasattr(value, "yes"):
            return type(value)(self._conditions(value.condition), self._text(value.yes), self._text(value.no))
        return value

    def _reference_list(self, value: Any) -> Any:
        def bare(text: str) -> str:
            return self._refer(
                text.removeprefix("${").removesuffix("}") if text.startswith("${") else text, indexed=False
            )

        return map_texts(value, bare)

    def _input(self, match: re.Match[str]) -> str:
        """A variable for the output of another stack of the app."""
        stack = match[1].removeprefix("cross-stack-reference-input-")
        name = snake_case(f"{stack}_{match[2].removeprefix('cross-stack-output-')}")
        if not match[1].startswith("cross-stack-reference-input-"):
            return match[0]
        what = match[2].removeprefix("cross-stack-output-")
        self.inputs[name] = {
            "description": f"Output {what} of the stack {stack}, which this one reads",
            "type": "any",
        }
        return f"var.{name}"

    def _read_whole(self) -> set[str]:
        """States of stacks outside of the app, which the module reads as well."""
        states = self.stack.get("data", {}).get("terraform_remote_state", {})
        return {id_ for id_ in states if not id_.startswith("cross-stack-reference-input-")}

    # Providers

    def _required_providers(self, constraints: Mapping[str, str]) -> dict[str, Block]:
        required: dict[str, Block] = {}
        for block in blocks_of(self.stack.get("terraform", {}).get("required_providers")):
            for name, wanted in block.items():
                own = {"version": wanted} if isinstance(wanted, str) else dict(wanted)
                source = str(own.get("source", name))
                own["source"] = source if "/" in source else f"hashicorp/{source}"
                own["version"] = constraints.get(name, own.get("version"))
                required[name] = {key: own[key] for key in ("source", "version") if own.get(key)}
        for name, blocks in self.stack.get("provider", {}).items():
            aliases = [f"{name}.{one['alias']}" for one in blocks_of(blocks) if "alias" in one]
            if aliases:
                required.setdefault(name, {"source": f"hashicorp/{name}"})["configuration_aliases"] = aliases
        return required

    def _default_tags(self) -> Any:
        for block in blocks_of(self.stack.get("provider", {}).get("aws")):
            if "alias" not in block:
                for one in blocks_of(block.get("default_tags")):
                    if one.get("tags"):
                        return Expression(f"merge({_inline(self._text(one['tags']))}, var.tags)")
        return None

    # Files

    def _take_assets(self, type_: str, content: Block) -> None:
        """Copy the asset that a resource reads into the module's folder; Terraform computes its hash."""
        paths = {text for value in content.values() for text in texts_of(value) if text.startswith(ASSETS)}
        kept = {path: f"${{path.module}}/{self._kept(self.folder / path)}" for path in sorted(paths)}
        for name, value in content.items():
            content[name] = map_texts(value, lambda one: kept.get(one, one))
        for path, own in sorted(kept.items()):
            if type_ == "aws_lambda_function" and content.get("source_code_hash") == _hash(self.folder / path):
                content["source_code_hash"] = f'${{filebase64sha256("{own}")}}'

    def _kept(self, source: Path) -> str:
        if not source.exists():
            raise InputError(f"{source}: the stack reads it, and it is not there; synthesize again")
        for kept, other in self.module.files.items():
            if other == source:
                return kept
        names = [source.name, f"{source.parent.name[:8]}-{source.name}"]
        kept = next(one for one in names if one not in self.module.files)
        self.module.files[kept] = source
        return kept


def _elements(stack: Block) -> Iterator[tuple[Element, Any]]:
    for kind in ("data", "resource"):
        for type_, blocks in stack.get(kind, {}).items():
            for id_, block in present(blocks).items():
                yield (kind, type_, id_), block
    for id_, block in stack.get("module", {}).items():
        yield ("module", "", id_), block


def _path(block: Any, id_: str) -> str:
    """The path of an element in the CDKTF stack; its name if the stack has no path for it."""
    content = present(block)
    comment = content.get("//", {}) if isinstance(content, dict) else {}
    path = comment.get("metadata", {}).get("path", "") if isinstance(comment, dict) else ""
    return path.partition("/")[2] or re.sub(r"_[0-9A-F]{8}$", "", id_)


def _without_metadata(block: Block) -> Block:
    """A block whose metadata is reduced to the reasons of accepted findings."""
    comment = block.get("//", {})
    kept = {name: one for name, one in block.items() if name != "//"}
    accepted = comment.get("accepted", {}) if isinstance(comment, dict) else {}
    return {"//": accepted, **kept} if accepted else kept


def _variable(block: Block) -> Block:
    """A variable of the stack. Terraform JSON may have its type as a template."""
    own = _without_comment(block)
    return {**own, "type": str(own["type"]).removeprefix("${").removesuffix("}")} if "type" in own else own


def _without_comment(block: Block) -> Block:
    return {name: one for name, one in block.items() if name != "//"}


def _inline(value: Any) -> str:
    return expression(value)


def _hash(path: Path) -> str | None:
    return base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode() if path.is_file() else None


def stack_document(folder: Path) -> Block:
    """The synthesized Terraform of a stack's folder."""
    return dict(json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")))
