"""The deployment of all systems, made once and restored from a snapshot by every other process that needs it, also of a
later run with the same inputs (tests/support/kept.py).
"""

import base64
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from botocore.config import Config

from sluice_cli.deployment.applying import deploy
from sluice_cli.deployment.snapshots import restore_snapshot, take_snapshot
from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LOOPBACK, RECORD, STARTS, LocalAws, _free_port
from sluice_cli.project import PRIVATE_FOLDER
from sluice_cli.pytest_plugin import quick_retries, started_local_aws, stopped_at_the_end
from sluice_cli.stack import synthesized_stacks
from tests.support.commands import project_of
from tests.support.deployed import Deployment, inventory, local_account
from tests.support.github_roles import DEPLOY, PRODUCTION, PULL_REQUEST, REVIEW, as_role, make_roles
from tests.support.kept import keep, kept_folder

NAME = "deployed"
BEFORE = "before.json"
BYTES = re.compile(rb'(?<="__bytes__": ")[A-Za-z0-9+/=]+(?=")')  # as ministack saves contents


@contextmanager
def shared_deployment(folders: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment of this process's own, on a local AWS of its own."""
    with ExitStack() as until_the_end:
        with kept_folder("deployment") as (snapshot, is_there):
            if not is_there:
                made = until_the_end.enter_context(_deployed(folders))
                _keep(made, snapshot)
        if is_there:
            made = until_the_end.enter_context(_restored(snapshot, folders))
        yield made


@contextmanager
def _deployed(folders: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deployed with the roles for workflows, which so show that their permissions suffice."""
    with started_local_aws(folders) as local:
        folder = folders.mktemp("deployment")
        target = local_account(local, folder)
        make_roles(local, target, folders.mktemp("roles"))
        reviewer = as_role(local, target, REVIEW, PULL_REQUEST, folder)
        made = Deployment(local, target, reviewer, inventory(local))
        deploy([], as_role(local, target, DEPLOY, PRODUCTION, folder))
        yield made


def _keep(made: Deployment, snapshot: Path) -> None:
    taken = take_snapshot(made.target.project, NAME).folder
    (taken / BEFORE).write_text(json.dumps(sorted(made.before)))
    keep(taken, snapshot)
    shutil.rmtree(taken)


@contextmanager
def _restored(snapshot: Path, folders: pytest.TempPathFactory) -> Iterator[Deployment]:
    local = LocalAws(folders.mktemp("local-aws") / PRIVATE_FOLDER / "local")
    with stopped_at_the_end(local, folders):
        _start(local, snapshot)
        folder = folders.mktemp("deployment")
        target = local_account(local, folder)
        _write_states_again(local, str(target.state_bucket))
        for stack in synthesized_stacks(target):
            stack.init()  # its backend is at another address
        before = frozenset(json.loads((snapshot / BEFORE).read_text()))
        yield Deployment(local, target, as_role(local, target, REVIEW, PULL_REQUEST, folder), before)


def _write_states_again(local: LocalAws, bucket: str) -> None:
    """Addresses in states were replaced, so their checksums are those of other contents."""
    config = Config(s3={"addressing_style": "path"}, response_checksum_validation="when_required")
    s3 = local.client("s3", config=config)
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        found = s3.get_object(Bucket=bucket, Key=one["Key"])
        kept = {name: found[name] for name in ("ContentType", "ServerSideEncryption")}
        s3.put_object(Bucket=bucket, Key=one["Key"], Body=found["Body"].read(), **kept)


def _start(local: LocalAws, snapshot: Path) -> None:
    project = project_of(local)
    copy = project.private_folder / "snapshots" / NAME
    for attempt in range(1, STARTS + 1):
        copy_to_another_address(snapshot, copy, project.folder)
        try:
            with quick_retries():
                restore_snapshot(project, NAME)
            break
        except LocalAwsError:  # another program may have taken the port
            if attempt == STARTS:
                raise
    shutil.rmtree(copy)


def copy_to_another_address(snapshot: Path, to: Path, project: Path) -> None:
    """Copy a snapshot for another project's folder, and for a port that is free."""
    record = json.loads((snapshot / "local" / RECORD).read_text())
    earlier = str(Path(record["ca_bundle"]).parents[2])
    replaced = {record["url"].partition("://")[2]: f"{LOOPBACK}:{_port_like(record['url'])}", earlier: str(project)}

    def copy(source: str, target: str) -> None:
        content = Path(source).read_bytes()
        if Path(source).is_relative_to(snapshot / "state"):
            content = BYTES.sub(lambda found: _changed_bytes(found[0], replaced), content)
        Path(target).write_bytes(_changed(content, replaced))
        shutil.copymode(source, target)

    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(snapshot, to, symlinks=True, copy_function=copy)


def _port_like(url: str) -> int:
    """A free port with as many digits, so that contents keep their length."""
    digits = len(url.rpartition(":")[2])
    while len(str(port := _free_port())) != digits:
        pass
    return port


def _changed_bytes(encoded: bytes, replaced: Mapping[str, str]) -> bytes:
    return base64.b64encode(_changed(base64.b64decode(encoded), replaced))


def _changed(content: bytes, replaced: Mapping[str, str]) -> bytes:
    for old, new in replaced.items():
        content = content.replace(old.encode(), new.encode())
    return content
