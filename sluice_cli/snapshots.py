"""Snapshots of a project's local AWS: its whole state, with Terraform's (which is kept in it), under a name.

A snapshot lies in `.sluice/snapshots/NAME`: the local AWS's files, its services' state, and what was synthesized. It is
restored at the same address with the same credentials, by the versions that made it only.
"""

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sluice_cli.errors import InputError, LocalAwsError
from sluice_cli.local_aws.environment import version_of_ministack
from sluice_cli.local_aws.signed_request import send
from sluice_cli.project import MANIFEST, Project
from sluice_cli.target import local_aws_of
from sluice_cli.version import version

FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DESCRIPTION = "snapshot.json"
KEPT = "kept-by-down"  # the snapshot of `sluice down --keep`
PATH = "/_sluice/snapshot"
# Of the local AWS's folder: what identifies it to its users.
FILES = ("client.pem", "server.pem", "server.key", "credentials", "config", "env", "local-aws.json")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as it lies on disk."""

    name: str
    folder: Path
    description: dict[str, Any]

    @property
    def made(self) -> str:
        return str(self.description.get("made"))


def versions() -> dict[str, Any]:
    """What has to be the same when a snapshot is restored."""
    return {"format": FORMAT, "sluice": version().partition(" ")[0], "ministack": version_of_ministack()}


def list_snapshots(project: Project) -> list[Snapshot]:
    """The snapshots of a project, by name."""
    found = []
    for path in sorted(_root(project).glob(f"*/{DESCRIPTION}")):
        try:
            description = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            description = {}
        found.append(Snapshot(path.parent.name, path.parent, description if isinstance(description, dict) else {}))
    return found


def take_snapshot(project: Project, name: str) -> Snapshot:
    """Save the running local AWS under a name, in place of an earlier one of that name.

    Raises `InputError` for a name that is none, `LocalAwsError` where the local AWS is not running or cannot be saved.
    """
    local, folder = local_aws_of(project), _folder(project, name)
    running = local.running()
    if running is None:
        raise LocalAwsError("the local AWS is not running: run `sluice up` first")
    status, body = send(local, "POST", f"{running.url}{PATH}", b"")
    if status != 200:
        raise LocalAwsError("the local AWS was started by another version of sluice: run `sluice down` and `sluice up`")
    missing = json.loads(body)["missing"]
    if missing:
        raise LocalAwsError(
            f"the state of {', '.join(missing)} cannot be saved; {local.folder / 'local-aws.log'} says why"
        )
    draft = Path(tempfile.mkdtemp(dir=_root(project), prefix=".draft-"))
    try:
        (local.folder / "snapshot").rename(draft / "state")
        (draft / "local").mkdir()
        for file in FILES:
            shutil.copy2(local.folder / file, draft / "local" / file)
        for part in (MANIFEST, "stacks"):
            _copy(project.private_folder / part, draft / part)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        description = {**versions(), "made": made}
        (draft / DESCRIPTION).write_text(json.dumps(description, indent=2), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Snapshot(name, folder, description)


def restore_snapshot(project: Project, name: str) -> Snapshot:
    """Stop the local AWS and start it from a snapshot. Raises `InputError` where there is none of that name, or other
    versions made it, and `LocalAwsError` where it cannot start."""
    snapshot = find_snapshot(project, name)
    check_versions(snapshot)
    local = local_aws_of(project)
    local.stop()
    local.folder.mkdir(parents=True)
    local.folder.chmod(0o700)
    _copy(snapshot.folder / "local", local.folder)
    _copy(snapshot.folder / "state", local.folder / "state")
    for part in (MANIFEST, "stacks"):
        _copy(snapshot.folder / part, project.private_folder / part)
    local.start_from(local.folder / "state")
    return snapshot


def stop_and_keep(project: Project) -> None:
    """Stop the local AWS, and keep its state for the next `resume`. Raises as `take_snapshot` does."""
    take_snapshot(project, KEPT)
    local_aws_of(project).stop()


def resume(project: Project) -> Snapshot | None:
    """Start the local AWS with the state that `stop_and_keep` kept; None where none is kept. Raises as
    `restore_snapshot` does."""
    if not (_root(project) / KEPT / DESCRIPTION).is_file():
        return None
    snapshot = restore_snapshot(project, KEPT)
    shutil.rmtree(snapshot.folder, ignore_errors=True)
    return snapshot


def find_snapshot(project: Project, name: str) -> Snapshot:
    """Raises `InputError` that names those there are."""
    known = {one.name: one for one in list_snapshots(project)}
    _folder(project, name)
    if name not in known:
        raise InputError(f"no snapshot is named {name} (there are: {', '.join(known) or 'none'})")
    return known[name]


def check_versions(snapshot: Snapshot) -> None:
    """Raises `InputError` where the snapshot was made by other versions."""
    now = versions()
    made = {what: snapshot.description.get(what) for what in now}
    if made != now:
        differ = "; ".join(f"{what} {made[what]}, here {now[what]}" for what in now if made[what] != now[what])
        raise InputError(
            f"snapshot {snapshot.name} was made by other versions ({differ}) and cannot be restored: deploy with "
            "`sluice up` and take it again"
        )


def _root(project: Project) -> Path:
    folder = project.private_folder / "snapshots"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)  # it holds credentials and whatever the rows and objects hold
    return folder


def _folder(project: Project, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name of a snapshot: letters, digits, `.`, `_` and `-`, 64 at most")
    return _root(project) / name


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        if to.name == "stacks":
            shutil.rmtree(to, ignore_errors=True)
        # Links stay links: Terraform links the provider into each stack's folder.
        shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True)
    elif source.exists():
        shutil.copy2(source, to)
