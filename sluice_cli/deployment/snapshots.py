"""Named snapshots of a project's local AWS: its whole state, including Terraform's, which is stored in its S3.

A snapshot is the folder `.sluice/snapshots/NAME` with the local AWS's files, its services' state, and the synthesized
files. It is restored at the same address with the same credentials, and only by the versions that made it.
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
from sluice_cli.local_aws.server import RECORD
from sluice_cli.local_aws.signed_request import own_request
from sluice_cli.project import MANIFEST, Project
from sluice_cli.target import local_aws_of
from sluice_cli.version import version

FORMAT = 1
SECONDS_TO_SAVE = 600  # a large state on a busy machine takes longer than other requests
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DESCRIPTION = "snapshot.json"
KEPT = "kept-by-down"
BEFORE = "before-restore"
OWN_NAMES = {
    KEPT: "`sluice down --keep` keeps the state in it",
    BEFORE: "`sluice restore` keeps there what ran before, until the restore is done",
}
PATH = "/_sluice/snapshot"
# Of the local AWS's folder: what identifies it to its users.
FILES = ("client.pem", "server.pem", "server.key", "credentials", "config", "env", RECORD)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot on disk."""

    name: str
    folder: Path
    description: dict[str, Any]

    @property
    def made(self) -> str:
        return str(self.description.get("made"))


def versions() -> dict[str, Any]:
    """The versions that have to be the same when a snapshot is restored."""
    return {"format": FORMAT, "sluice": version().partition(" ")[0], "ministack": version_of_ministack()}


def list_snapshots(project: Project) -> list[Snapshot]:
    """The snapshots of a project, by name."""
    found = []
    for path in sorted(_root(project).glob(f"*/{DESCRIPTION}")):
        if not NAME.fullmatch(path.parent.name):  # being written or replaced
            continue
        try:
            description = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            description = {}
        found.append(Snapshot(path.parent.name, path.parent, description if isinstance(description, dict) else {}))
    return found


def take_snapshot(project: Project, name: str, *, replace: bool = False) -> Snapshot:
    """Save the running local AWS under a name.

    Raises `InputError` for a name that is none, that the tool uses itself, or that another snapshot has (without
    `replace`), and `LocalAwsError` where the local AWS is not running or cannot be saved.
    """
    folder = _folder(project, name)
    if name.lower() in OWN_NAMES:
        raise InputError(f"{name} is a name of the tool's own snapshots: {OWN_NAMES[name.lower()]}; give another")
    if folder.exists() and not replace:
        raise InputError(f"there is a snapshot {name} already: give another name, or --replace to replace it")
    return _save(project, name)


def restore_snapshot(project: Project, name: str) -> Snapshot:
    """Stop the local AWS and start it from a snapshot. Where it does not start from it, it goes on as it was.

    Raises `InputError` where there is none of that name, or other versions made it, and `LocalAwsError` where it cannot
    start.
    """
    snapshot = find_snapshot(project, name)
    check_versions(snapshot)
    local = local_aws_of(project)
    local.check_address(snapshot.folder / "local")
    # A restore of `before-restore` must not replace what it restores.
    before = _save(project, BEFORE) if local.running() is not None and name != BEFORE else None
    try:
        _start_from(project, snapshot)
    except (LocalAwsError, OSError, KeyboardInterrupt) as error:
        if before is None:
            local.stop()
            raise
        _put_back(project, before)
        raise LocalAwsError(f"not restored to snapshot {name}; the local AWS goes on as it was\n{error}") from error
    _discard(project, BEFORE)
    _discard(project, KEPT)  # it was kept to go on with, and the caller goes on with something else
    return snapshot


def stop_and_keep(project: Project) -> None:
    """Stop the local AWS, and keep its state for the next `resume`. Raises as `take_snapshot` does."""
    _save(project, KEPT)
    local_aws_of(project).stop()


def resume(project: Project) -> Snapshot | None:
    """Start the local AWS with the state that `stop_and_keep` kept; None where it runs already or none is kept.

    Raises `LocalAwsError` where it cannot start; the state is still kept then.
    """
    if local_aws_of(project).running() is not None or not (_root(project) / KEPT / DESCRIPTION).is_file():
        return None
    try:
        return restore_snapshot(project, KEPT)
    except (InputError, LocalAwsError) as error:
        raise LocalAwsError(
            f"the local AWS cannot go on from the state that `sluice down --keep` kept: {error}\n"
            "It is still kept; `sluice down` discards it, and `sluice up` then deploys anew"
        ) from error


def discard_kept(project: Project) -> Snapshot | None:
    """Discard what `stop_and_keep` kept; None where nothing is kept."""
    kept = next((one for one in list_snapshots(project) if one.name == KEPT), None)
    _discard(project, KEPT)
    return kept


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


def _save(project: Project, name: str) -> Snapshot:
    """Save the running local AWS under a name, in place of an earlier snapshot of that name."""
    local, folder = local_aws_of(project), _folder(project, name)
    status, body = own_request(local, "POST", PATH, SECONDS_TO_SAVE)
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
        _forget_process(draft / "local" / RECORD)
        for part in (MANIFEST, "stacks"):
            _copy(project.private_folder / part, draft / part)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        description = {**versions(), "made": made}
        (draft / DESCRIPTION).write_text(json.dumps(description, indent=2), encoding="utf-8")
        _exchange(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Snapshot(name, folder, description)


def _start_from(project: Project, snapshot: Snapshot) -> None:
    """Stop the local AWS, once the snapshot is copied, and start it from the copy."""
    local = local_aws_of(project)
    copy = Path(tempfile.mkdtemp(dir=project.private_folder, prefix=".restoring-"))
    try:
        _copy(snapshot.folder / "local", copy)
        _copy(snapshot.folder / "state", copy / "state")
        local.stop()
        copy.rename(local.folder)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    local.start_from(local.folder / "state")
    for part in (MANIFEST, "stacks"):
        _copy(snapshot.folder / part, project.private_folder / part)


def _put_back(project: Project, before: Snapshot) -> None:
    """Bring back what ran before a restore that failed. Raises `LocalAwsError` where that fails as well."""
    try:
        _start_from(project, before)
    except (LocalAwsError, OSError) as error:
        raise LocalAwsError(
            f"the restore failed, and so did the start of what ran before; `sluice restore {BEFORE}` tries it again\n"
            f"{error}"
        ) from error
    _discard(project, BEFORE)


def _forget_process(record: Path) -> None:
    """Its number may be another program's when the snapshot is restored."""
    kept = json.loads(record.read_text(encoding="utf-8"))
    del kept["pid"]
    record.write_text(json.dumps(kept, indent=2), encoding="utf-8")


def _exchange(new: Path, folder: Path) -> None:
    """Put a folder in the place of another, which is deleted only then."""
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".replaced-"))
    try:
        if folder.exists():
            folder.rename(old / folder.name)
        try:
            new.rename(folder)
        except OSError:
            if (old / folder.name).exists():
                (old / folder.name).rename(folder)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _discard(project: Project, name: str) -> None:
    shutil.rmtree(_root(project) / name, ignore_errors=True)


def _root(project: Project) -> Path:
    folder = project.private_folder / "snapshots"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)  # it holds credentials and whatever the rows and objects hold
    return folder


def _folder(project: Project, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is not a snapshot's name: letters, digits, `.`, `_` and `-`, 64 at most")
    return _root(project) / name


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        if to.name == "stacks":
            shutil.rmtree(to, ignore_errors=True)
        # Links stay links: Terraform links the provider into each stack's folder.
        shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True)
    elif source.exists():
        shutil.copy2(source, to)
