"""What happens to a resource, in a few words."""

from collections.abc import Sequence

from sluice_cli.text import clean

from .classification import TypeRules
from .plan import ResourceChange
from .policy_difference import StatementDifference
from .values import Difference, same
from .words import OFF, ON, attribute_words, difference_words

MOST_PHRASES = 3
# What a function's new code brings along.
CODE = {
    "source_code_hash",
    "filename",
    "code_sha256",
    "source_code_size",
    "last_modified",
    "version",
    "qualified_arn",
    "qualified_invoke_arn",
}


def headline(
    change: ResourceChange,
    kind: TypeRules | None,
    part: str,
    differences: Sequence[Difference],
    policies: Sequence[StatementDifference],
) -> str:
    noun = kind.noun if kind else change.type
    primary = bool(kind and kind.primary)
    told = bool(part) and not primary and not (kind and kind.feature) and part.lower() != noun.lower()
    name = clean(f"{noun} {part}" if told else noun)
    if change.deposed:
        text = f"{'' if primary else f'{name} '}left over from an earlier replacement, " + (
            "destroyed" if change.verb == "delete" else clean(change.verb)
        )
    elif change.verb == "create":
        text = "created" if primary else f"{name} {'turned on' if kind and kind.feature else 'added'}"
    elif change.verb == "delete":
        text = "destroyed" if primary else f"{name} {'turned off' if kind and kind.feature else 'removed'}"
    elif change.verb == "replace":
        because = ", ".join(sorted({difference_words(one) for one in differences if one.replaces}))
        text = ("replaced" if primary else f"{name} replaced") + (f" because of {because}" if because else "")
    elif change.verb == "forget":
        text = f"{'' if primary else name + ' '}no longer managed, left in AWS"
    elif change.verb == "update":
        phrases = _phrases(differences, policies)
        text = _joined(phrases)
        if not primary and not (kind and kind.feature and len(phrases) == 1 and noun in text):
            text = f"{name}: {text}"
    elif change.verb == "unchanged":
        text = f"{'' if primary else name + ' '}moved" if change.previous_address else f"{name} unchanged"
    else:
        text = f"{name}: {clean(change.verb)}"
    return f"{text}, imported" if change.imported else text


def _phrases(differences: Sequence[Difference], policies: Sequence[StatementDifference]) -> list[str]:
    phrases = []
    if policies:
        wider = any(one.wider for one in policies)
        narrower = any(one.lost for one in policies)
        phrases.append("allows more" if wider else "allows less" if narrower else "says it differently")
    names = {one.name for one in differences}
    if "source_code_hash" in names:
        phrases.append("code changed")
    variables = [one for one in differences if one.name.startswith("environment.")]
    if variables:
        phrases.append("environment changed" if len(variables) > 1 else f"{attribute_words(variables[0].name)} changed")
    tags = [one for one in differences if one.name.startswith("tags.")]
    if tags:
        phrases.append("tags changed")
    for one in differences:
        if one in variables or one in tags or one.is_policy or ("source_code_hash" in names and one.name in CODE):
            continue
        phrases.append(_phrase(one))
    return list(dict.fromkeys(phrases))


def _phrase(one: Difference) -> str:
    words = difference_words(one)
    if _is(one.after, ON) and (one.before is None or _is(one.before, OFF)):
        return f"{words} turned on"
    if _is(one.before, ON) and (one.after is None or _is(one.after, OFF)) and not one.unknown:
        return f"{words} turned off"
    if same(one.after, None) and not one.unknown and not isinstance(one.before, bool):
        return f"{words} removed"
    if one.unknown or one.sensitive or len(one.shown_before) + len(one.shown_after) > 60:
        return f"{words} changed"
    return f"{words} {one.shown_before} → {one.shown_after}"


def _joined(phrases: Sequence[str]) -> str:
    shown = ", ".join(phrases[:MOST_PHRASES])
    more = len(phrases) - MOST_PHRASES
    return (shown + (f" and {more} more" if more > 0 else "")) or "changed"


def _is(value: object, states: frozenset[str | bool]) -> bool:
    return isinstance(value, str | bool) and value in states
