"""Checks of arguments against AWS's limits, aware of values that only Terraform knows.

A `Text`, `Number`, `Choice` or `Count` describes what AWS allows for one argument (`_limits.py` holds them all); its
`check` raises `ConfigurationError` with the argument, its value and what is allowed. A token (`TerraformVariable`,
an attribute of another resource) passes: Terraform, or AWS, checks it later. Known parts of a text beside a token are
checked.
"""

import math
import re
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdktf import Fn, Op, Token
from constructs import Construct

from ._paths import path
from .errors import ConfigurationError

# How cdktf writes tokens: https://github.com/hashicorp/terraform-cdk/blob/main/packages/cdktf/lib/tokens/private/encoding.ts
# Asking cdktf instead would cost a call to JavaScript for each argument.
NUMBER_TOKEN = b"\xfd\xff"
LIST_TOKEN = re.compile(r"#\{TfToken\[[^\]]*\]\}")
# Where Terraform's templates begin: https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates
EXPRESSION = re.compile(r"(?<!\$)\$\{")
DIRECTIVE = re.compile(r"(?<!%)%\{")
POLICY_VARIABLE = re.compile(r"\$\{[a-z0-9-]+:[A-Za-z0-9/:*-]+\}")
BEYOND_ANY_LIMIT = 1e290  # a number token that went through Python's arithmetic

LONGEST_SHOWN = 100
DEEPEST = 100  # levels of nested dicts and lists

Where = Construct | str


def is_token(value: object) -> bool:
    """Whether the value is known to Terraform only: a reference, a variable, an expression."""
    if isinstance(value, str):
        return EXPRESSION.search(value) is not None or LIST_TOKEN.search(value) is not None
    if isinstance(value, float):
        return struct.pack(">d", value)[:2] == NUMBER_TOKEN
    if isinstance(value, list | tuple):
        return any(is_token(item) for item in value)
    return hasattr(value, "resolve") and hasattr(value, "creation_stack")


def times(number: float, factor: float) -> float:
    """The product, as a Terraform expression if the number is a token."""
    if is_token(number):
        return float(Token.as_number(Op.mul(number, factor)))
    return number * factor


def at_least(number: float, lowest: float) -> float:
    """The larger of two numbers, as a Terraform expression if one is a token."""
    if is_token(number) or is_token(lowest):
        return float(Token.as_number(Fn.max([number, lowest])))
    return max(number, lowest)


def text_of(value: float) -> str:
    """A number in a text, as a Terraform reference if it is a token."""
    return str(Token.as_string(value)) if is_token(value) else str(value)


def known_part(text: str) -> str:
    """A text without its tokens. An unterminated expression is kept."""
    known, text = "", LIST_TOKEN.sub("", text)
    while found := EXPRESSION.search(text):
        end = _end(text, found.end())
        known += text[: found.start()] + ("" if end else found[0])
        text = text[end or found.end() :]
    return known + text


def _end(text: str, start: int) -> int | None:
    depth = 1
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return None


def hide_expressions(text: str, mark: str) -> tuple[str, list[str]]:
    """The text with placeholders for expressions, and the expressions."""
    hidden, expressions = "", []
    while found := EXPRESSION.search(text):
        end = _end(text, found.end())
        if end is None:
            break
        hidden += text[: found.start()] + mark
        expressions.append(text[found.start() : end])
        text = text[end:]
    return hidden + text, expressions


def check_templates(where: Where, parameter: str, value: object) -> None:
    """The same for each text in a JSON document, whose braces could look like the end of an expression."""
    check_known(where, parameter, value)
    for text in _texts(value):
        check_template(where, parameter, text)


def check_known(where: Where, parameter: str, value: object) -> None:
    """Refuse numbers and lists that only Terraform knows, which Python cannot write into JSON, and endless nesting."""
    try:
        items = list(_items(value))
    except RecursionError as error:
        raise ConfigurationError(
            f"{_place(where)}: {parameter} is nested more than {DEEPEST} levels, or contains itself"
        ) from error
    for item in items:
        if isinstance(item, float) and is_token(item):
            raise ConfigurationError(
                f"{_place(where)}: {parameter} has a number that only Terraform knows; give it as a text: "
                "Token.as_string(variable.number_value)"
            )
        if isinstance(item, str) and LIST_TOKEN.search(item):
            raise ConfigurationError(
                f"{_place(where)}: {parameter} has a list that only Terraform knows; name its items"
            )


def _texts(value: object) -> Iterator[str]:
    return (item for item in _items(value) if isinstance(item, str))


