"""Construct ids and policy names derived from texts: valid, unique and stable."""

import hashlib
import json
import re

from cdktf import DefaultTokenResolver, StringConcat, Tokenization
from constructs import Construct

from ._checks import is_token, known_part

# Folders of lower-case words with hyphens ("in/", "monthly-reports/"), like most prefixes. No two of them give the same
# id: words begin with a letter, and digits end them.
PLAIN = re.compile(r"[a-z]+[0-9]*(?:-[a-z]+[0-9]*)*/")
LONGEST_SLUG = 32
LONGEST_PLAIN = 40
DIGITS = 10  # of the hash: collisions have a probability of one in 10^12


def identify(text: str, scope: Construct) -> str:
    """Letters and digits for a text: `MonthlyReports` for `monthly-reports/`, empty for an empty text.

    Other texts get a hash at the end, so that `in`, `In/` and `in/` differ. A token is represented by its Terraform
    expression.
    """
    if not text:
        return ""
    if PLAIN.fullmatch(text) and len(text) <= LONGEST_PLAIN:
        return _words(text)
    return f"{_words(known_part(text))[:LONGEST_SLUG]}{digest(text, scope)}"


def digest(text: str, scope: Construct) -> str:
    """A short hash of a text. Tokens have different texts in each run, so their Terraform expression is hashed."""
    if is_token(text):
        text = json.dumps(resolve(text, scope), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def resolve(value: object, scope: Construct) -> object:
    """A value as Terraform gets it, with tokens replaced by their expressions."""
    resolver = DefaultTokenResolver(StringConcat())
    return Tokenization.resolve(value, scope=scope, resolver=resolver, preparing=False)


def shorten(name: str, longest: int, allowed: str = "[A-Za-z0-9_-]") -> str:
    """The name if AWS accepts it; otherwise its valid characters and a hash within that length."""
    if len(name) <= longest and re.fullmatch(f"{allowed}+", name):
        return name
    kept = "".join(re.findall(allowed, name))[: longest - DIGITS]
    return kept + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _words(text: str) -> str:
    return "".join(word.title() for word in re.findall("[A-Za-z0-9]+", text))
