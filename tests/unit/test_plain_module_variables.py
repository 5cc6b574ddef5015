"""The variables of the plain modules refuse what the settings refuse, and in words.

Terraform evaluates the conditions of all variables at once, for the values of tests/unit/test_settings.py and for
values that differ from these in one place.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

import pytest

from scripts.terraform_modules.markers import FIRST, SECOND
from scripts.terraform_modules.mock_tests import REFUSED as REFUSED_BY_MODULES
from scripts.terraform_modules.variables import DESCRIPTIONS, LISTS, variable
from settings import OneOf, Settings
from tests.unit.test_settings import ALLOWED, OF_THE_ACCOUNT, REFUSED

FIELDS = {one.name: one for one in fields(Settings) if one.name in DESCRIPTIONS}
BLOCKS = {name: variable(name, one.default, one.metadata["parse"]) for name, one in FIELDS.items()}
INSERTED = ["", *' \n\u00a0-.,:/\\@A1é٣😀"}]', "${x}", "xn--", "-an"]
LENGTHS = (1, 2, 3, 16, 17, 20, 21, 63, 64, 65, 128, 129, 255, 256, 257)
NUMBERS = (-1, 0, 0.5, 1, 1.5, 2, 10**9, 10**12, -(10**12))
_LISTS = {name for name, block in BLOCKS.items() if block["type"] == "list(string)"}
# What a condition reads besides its variable: other variables, and the provider's region.
OTHER = re.compile(r"\bvar\.\w+|data\.aws_region\.current\.id")
OTHERS = {f"var.{name}": one.default for name, one in FIELDS.items()} | {"data.aws_region.current.id": "us-east-1"}


def seeds(name: str) -> list[str]:
    setting = FIELDS[name].metadata["name"]
    known = [*ALLOWED.get(setting, []), *REFUSED.get(setting, []), OF_THE_ACCOUNT.get(setting)]
    values = [FIELDS[name].default, FIRST.get(name), SECOND.get(name), *REFUSED_BY_MODULES.get(name, []), *known]
    return [_text(one) for one in values if one not in (None, (), [])]


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list | tuple) else str(value)


def edited(text: str) -> Iterator[str]:
    """Texts that differ from a text in one place."""
    for place in sorted({0, 1, len(text)}):
        for inserted in INSERTED:
            yield text[:place] + inserted + text[place:]
        yield text[:place] + text[place + 1 :]
    yield from (text.upper(), f"{text},{text}")
    yield from (re.sub(r"([a-z0-9])", r"\1" * count, text, count=1) for count in LENGTHS)


def values_of(name: str) -> list[Any]:
    block = BLOCKS[name]
    if block["type"] == "number":
        limits = [int(text) for text in seeds(name) if re.fullmatch(r"-?[0-9]{1,12}", text)]
        return sorted({*NUMBERS, *(one + by for one in limits for by in (-1, 0, 0.5, 1))})
    known = seeds(name)
    allowed = [text for text in known if is_allowed(FIELDS[name], text.split(",") if name in _LISTS else text)]
    chosen = isinstance(FIELDS[name].metadata["parse"], OneOf)
    texts = [*known, *(other for text in allowed[: 0 if chosen else 1] for other in edited(text))]
    if name not in _LISTS:
        return list(dict.fromkeys(texts))
    single = [[one] for one in dict.fromkeys([*",".join(known).split(","), *texts])]
    many = [text.split(",") for text in known if "," in text]
    ids = [[f"{single[0][0][:-2]}{number:02}" for number in range(count)] for count in (5, 6, 16, 17)]
    hosts = [[f"https://h{number}.example.com" for number in range(count)] for count in (100, 101)]
    return [[], [None], *single, *many, *ids, *hosts]


def is_allowed(setting: Field[Any], value: Any) -> bool:
    """Whether a setting allows a value and takes it as it is."""
    if value == []:
        return True
    if isinstance(value, list) and (None in value or any("," in one for one in value)):
        return False
    try:
        taken = setting.metadata["parse"](_text(value))
    except ValueError:
        return False
    if setting.name in LISTS:
        taken = taken.split(",")
    return bool((list(taken) if isinstance(taken, tuple) else taken) == value)


def conditions(name: str) -> list[str]:
    """The conditions of a variable, of a `value` in its place."""
    texts = [one["condition"].removeprefix("${").removesuffix("}") for one in BLOCKS[name]["validation"]]
    return [re.sub(rf"\bvar\.{name}\b", "value", one) for one in texts]


Judged = dict[str, list[list[bool | None]]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """For each variable and value, the result of each condition; null for a condition that fails to be evaluated."""
    folder = tmp_path_factory.mktemp("variables")
    cases = {name: values_of(name) for name in BLOCKS}
    (folder / "cases.auto.tfvars.json").write_text(json.dumps(cases))
    lines = [f'variable "{name}" {{\ntype = list({block["type"]})\n}}' for name, block in BLOCKS.items()]
    lines += ["locals {", f"others = {json.dumps(OTHERS)}"]
    for name in BLOCKS:
        results = ", ".join(f"try({_with_defaults(one)}, null)" for one in conditions(name))
        lines.append(f"{name} = [for value in var.{name} : [{results}]]")
    names = ", ".join(f"{name} = local.{name}" for name in BLOCKS)
    (folder / "main.tf").write_text("\n".join([*lines, "}"]))
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", "console"],
        input=f"jsonencode({{{names}}})",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Judged = json.loads(json.loads(done.stdout))
    return found


def _with_defaults(condition: str) -> str:
    return OTHER.sub(lambda one: f'local.others["{one[0]}"]', condition)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_variable_allows_what_its_setting_allows_and_refuses_the_rest_in_words(judged: Judged, name: str) -> None:
    wrong = []
    for value, results in zip(values_of(name), judged[name], strict=True):
        own = {result for result, one in zip(results, conditions(name), strict=True) if not OTHER.search(one)}
        if None in results or (own == {True}) != is_allowed(FIELDS[name], value):
            wrong.append((value, results))
    assert wrong == []
