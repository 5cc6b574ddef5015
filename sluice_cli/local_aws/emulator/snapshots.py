"""Saves the whole state of the local AWS: `POST /_sluice/snapshot` writes it to `snapshot` in the server's folder.

ministack 1.5.33 saves its services when it ends and loads them when it starts (`PERSIST_STATE`), without S3's objects,
versions and tags. Here these are saved too, and the services that ministack does not have. ministack starts with an
empty service if its state cannot be loaded; here the server does not start.
"""

import json
import shutil
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from ministack import app as ministack_app
from ministack.core import persistence
from ministack.core.responses import AccountScopedDict
from ministack.services import lambda_svc, s3

import application_autoscaling
import code_signing
import codedeploy
from completing import CompletionError, existing
from own_paths import serving

PATH = "/_sluice/snapshot"
FOLDER = Path("snapshot")
CODE = "lambda-blobs"
SAVED = "saved-services.json"
# The services that ministack does not have, and the mappings that hold their state.
OWN_SERVICES = {
    application_autoscaling: ("_targets", "_policies", "_tags"),
    code_signing: ("_configs",),
    codedeploy: ("_applications", "_configs", "_groups", "_deployments", "_tags"),
}

_plain_state = existing(s3, "get_state")
_plain_load = existing(s3, "load_persisted_state")
_services = existing(ministack_app, "_build_persistence_save_dict")
existing(persistence, "save_all")
existing(ministack_app, "_load_persisted_state")
existing(ministack_app, "_get_module")
existing(ministack_app, "_ErrorModule")
if not isinstance(getattr(s3, "_buckets", None), AccountScopedDict):
    raise CompletionError("ministack keeps S3's buckets otherwise: adapt emulator/snapshots.py")
if Path(getattr(lambda_svc, "CODE_BLOB_DIR", "")).name != CODE:
    raise CompletionError("ministack keeps functions' code otherwise: adapt emulator/snapshots.py")


class StateNotLoaded(RuntimeError):
    """A saved state is incomplete, or of another version of ministack."""


def _others() -> dict[str, AccountScopedDict]:
    """State of S3 outside of its buckets, which ministack does not save."""
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
    return {**_plain_state(), "objects": objects, "others": _others()}


def _load(data: Any) -> None:
    _plain_load(data)
    if not data or "objects" not in data:
        return
    for key, objects in data["objects"]._data.items():
        s3._buckets._data[key]["objects"] = objects
    for name, kept in data["others"].items():
        vars(s3)[name]._data.update(kept._data)


def _state_of(service: ModuleType, names: tuple[str, ...]) -> dict[str, Any]:
    """The state as JSON: keys that are tuples become lists."""
    return {name: [[key, one] for key, one in getattr(service, name).items()] for name in names}


def _load_into(service: ModuleType, data: dict[str, Any]) -> None:
    for name, kept in data.items():
        getattr(service, name).update({tuple(key) if isinstance(key, list) else key: one for key, one in kept})


def _load_all() -> None:
    """Load what was saved. Raises `StateNotLoaded` that names all that is missing or cannot be read."""
    folder = Path(persistence.STATE_DIR)
    try:
        saved = json.loads((folder / SAVED).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StateNotLoaded(f"{folder / SAVED} cannot be read: {error}") from error
    modules = {**ministack_app._state_map, **{service.__name__: service for service in OWN_SERVICES}}
    wrong = []
    for name in saved:
        data, service = persistence.load_state(name), modules.get(name)
        if isinstance(service, str):
            service = ministack_app._get_module(service)
        if data is None or service is None or isinstance(service, ministack_app._ErrorModule):
            wrong.append(f"the saved state of {name} is missing or cannot be read")
            continue
        try:
            if service in OWN_SERVICES:
                _load_into(service, data)
            else:
                service.load_persisted_state(data)
        except Exception as error:  # noqa: BLE001 - of a service of ministack; said below
            wrong.append(f"the saved state of {name} cannot be loaded: {error!r}")
    if wrong:
        raise StateNotLoaded("; ".join(wrong))
    codedeploy.go_on()


def _save() -> list[str]:
    """Write the state. Returns the services that could not be saved."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    persisted, own = persistence.PERSIST_STATE, Path(persistence.STATE_DIR)
    if own.is_dir():  # keys that services keep there in files of their own
        shutil.copytree(own, FOLDER, ignore=lambda _, names: [one for one in names if one.endswith(".json")])
    persistence.PERSIST_STATE, persistence.STATE_DIR = True, str(FOLDER.resolve())
    blobs = lambda_svc.CODE_BLOB_DIR
    lambda_svc.CODE_BLOB_DIR = str(FOLDER.resolve() / CODE)
    try:
        services = {**_services(), **{one.__name__: partial(_state_of, one, OWN_SERVICES[one]) for one in OWN_SERVICES}}
        persistence.save_all(services)
        (FOLDER / SAVED).write_text(json.dumps([name for name in services if (FOLDER / f"{name}.json").is_file()]))
    finally:
        persistence.PERSIST_STATE, persistence.STATE_DIR = persisted, str(own)
        lambda_svc.CODE_BLOB_DIR = blobs
    return [name for name in services if not (FOLDER / f"{name}.json").is_file()]


def served(application: Any) -> Any:
    """The ASGI application, which also writes snapshots, and answers nothing else meanwhile. It does not start from an
    incomplete state.
    """
    with_snapshots = serving(application, "POST", PATH, lambda _: {"missing": _save()})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await with_snapshots(scope, receive, send)
        except StateNotLoaded as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})

    return app


s3.get_state = _state
s3.load_persisted_state = _load
ministack_app._load_persisted_state = _load_all
