"""A reviewed plan on disk: the plan file, its JSON, and what it was made from.

A plan file holds values in clear text, so only the owner may read its folder.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .ruleset import FILE as RULES

FOLDER = "review.out"

ASSET = re.compile(r'"(assets/[^"]+)"')


class NotReviewed(ValueError):
    """The plan must not be applied; the message says why."""


class NotAcknowledged(NotReviewed):
    """Dangerous changes of the plan wait for somebody's decision."""


@dataclass(frozen=True)
class StateVersion:
    """The state that a plan was made for. Terraform increments `serial` with every change."""

    lineage: str = ""
    serial: int = 0

    @classmethod
    def read(cls, text: str) -> "StateVersion":
        """Parse the output of `terraform state pull`, which is empty if there is no state."""
        if not text.strip():
            return cls()
        document = json.loads(text)
        return cls(str(document.get("lineage", "")), int(document.get("serial", 0)))


@dataclass(frozen=True)
class Manifest:
    """What the reviewed plan was made from, and what was acknowledged."""

    stack: str
    plan: str
    state: StateVersion
    configuration: Mapping[str, str]
    dangers: list[str]
    acknowledged: list[str]
    changes: int = 0
    applied: bool = False
    # SHA-256 of the project's own rules at the review; empty if there were none.
    rules: str = ""


@dataclass(frozen=True)
class SavedPlan:
    """The folder of one stack's reviewed plan."""

    folder: Path
    stack: str = field(default="")

    @classmethod
    def of(cls, target_folder: Path, stack: str) -> "SavedPlan":
        return cls(target_folder / FOLDER / stack, stack)

    @property
    def plan(self) -> Path:
        return self.folder / "plan.tfplan"

    @property
    def document(self) -> Path:
        return self.folder / "plan.json"

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def was_reviewed(self) -> bool:
        return self.manifest.is_file()

    def prepare(self) -> None:
        """Discard an earlier review: a review that fails leaves nothing to apply."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for path in (self.plan, self.document, self.manifest):
            path.unlink(missing_ok=True)

    def write(self, manifest: Manifest) -> None:
        self.manifest.write_text(json.dumps(asdict(manifest), indent=2) + "\n")

    def read(self) -> Manifest:
        """Raises `NotReviewed`."""
        try:
            document = json.loads(self.manifest.read_text())
            return Manifest(**{**document, "state": StateVersion(**document["state"])})
        except FileNotFoundError as error:
            raise NotReviewed(f"{self.stack}: nothing was reviewed; review it first") from error
        except (ValueError, TypeError, KeyError) as error:
            raise NotReviewed(f"{self.stack}: {self.manifest.name} is damaged; review again") from error

    def check(self, stack_folder: Path, state: StateVersion, rules: str = "") -> Manifest:
        """Raises `NotReviewed`, with what changed, unless the reviewed plan can still be applied."""
        manifest = self.read()
        if manifest.applied:
            raise NotReviewed(f"{self.stack}: this plan was applied already; review again")
        if not self.plan.is_file() or file_hash(self.plan) != manifest.plan:
            raise NotReviewed(f"{self.stack}: the plan file is not the one that was reviewed; review again")
        moved = _moved(manifest.configuration, configuration_hashes(stack_folder))
        if moved:
            raise NotReviewed(f"{self.stack}: the configuration moved since the review ({moved}); review again")
        if _planned_configuration(self.plan) != (stack_folder / "cdk.tf.json").read_bytes():
            raise NotReviewed(f"{self.stack}: the plan was not made from this configuration; review again")
        if rules != manifest.rules:
            raise NotReviewed(f"{self.stack}: the project's rules ({RULES}) changed since the review; review again")
        if state != manifest.state:
            raise NotReviewed(
                f"{self.stack}: the state moved since the review (serial {manifest.state.serial} then, "
                f"{state.serial} now{', another lineage' if state.lineage != manifest.state.lineage else ''}); "
                "review again"
            )
        return manifest

    def check_dangers(self, manifest: Manifest, dangers: Iterable[str], raised: Iterable[str] = ()) -> None:
        """Raises `NotAcknowledged` unless every danger in the plan file itself was acknowledged."""
        refused = sorted(raised)
        if refused:
            raise NotReviewed(
                f"{self.stack}: the project's rules ({RULES}) let nobody acknowledge {', '.join(refused)}; "
                "change the code or the rules, and review again"
            )
        missing = sorted(set(dangers) - set(manifest.acknowledged))
        if missing:
            raise NotAcknowledged(
                f"{self.stack}: {len(missing)} dangerous changes are not acknowledged: {', '.join(missing)}; "
                "review again and acknowledge them"
            )

    def mark_applied(self) -> None:
        self.write(replace(self.read(), applied=True))
        self.plan.unlink(missing_ok=True)


def configuration_hashes(stack_folder: Path) -> dict[str, str]:
    """Hashes of a stack's synthesized Terraform and of its assets."""
    configuration = stack_folder / "cdk.tf.json"
    names = sorted(set(ASSET.findall(configuration.read_text())))
    assets = {name: file_hash(stack_folder / name) for name in names if (stack_folder / name).is_file()}
    return {configuration.name: file_hash(configuration), **assets}


def _planned_configuration(plan: Path) -> bytes:
    """The configuration inside the plan file, from which it was made regardless of the manifest."""
    try:
        with zipfile.ZipFile(plan) as archive:
            return archive.read("tfconfig/m-/cdk.tf.json")
    except (zipfile.BadZipFile, KeyError, OSError):
        return b""


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _moved(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return ", ".join(sorted(name for name in {*before, *now} if before.get(name) != now.get(name)))