def _items(value: object, depth: int = 0) -> Iterator[object]:
    """Names and values of nested dicts and lists. Raises `RecursionError` below `DEEPEST` levels."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _items(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _items(item, depth + 1)
    else:
        yield value


def check_template(where: Where, parameter: str, text: str) -> None:
    """Refuse unterminated expressions, and Terraform's directives (`%{if}`), which no class supports."""
    variables = [one for one in hide_expressions(text, "")[1] if POLICY_VARIABLE.fullmatch(one)]
    if variables:
        raise ConfigurationError(
            f"{_place(where)}: {parameter} is {text!r}, where Terraform takes IAM's variable {variables[0]} for an "
            f"expression of its own; write ${variables[0]}"
        )
    known = known_part(text)
    if EXPRESSION.search(known) or DIRECTIVE.search(known):
        raise ConfigurationError(
            f"{_place(where)}: {parameter} is {text!r}, which Terraform takes for an unfinished expression; write $${{ "
            "and %%{ for these characters themselves"
        )


def refuse(where: Where, parameter: str, value: object, allowed: str) -> ConfigurationError:
    """The error for an argument that AWS would refuse."""
    return ConfigurationError(f"{_place(where)}: {parameter} is {shown(value)}, AWS allows {allowed}")


def shown(value: object) -> str:
    """A value in an error message, shortened to a line."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text)} characters)"


def _place(where: Where) -> str:
    return where if isinstance(where, str) else path(where)


@dataclass(frozen=True)
class Text:
    """A text of some characters (a regular expression's class), in a range of lengths.

    `refuses` gives, for a text that has the right characters and length, the reason why AWS refuses it all the same.
    """

    characters: str
    words: str
    shortest: int
    longest: int
    link: str
    refuses: Callable[[str], str | None] = lambda text: None

    @property
    def allowed(self) -> str:
        lengths = f"{self.shortest} to {self.longest}" if self.shortest != self.longest else f"{self.longest}"
        return f"{lengths} {self.words} ({self.link})"

    def check(self, where: Where, parameter: str, value: object) -> None:
        if not isinstance(value, str):
            if is_token(value):
                return
            raise refuse(where, parameter, value, self.allowed)
        token = is_token(value)
        known = known_part(value) if token else value
        right_characters = re.fullmatch(f"(?:{self.characters})*", known)
        if not right_characters or len(known) > self.longest or (len(known) < self.shortest and not token):
            raise refuse(where, parameter, value, self.allowed)
        reason = None if token else self.refuses(value)
        if reason:
            raise refuse(where, parameter, value, f"{self.allowed}; {reason}")
        check_template(where, parameter, value)


@dataclass(frozen=True)
class Number:
    """A number in a range: a whole one unless `whole` is False."""

    lowest: float
    highest: float
    unit: str
    link: str
    whole: bool = True

    @property
    def allowed(self) -> str:
        return f"{self.lowest} to {self.highest} {self.unit} ({self.link})"

    def check(self, where: Where, parameter: str, value: object) -> None:
        if is_token(value):
            return
        if isinstance(value, float) and math.isfinite(value) and abs(value) > BEYOND_ANY_LIMIT:
            raise ConfigurationError(
                f"{_place(where)}: {parameter} was computed in Python from a number that only Terraform knows; "
                "compute it in Terraform: Token.as_number(Op.mul(variable.number_value, 2))"
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not self._holds(float(value) if abs(value) < BEYOND_ANY_LIMIT else math.inf):  # type: ignore[arg-type]
            raise refuse(where, parameter, value, self.allowed)

    def _holds(self, value: float) -> bool:
        return self.lowest <= value <= self.highest and not (self.whole and value != int(value))


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    values: Collection[Any]
    link: str
    words: str = ""  # where there are many

    @property
    def allowed(self) -> str:
        return f"{self.words or ', '.join(str(value) for value in self.values)} ({self.link})"

    def check(self, where: Where, parameter: str, value: object) -> None:
        if not is_token(value) and (
            not isinstance(value, str | int | float | None) or isinstance(value, bool) or value not in self.values
        ):
            raise refuse(where, parameter, value, self.allowed)


@dataclass(frozen=True)
class Count:
    """How many of something there may be."""

    fewest: int
    most: int
    what: str
    link: str

    @property
    def allowed(self) -> str:
        return f"{self.fewest} to {self.most} {self.what} ({self.link})"

    def check(self, where: Where, parameter: str, values: Collection[object]) -> None:
        if isinstance(values, str) or not isinstance(values, Collection):
            raise refuse(where, parameter, values, f"a list of {self.allowed}")
        if not is_token(values) and not self.fewest <= len(values) <= self.most:
            raise ConfigurationError(f"{_place(where)}: {parameter} has {len(values)}, AWS allows {self.allowed}")
