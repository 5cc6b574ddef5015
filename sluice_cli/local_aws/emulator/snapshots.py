"""The whole state of the local AWS on disk: `POST /_sluice/snapshot` writes it to `snapshot` in the server's folder.

ministack 1.5.33 saves its services when it ends and loads them when it starts (`PERSIST_STATE`), but without S3's
objects, versions and tags. Here they are saved too, and so are the targets of Application Auto Scaling.
"""

import shutil
from pathlib import Path
from typing import Any

from ministack import app as ministack_app
from ministack.core import persistence
from ministack.core.responses import AccountScopedDict
from ministack.services import lambda_svc, s3

import application_autoscaling as autoscaling
from completing import CompletionError, existing
from own_paths import serving

PATH = "/_sluice/snapshot"
FOLDER = Path("snapshot")
CODE = "lambda-blobs"
SCALING = ("_targets", "_policies", "_tags")

_plain_state = existing(s3, "get_state")
_plain_load = existing(s3, "load_persisted_state")
_services = existing(ministack_app, "_build_persistence_save_dict")
existing(persistence, "save_all")
if not isinstance(getattr(s3, "_buckets", None), AccountScopedDict):
    raise CompletionError("ministack keeps S3's buckets otherwise: adapt emulator/snapshots.py")
if Path(getattr(lambda_svc, "CODE_BLOB_DIR", "")).name != CODE:
    raise CompletionError("ministack keeps functions' code otherwise: adapt emulator/snapshots.py")


def _others() -> dict[str, AccountScopedDict]:
    """What S3 keeps beside its buckets and does not save."""
    saved = [id(one) for one in s3._PERSISTED_BUCKET_DICTS.values()]
    return {
        name: one
        for name, one in vars(s3).items()
        if isinstance(one, AccountScopedDict) and id(one) not in saved and name != "_buckets"
    }


def _state() -> dict[str, Any]:
    objects = AccountScopedDict()
    for key, bucket in s3._buckets._data.items():
        objects._data[key] = bucket.get("objects", {})
    scaling = {name: [[key, one] for key, one in getattr(autoscaling, name).items()] for name in SCALING}
    return {**_plain_state(), "objects": objects, "others": _others(), "application_autoscaling": scaling}


def _load(data: Any) -> None:
    _plain_load(data)
    if not data or "objects" not in data:
        return
    for key, objects in data["objects"]._data.items():
        s3._buckets._data[key]["objects"] = objects
    for name, kept in data["others"].items():
        vars(s3)[name]._data.update(kept._data)
    for name, kept in data["application_autoscaling"].items():
        getattr(autoscaling, name).update({tuple(key) if isinstance(key, list) else key: one for key, one in kept})


def _save() -> list[str]:
    """Write the state; gives the services that could not be written."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    persisted, own = persistence.PERSIST_STATE, Path(persistence.STATE_DIR)
    if own.is_dir():  # keys that services keep there in files of their own
        shutil.copytree(own, FOLDER, ignore=lambda _, names: [one for one in names if one.endswith(".json")])
    persistence.PERSIST_STATE, persistence.STATE_DIR = True, str(FOLDER.resolve())
    blobs = lambda_svc.CODE_BLOB_DIR
    lambda_svc.CODE_BLOB_DIR = str(FOLDER.resolve() / CODE)
    try:
        services = _services()
        persistence.save_all(services)
    finally:
        persistence.PERSIST_STATE, persistence.STATE_DIR = persisted, str(own)
        lambda_svc.CODE_BLOB_DIR = blobs
    return [name for name in services if not (FOLDER / f"{name}.json").is_file()]


def served(application: Any) -> Any:
    """The ASGI application, which also writes snapshots. Nothing else is answered meanwhile."""
    return serving(application, "POST", PATH, lambda _: {"missing": _save()})


s3.get_state = _state
s3.load_persisted_state = _load
