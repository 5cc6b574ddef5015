"""A stack's state in its versioned bucket: its versions, and the lock beside it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from itertools import islice
from socket import gethostname
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from sluice_cli.errors import DeploymentError
from sluice_cli.stack import STATE_FORMAT, Stack

READ_AT_MOST = 20  # versions, the newest; each is downloaded to read its content


@dataclass(frozen=True)
class Lock:
    """The content of Terraform's lock file: who holds the lock."""

    id: str
    who: str
    operation: str
    created: str


@dataclass(frozen=True)
class Version:
    """A version of a state object. `problem` says why Terraform cannot use it; it is empty for a valid version."""

    id: str
    modified: datetime
    size: int
    serial: int = 0
    lineage: str = ""
    resources: int = 0
    problem: str = ""


@dataclass(frozen=True)
class StateStore:
    s3: Any
    bucket: str
    key: str

    @classmethod
    def of(cls, stack: Stack) -> "StateStore | None":
        """The state of a synthesized stack; None if its backend is not S3."""
        kind, backend = stack.backend
        if kind != "s3" or not {"bucket", "key"} <= set(backend):
            return None
        s3 = stack.target.client("s3", region_name=backend.get("region") or stack.target.state_region)
        return cls(s3, backend["bucket"], backend["key"])

    def lock(self) -> Lock | None:
        text = self._read(f"{self.key}.tflock")
        if text is None:
            return None
        try:
            held = json.loads(text)
            return Lock(held["ID"], held["Who"], held["Operation"], held["Created"])
        except (ValueError, KeyError, TypeError):
            return Lock("unreadable", "unknown", "unknown", "unknown")

    def release(self, lock: Lock) -> None:
        """Remove the lock. Raises `DeploymentError` if another process has taken it meanwhile."""
        now = self.lock()
        if now is not None and now != lock:
            raise DeploymentError(f"the lock was released and taken again meanwhile, by {now.who}: nothing was done")
        self.s3.delete_object(Bucket=self.bucket, Key=f"{self.key}.tflock")

    def versions(self) -> list[Version]:
        """The versions of the state, newest first; the first one is current."""
        return [self._version(one) for one in islice(self._listed(), READ_AT_MOST)]

    def restore(self, version: Version) -> None:
        """Make a version the current one while holding Terraform's lock. The versions in between are kept."""
        with self._locked():
            text = self._read(self.key, VersionId=version.id)
            if text is None:
                raise DeploymentError(f"version {version.id} of {self.key} is gone: nothing was done")
            self.s3.put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=text,
                ContentType="application/json",
                ServerSideEncryption="AES256",
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock as Terraform does:
        https://developer.hashicorp.com/terraform/language/backend/s3#use_lockfile
        """
        info = {
            "ID": str(uuid4()),
            "Operation": "sluice recover",
            "Info": "",
            "Who": f"{getuser()}@{gethostname()}",
            "Version": "",
            "Created": datetime.now(UTC).isoformat(),
            "Path": f"{self.bucket}/{self.key}",
        }
        lock_file = {"Bucket": self.bucket, "Key": f"{self.key}.tflock"}
        try:
            self.s3.put_object(**lock_file, Body=json.dumps(info).encode(), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
            raise DeploymentError("the state is locked: nothing was done") from error
        try:
            yield
        finally:
            self.s3.delete_object(**lock_file)

    def _listed(self) -> Iterator[dict[str, Any]]:
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self.key)
        found = [
            one
            for page in pages
            for part in ("Versions", "DeleteMarkers")
            for one in page.get(part, [])
            if one["Key"] == self.key  # versions of the lock file are in the same listing
        ]
        # S3's times have a resolution of a second: its latest version comes first regardless of times.
        return iter(sorted(found, key=lambda one: (one["IsLatest"], one["LastModified"]), reverse=True))

    def _version(self, listed: dict[str, Any]) -> Version:
        id_, modified = listed["VersionId"], listed["LastModified"]
        if "Size" not in listed:
            return Version(id_, modified, 0, problem="deleted")
        text = self._read(self.key, VersionId=id_) or b""
        try:
            state = json.loads(text)
            if state["version"] != STATE_FORMAT:
                return Version(id_, modified, len(text), problem=f"format {state['version']}, not {STATE_FORMAT}")
            managed = [one for one in state["resources"] if one["mode"] == "managed"]
            return Version(id_, modified, len(text), state["serial"], state["lineage"], len(managed))
        except (ValueError, KeyError, TypeError):
            return Version(id_, modified, len(text), problem="unreadable" if text else "empty")

    def _read(self, key: str, **version: str) -> bytes | None:
        try:
            return bytes(self.s3.get_object(Bucket=self.bucket, Key=key, **version)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
                return None
            raise
