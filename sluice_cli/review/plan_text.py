"""Decodes a plan's text: byte order marks and UTF-16 of PowerShell, lines of a CI wrapper around it."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# https://github.com/hashicorp/setup-terraform#inputs: its wrapper prints the command before Terraform's output.
WRAPPER = (
    "there is text around the JSON; a wrapper printed it: with hashicorp/setup-terraform, set "
    "`terraform_wrapper: false`, or write the file with `terraform-bin show -json`"
)
# The beginning of a line with JSON, and the number of such lines that are tried.
LINE_OF_JSON = re.compile(r"^[^\S\n]*\{", re.MULTILINE)
MOST_TRIED = 20


class PlanError(ValueError):
    """The input is not a plan that can be reviewed; the message says why."""


def read_plan_text(path: Path) -> str:
    """The text of a plan file in UTF-8 or UTF-16. Raises `PlanError`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlanError(f"cannot be read: {error.strerror or error}") from error
    return decode(content)


def decode(content: bytes) -> str:
    """The text of what a shell or an editor wrote. Raises `PlanError`."""
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and content[1:2] == b"\0" != content[:1]:
        encoding = "utf-16-le"  # without a byte order mark: JSON begins with an ASCII character
    elif encoding == "utf-8" and content[:1] == b"\0" != content[1:2]:
        encoding = "utf-16-be"
    if content.startswith(b"PK"):
        raise PlanError("this is the binary plan file; give the output of `terraform show -json PLANFILE`")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise PlanError("it is not text; give the output of `terraform show -json PLANFILE`") from error


def parse(text: str) -> dict[str, Any]:
    """The one JSON document in the text. Raises `PlanError`."""
    text = text.removeprefix("\ufeff")
    if text.startswith("PK"):
        raise PlanError("this is the binary plan file; give the output of `terraform show -json PLANFILE`")
    if not text.strip():
        raise PlanError("the plan is empty")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(_why_not(text, error)) from error
    if not isinstance(document, dict):
        raise PlanError("this is JSON but no Terraform plan")
    return document


def _why_not(text: str, error: Exception) -> str:
    for start in itertools.islice(LINE_OF_JSON.finditer(text), MOST_TRIED):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start.end() - 1)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and "format_version" in found:
            return f"this is not only a plan: {WRAPPER}"
        if isinstance(found, dict) and "@level" in found:
            # https://developer.hashicorp.com/terraform/internals/machine-readable-ui
            return "this is the log of `terraform plan -json`; give the output of `terraform show -json PLANFILE`"
    if not text.lstrip().startswith(("{", "[")):
        return "this is not a plan: it is not JSON; give the output of `terraform show -json PLANFILE`"
    return f"this is not a plan, or a part of one: not complete JSON ({error})"
