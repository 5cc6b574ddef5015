"""Synthesizes a system's stack for sets of choices."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import modules  # noqa: F401 - first: it makes synth fast

# isort: split
from cdktf import App

from scripts.terraform_modules.inputs import NAMES, OPTIONS, SETTINGS_OF_OPTION, chosen
from scripts.terraform_modules.learning import Choices, Learner, Option, UnseenError
from scripts.terraform_modules.markers import FINGERPRINT, FINGERPRINTED, FIRST, SECOND, Markers, settings_of
from settings import Settings
from sluice_cli.export.tree import map_texts, texts_of
from stacks import SYSTEMS


class System:
    """One system, synthesized as often as needed into a folder that is removed by `close`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.options: list[Option] = OPTIONS[name]
        self.markers = Markers()
        self.folder = Path(tempfile.mkdtemp())
        self._class = next(one for one in SYSTEMS if _hyphenated(one.__name__) == name)
        self._synthesized: dict[str, Any] = {}
        self._used = ""  # the texts of what was learned

    @property
    def documentation(self) -> str:
        """The documentation of the system's class."""
        return str(self._class.__doc__)

    def settings(self, choices: Choices, values: Mapping[str, Any] = FIRST) -> Settings:
        return settings_of(values, chosen(self.options, choices, values))

    def synthesize(self, settings: Settings) -> dict[str, Any]:
        """The stack's Terraform. Its assets lie below `self.stack_folder`."""
        key = repr(settings)
        if key not in self._synthesized:
            app = App(outdir=str(self.folder))
            self._class(app, settings)
            app.synth()
            document = json.loads((self.stack_folder / "cdk.tf.json").read_text(encoding="utf-8"))
            document.pop("//", None)
            document["terraform"].pop("backend", None)
            document["data"].setdefault("aws_region", {}).setdefault(
                "CurrentRegion", {"//": {"metadata": {"path": f"{self.name}/CurrentRegion"}}}
            )
            self._synthesized[key] = document
        return dict(self._synthesized[key])

    @property
    def stack_folder(self) -> Path:
        return self.folder / "stacks" / self.name

    def learn(self) -> tuple[dict[str, Any], int]:
        """The stack with conditions, derived from samples without options, with each option, each pair and all; and the
        number of samples."""
        every = [{}, *self.single_choices(), *self.pairs(), *self.together()]
        documents: list[dict[str, Any]] = []
        while True:
            documents += [self._recognized(choices) for choices in every[len(documents) :]]
            _normalize(documents)
            samples = list(zip(every, documents, strict=True))
            try:
                learned = self._learner().explain(samples)
                self._used = " ".join(texts_of(learned))
                return self._with_fingerprints(learned), len(samples)
            except UnseenError as error:
                every += error.choices

    def single_choices(self) -> list[Choices]:
        return [{option.name: label} for option in self.options for label in option.settings]

    def pairs(self) -> list[Choices]:
        singles = self.single_choices()
        return [{**one, **other} for one, other in combinations(singles, 2) if not one.keys() & other.keys()]

    def together(self) -> list[Choices]:
        """Every choice of every option at least once: all first ones, then all second ones, and so on."""
        most = max(len(option.settings) for option in self.options)
        return [
            {option.name: [*option.settings][min(number, len(option.settings) - 1)] for option in self.options}
            for number in range(most)
        ]

    def usual_names(self) -> dict[str, tuple[str, str]]:
        """By the setting that replaces a name: the module's local value for it, and the name by the naming rule."""
        settings = self.settings({}, {**FIRST, **dict.fromkeys(NAMES)})
        resources = self.markers.recognize(self.synthesize(settings), settings)["resource"]
        names = {}
        for setting, (local, type_, argument) in NAMES.items():
            if f"local.{local}" in self._used:
                (resource,) = resources[type_].values()
                names[setting] = (local, str(resource[argument]))
        return names

    def close(self) -> None:
        shutil.rmtree(self.folder)

    def _recognized(self, choices: Choices) -> dict[str, Any]:
        settings = self.settings(choices)
        return dict(self.markers.recognize(self.synthesize(settings), settings))

    def _learner(self) -> Learner:
        def covers(candidate: Any, choices: Choices, value: Any) -> bool:
            settings = self.settings(choices)
            try:
                return bool(self.markers.compute(candidate, settings) == self.markers.compute(value, settings))
            except (IndexError, TypeError):  # without a value: the first item of no list, a multiple of none
                return False

        return Learner(self.options, covers)

    def _with_fingerprints(self, learned: dict[str, Any]) -> dict[str, Any]:
        """In place of a hash that synth made, one that Terraform makes: of that hash, and of every variable that would
        have changed it."""
        if FINGERPRINTED not in texts_of(learned):
            return learned
        (hash_,) = _hashes(self.synthesize(self.settings({})))
        changing = [
            name
            for choices, values in self._each_setting_changed()
            if _hashes(self.synthesize(self.settings(choices, values))) != [hash_]
            for name in _changed(choices, values)
        ]
        variables = ", ".join(f"var.{name}" for name in dict.fromkeys(changing))
        text = f'${{sha256(jsonencode(["{hash_}", {variables}]))}}'
        return dict(map_texts(learned, lambda one: text if one == FINGERPRINTED else one))

    def _each_setting_changed(self) -> Iterator[tuple[Choices, dict[str, Any]]]:
        for choices in self.single_choices():
            yield choices, dict(FIRST)
        for name in (name for name in FIRST if f"var.{name}" in self._used):
            yield {}, {**FIRST, name: SECOND[name]}


def _changed(choices: Choices, values: Mapping[str, Any]) -> list[str]:
    """The variables that differ from those without options."""
    settings = [name for option in choices for name in SETTINGS_OF_OPTION.get(option, (option,))]
    return settings or [name for name in FIRST if values[name] != FIRST[name]]


def _hashes(document: Any) -> list[str]:
    return sorted({text for text in texts_of(document) if FINGERPRINT.fullmatch(text)})


def _normalize(documents: list[dict[str, Any]]) -> None:
    """Give all samples the same resource types, so that conditions apply to resources and not to whole types."""
    for part in ("data", "resource"):
        types = {type_ for one in documents for type_ in one[part]}
        for one in documents:
            for type_ in sorted(types):
                one[part].setdefault(type_, {})


def _hyphenated(name: str) -> str:
    return "".join(f"-{one.lower()}" if one.isupper() else one for one in name).strip("-")
