"""`ConfigurationError`s in the place of cdktf's own errors, and checks of what was synthesized.

cdktf raises errors of JavaScript, with its stack, when the app is synthesized: a validation that failed, or two stacks
that need each other. `install()` makes `App.synth` raise them as `ConfigurationError`s, and checks the Terraform of all
stacks for problems that no class can detect: two resources of the same name, a runtime that the provider does not know.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from cdktf import App

from ._synthesized_checks import problems
from .errors import ConfigurationError

FAILED_VALIDATION = re.compile(r"Validation failed with the following errors:\n(.*?)\n\nIf you wish", re.DOTALL)
PLACE = re.compile(r"^ *\[[^\]]*\] (?=\S)", re.MULTILINE)
CIRCLE = re.compile(r"Cannot add dependency (.+?) to (.+?), because it would cause a circular dependency")
TAKEN = re.compile(r"There is already a Construct with name '(.*?)' in ", re.DOTALL)


def in_words(error: Exception) -> str | None:
    """cdktf's error in words, with advice; None for other errors."""
    if not isinstance(error, RuntimeError):
        return None
    text = str(error)
    if match := FAILED_VALIDATION.search(text):
        return PLACE.sub("", match[1]).strip()
    if match := CIRCLE.search(text):
        one, other = sorted(match.groups())
        return (
            f"the stacks {one} and {other} would need each other, so that neither could be deployed first. "
            "Where one refers to an attribute of the other's resource (bucket.name, queue.url, key.arn), give the name "
            "as a text (`name=`, or `Bucket.from_name` and the like), or put both resources into one stack"
        )
    if match := TAKEN.search(text):
        return f"there is a construct with the id {match[1]!r} already; give each its own id"
    if "No stack could be identified" in text:
        return "it is in no TerraformStack; give a stack, or a construct in one, as its scope"
    if "Only root constructs may have an empty" in text:
        return "id is empty; give a text"
    return None


@contextlib.contextmanager
def errors_in_words() -> Iterator[None]:
    """Raise cdktf's errors as `ConfigurationError`s."""
    try:
        yield
    except RuntimeError as error:
        words = in_words(error)
        if words is None:
            raise
        raise ConfigurationError(words) from error


def install() -> None:
    """Make `App.synth` raise `ConfigurationError`s. Repeated calls change nothing."""
    synth = App.synth
    if hasattr(synth, "in_words"):
        return

    @functools.wraps(synth)
    def synth_in_words(app: App) -> None:
        with errors_in_words():
            synth(app)
        stacks = dict(_stacks(Path(app.outdir)))
        wrong = [problem for stack in stacks.values() for problem in problems(stack, stacks)]
        if wrong:
            raise ConfigurationError("\n".join(wrong))

    vars(synth_in_words)["in_words"] = True
    App.synth = synth_in_words  # type: ignore[method-assign, assignment]


def _stacks(output: Path) -> Iterator[tuple[str, dict[str, object]]]:
    manifest = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
    for name, stack in manifest["stacks"].items():
        file = output / stack["synthesizedStackPath"]
        if file.suffix == ".json":  # JSON only: HCL is synthesized from the same stack
            yield name, json.loads(file.read_text(encoding="utf-8"))
