"""Writes blocks of the Terraform language with their arguments in the usual order. `terraform fmt` aligns the result.

https://developer.hashicorp.com/terraform/language/style
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sluice_cli.export import templates
from sluice_cli.export.schema import NO_BODY, Body
from sluice_cli.export.tree import Block, Either, Expression, When, blocks_of, present

FIRST = ("count", "for_each", "provider", "source", "version")
# Arguments that name a resource come first.
NAMES = ("name", "name_prefix", "bucket", "function_name", "alarm_name", "dashboard_name", "sid", "description")
LAST = ("tags",)
AFTER_BLOCKS = ("lifecycle", "depends_on")
# Terraform's own blocks with a label, which no provider's schema has.
LABELLED = ("dynamic", "provisioner")
# Arguments whose items are references, which Terraform JSON writes as strings.
REFERENCES = ("depends_on", "ignore_changes", "replace_triggered_by")


def block(head: str, content: Block, body: Body = NO_BODY, comments: Iterable[str] = ()) -> str:
    """A block after its comments, not yet aligned."""
    return "\n".join([f"{head} {{", *(f"# {one}" for one in comments), *_lines(content, body), "}"])


def expression(value: Any) -> str:
    """A value of Terraform JSON, with its conditions, as an expression."""
    if isinstance(value, str):
        return templates.pretty(templates.as_expression(value))
    if isinstance(value, Either):
        return _choice(value)
    if isinstance(value, When):
        return _choice(Either(value.condition, value.value, None))
    if isinstance(value, dict):
        return _map(value)
    if isinstance(value, list):
        return _list(value)
    return json.dumps(value)


def condition_not(condition: str) -> str:
    """The negated condition."""
    for one, other in ((" == ", " != "), (" != ", " == ")):
        if condition.count(one) == 1 and not any(sign in condition for sign in ("&&", "||", "?", "!(")):
            return condition.replace(one, other)
    simple = condition.replace(".", "").replace("_", "").isalnum() or templates.is_call(condition)
    return f"!{condition}" if simple else f"!({condition})"


def _lines(content: Block, body: Body) -> Iterator[str]:
    names = [name for name in content if name != "//"]
    arguments = [
        name for name in names if body.nested(name) is None and name not in (*AFTER_BLOCKS, *LABELLED, "connection")
    ]
    for name in sorted(arguments, key=_place):
        yield f"{name} = {_argument(name, content[name])}"
    for name in names:
        nested = body.nested(name)
        if nested is not None and name not in AFTER_BLOCKS:
            for one in _blocks(content[name]):
                yield ""
                yield from _nested(name, one, nested)
    for name in LABELLED:
        for one in blocks_of(content.get(name)):
            for label, inner in one.items():
                yield ""
                yield from _labelled(name, label, inner, body)
    for one in blocks_of(content.get("connection")):
        yield from ["", *block("connection", one).splitlines()]
    for name in AFTER_BLOCKS:
        if content.get(name):
            yield ""
            yield from _after(name, content[name])


def _place(name: str) -> tuple[int, int, str]:
    for place, group in enumerate((FIRST, NAMES)):
        if name in group:
            return place, group.index(name), name
    return (3 if name in LAST else 2), 0, name


def _argument(name: str, value: Any) -> str:
    if name == "provider" and isinstance(value, str):
        return value
    # The provider compares policies as JSON, so the format of the text does not matter.
    document = templates.json_document(value) if name.endswith("policy") and isinstance(value, str) else None
    return expression(value) if document is None else f"jsonencode({expression(document)})"


def _blocks(value: Any) -> list[Any]:
    """The blocks of one type, each with its own condition or a common one."""
    if isinstance(value, When):
        return [_under(value.condition, one) for one in _blocks(value.value)]
    if isinstance(value, Either):
        no = condition_not(value.condition)
        return [
            *(_under(value.condition, one) for one in _blocks(value.yes)),
            *(_under(no, one) for one in _blocks(value.no)),
        ]
    return blocks_of(value)


def _under(condition: str, value: Any) -> When:
    if isinstance(value, When):
        return When(f"{_grouped(condition)} && {_grouped(value.condition)}", value.value)
    return When(condition, value)


def _grouped(condition: str) -> str:
    return f"({condition})" if "||" in condition or "?" in condition else condition


def _nested(name: str, one: Any, body: Body) -> Iterator[str]:
    if isinstance(one, When):
        yield f'dynamic "{name}" {{'
        yield f"for_each = {one.condition} ? [1] : []"
        yield from (block("content", one.value, body)).splitlines()
        yield "}"
    else:
        yield from block(name, one, body).splitlines()


def _labelled(name: str, label: str, content: Block, body: Body) -> Iterator[str]:
    """Blocks by label: https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping"""
    if name == "provisioner":
        yield from block(f'provisioner "{label}"', content).splitlines()
        return
    yield f'dynamic "{label}" {{'
    yield from (f"{key} = {_argument('provider', content[key])}" for key in ("iterator",) if key in content)
    yield f"for_each = {expression(content['for_each'])}"
    for one in blocks_of(content.get("content")):
        yield from block("content", one, body.nested(label) or NO_BODY).splitlines()
    yield "}"


def _after(name: str, value: Any) -> Iterator[str]:
    if name == "depends_on":
        yield f"depends_on = {_references(value)}"
        return
    for one in blocks_of(present(value)):
        yield "lifecycle {"
        for key, item in one.items():
            if key in REFERENCES:
                yield f"{key} = {item if isinstance(item, str) else _references(item)}"
            elif key in ("precondition", "postcondition"):
                for check in blocks_of(item):
                    yield from block(key, check).splitlines()
            else:
                yield f"{key} = {expression(item)}"
        yield "}"


def _references(items: Any) -> str:
    """The references under all conditions: Terraform takes no conditions here. A reference to a resource with `count`
    waits for all of its instances, or for none if there are none.
    """
    return templates.pretty("[" + ", ".join(dict.fromkeys(_every(items))) + "]")


def _every(items: Any) -> Iterator[str]:
    if isinstance(items, Either):
        yield from (*_every(items.yes), *_every(items.no))
    elif isinstance(items, list):
        for one in items:
            yield from _every(one)
    else:
        yield str(present(items))


def _choice(value: Either) -> str:
    condition, yes, no = value.condition, value.yes, value.no
    if (yes, no) == (True, False):
        return condition
    if (yes, no) == (False, True):
        return condition_not(condition)
    if isinstance(yes, str) and condition == f"{templates.as_expression(yes)} != null":
        own = templates.as_expression(yes)
        return own if no is None else f"coalesce({own}, {expression(no)})"
    return f"{condition} ? {_operand(yes)} : {_operand(no)}"


def _operand(value: Any) -> str:
    text = expression(value)
    return f"(\n{text}\n)" if isinstance(value, Either) or " ? " in text.partition("\n")[0] else text


def _map(value: Mapping[str, Any]) -> str:
    plain = {name: item for name, item in value.items() if not isinstance(item, When)}
    conditional = [(name, item) for name, item in value.items() if isinstance(item, When)]
    parts = [_object(plain)] if plain or not conditional else []
    for condition, items in groupby(conditional, lambda one: one[1].condition):
        own = _object({name: item.value for name, item in items})
        parts.append(f"{condition} ? {own} : {{}}")
    if not conditional:
        return parts[0]
    return "merge(\n" + ",\n".join(parts) + "\n)"


def _object(value: Mapping[str, Any]) -> str:
    if not value:
        return "{}"
    entries = [f"{templates.key(name)} = {expression(item)}" for name, item in value.items()]
    return "{\n" + "\n".join(entries) + "\n}"


def _list(value: list[Any]) -> str:
    if any(isinstance(one, When) for one in value):
        parts = []
        for condition, items in groupby(value, lambda one: one.condition if isinstance(one, When) else None):
            own = _list([present(one) for one in items])
            parts.append(own if condition is None else f"{condition} ? {own} : []")
        return "concat(\n" + ",\n".join(parts) + "\n)"
    items_ = [expression(one) for one in value]
    short = "[" + ", ".join(items_) + "]"
    if len(short) <= templates.WIDTH and "\n" not in short:
        return short
    return "[\n" + "".join(f"{one},\n" for one in items_) + "]"


def variable(name: str, content: Mapping[str, Any]) -> str:
    """A `variable` block: description, type, default and validation."""
    lines = [f'variable "{name}" {{']
    if content.get("description"):
        lines.append(f"description = {templates.as_expression(_literal(content['description']))}")
    lines.append(f"type = {content.get('type', 'any')}")
    if "default" in content:
        lines.append(f"default = {expression(_literals(content['default']))}")
    lines += [f"{key} = {expression(content[key])}" for key in ("nullable", "sensitive", "ephemeral") if key in content]
    for check in blocks_of(content.get("validation")):
        condition = templates.pretty(templates.as_expression(check["condition"]))
        message = templates.as_expression(check["error_message"])
        lines += ["", "validation {", f"condition = {condition}", f"error_message = {message}", "}"]
    return "\n".join([*lines, "}"])


def _literals(value: Any) -> Any:
    """A variable's default. Terraform evaluates no template in it."""
    if isinstance(value, str):
        return _literal(value)
    if isinstance(value, dict):
        return {_literal(name): _literals(item) for name, item in value.items()}
    return [_literals(item) for item in value] if isinstance(value, list) else value


def _literal(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


__all__ = ["Expression", "block", "condition_not", "expression", "variable"]
