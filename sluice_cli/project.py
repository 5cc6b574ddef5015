"""A CDKTF project: the folder with `cdktf.json`, its app, and what the app synthesizes."""

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from sluice_cli.app_process import run_app
from sluice_cli.app_python import app_path, manager_hint
from sluice_cli.errors import InputError, SynthError
from sluice_cli.locking import locked

FILE = "cdktf.json"
MANIFEST = "manifest.json"
DEFAULT_OUTPUT = "cdktf.out"
# The tool's own folder, which Git ignores.
PRIVATE_FOLDER = ".sluice"
# Settings that the tool reads from the context, and CDKTF's feature flags.
# https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/configuration-file
CONTEXT_SETTINGS = {
    "AWS_REGION",
    "PROJECT",
    "STATE_BUCKET",
    "STATE_REGION",
    "allowSepCharsInLogicalIds",
    "cdktfRelativeModules",
    "cdktfStaticModuleAssetHash",
    "excludeStackIdFromLogicalIds",
}


@dataclass(frozen=True)
class Project:
    """A CDKTF project in any language: a folder with a `cdktf.json`, whose `app` command writes Terraform JSON.

    https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/configuration-file
    """

    folder: Path
    app: str
    output: Path
    context: Mapping[str, Any]

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """The project of the nearest `cdktf.json` upwards. Raises `InputError`."""
        folder = (start or Path.cwd()).resolve()
        for candidate in (folder, *folder.parents):
            if (candidate / FILE).is_file():
                return cls.read(candidate)
        raise InputError(
            f"no {FILE} in {folder} or above it: go to a CDKTF project's folder, name it with --project, "
            "or make a project with `sluice new NAME`"
        )

    @classmethod
    def read(cls, folder: Path) -> "Project":
        """The project in exactly this folder. Raises `InputError` for an invalid `cdktf.json`."""
        folder = folder.resolve()
        path = folder / FILE
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise InputError(f"--project: {folder} has no {FILE}") from error
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from error
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        except json.JSONDecodeError as error:
            raise InputError(f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
        if not isinstance(document, dict):
            raise InputError(f"{path}: an object is expected, with an `app`")
        app, output = document.get("app"), document.get("output", DEFAULT_OUTPUT)
        context = document.get("context", {})
        if not isinstance(app, str) or not app.strip():
            raise InputError(f'{path}: `app` has to be the command that synthesizes, such as "python3 main.py"')
        if not isinstance(output, str) or not output or not isinstance(context, dict):
            raise InputError(f"{path}: `output` has to be a folder's name, and `context` an object")
        if folder.is_relative_to((folder / output).resolve()):
            raise InputError(f"{path}: `output` is {output}, which has the project in it: give a folder of its own")
        check_context(context, path)
        return cls(folder, app, folder / output, context)

    @property
    def private_folder(self) -> Path:
        """`.sluice`, the tool's own folder, created on first use and ignored by Git."""
        folder = self.folder / PRIVATE_FOLDER
        if not folder.exists():
            _check_writable(folder)
        folder.mkdir(exist_ok=True)
        ignore_in_git(folder)
        return folder

    def locked(self, what: str) -> AbstractContextManager[None]:
        """A lock for commands that change the project's local AWS. A second command waits, and says for which one."""
        return locked(self.private_folder / "lock", what)

    def setting(self, name: str, environment: Mapping[str, str]) -> str | None:
        """A setting that app and tool share: the environment variable, else the `context` of `cdktf.json`."""
        return environment.get(name) or (str(self.context[name]) if self.context.get(name) else None)

    def synthesize(self, environment: Mapping[str, str], output: Path, *, quiet: bool = False) -> "Synthesized":
        """Run the app, as `cdktf synth` does, and read its result.

        The app's output goes to the terminal without control characters (to standard error with `quiet`, which keeps
        standard output for the caller's JSON). Raises `SynthError` if it fails or writes nothing; an earlier result is
        kept then.
        """
        output = output.resolve()
        _check_writable(output)
        output.parent.mkdir(parents=True, exist_ok=True)
        manifest = output / MANIFEST
        earlier = manifest.read_bytes() if manifest.is_file() else None
        # A manifest that exists afterwards is of this run.
        manifest.unlink(missing_ok=True)
        variables = {
            **environment,
            "CDKTF_OUTDIR": str(output),
            "CDKTF_CONTEXT_JSON": json.dumps(self.context),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "PATH": app_path(self.folder, environment),
        }
        code: int | None = None
        try:
            code = run_app(self.app, self.folder, variables, quiet=quiet)
            written = manifest.is_file()
        finally:
            if earlier is not None and (code or not manifest.is_file()):
                with contextlib.suppress(OSError):
                    manifest.write_bytes(earlier)
        if code:
            end = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            hint = manager_hint(self.folder, self.app, environment)
            raise SynthError(f"the app failed: `{self.app}` {end}; its own message is above{hint}", code)
        if not written:
            raise SynthError(
                f"the app wrote no {output / MANIFEST}: does `{self.app}` ({self.folder / FILE}) call `app.synth()`, "
                "and leave the output folder to CDKTF_OUTDIR?",
                1,
            )
        synthesized = Synthesized.read(output)
        synthesized.remove_stale_stacks()
        return synthesized


@dataclass(frozen=True)
class Synthesized:
    """The result of an app: its stacks by name with their folders, and the stacks that each depends on."""

    output: Path
    folders: Mapping[str, Path]
    dependencies: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, output: Path) -> "Synthesized":
        """Raises `InputError` if nothing was synthesized, or if CDKTF did not write it."""
        path = output / MANIFEST
        try:
            stacks = json.loads(path.read_text(encoding="utf-8"))["stacks"]
            folders = {name: output / one["workingDirectory"] for name, one in stacks.items()}
            dependencies = {name: _names(one.get("dependencies") or []) for name, one in stacks.items()}
        except FileNotFoundError as error:
            raise InputError(f"nothing is synthesized in {output}: run `sluice synth`") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not a manifest that CDKTF writes: only `app.synth()` may write there"
            ) from error
        for name, folder in folders.items():
            # Files are named after stacks, and written beside their Terraform.
            if "/" in name or name in ("", ".", "..") or not folder.resolve().is_relative_to(output.resolve()):
                raise InputError(
                    f"{path}: stack {name!r} in {folder}: a name without slashes and a folder in {output} are expected"
                )
            if not (folder / "cdk.tf.json").is_file():
                raise InputError(
                    f"{name}: there is no {folder / 'cdk.tf.json'}; the tool reads Terraform JSON, not HCL"
                )
        return cls(output, folders, dependencies)

    def ordered(self, names: Sequence[str] = ()) -> list[str]:
        """The named stacks, or all, in order of their dependencies. Raises `InputError` for an unknown name."""
        self.check(names)
        try:
            order = list(TopologicalSorter(self.dependencies).static_order())
        except CycleError as error:
            raise InputError(f"stacks depend on each other in a circle: {', '.join(error.args[1])}") from error
        return [name for name in order if name in self.folders and (not names or name in names)]

    def check(self, names: Sequence[str]) -> None:
        """Raises `InputError` with the nearest stack for unknown names."""
        unknown = [name for name in names if name not in self.folders]
        if unknown:
            near = get_close_matches(unknown[0], self.folders, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            there = ", ".join(self.folders) or "none"
            raise InputError(f"no stack is named {', '.join(unknown)}{hint} (the app synthesizes: {there})")

    def remove_stale_stacks(self) -> None:
        """Remove the folders of stacks that the app no longer synthesizes. Other folders there are kept."""
        kept = {folder.resolve() for folder in self.folders.values()}
        for folder in (self.output / "stacks").glob("*"):
            if (folder / "cdk.tf.json").is_file() and folder.resolve() not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _names(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError("a list of names is expected")
    return given


def check_context(context: Mapping[str, Any], path: Path) -> None:
    """Raises `InputError` for a misspelled setting of the tool or of CDKTF.

    All other keys of the context belong to the app, and are not checked.
    """
    for key in context.keys() - CONTEXT_SETTINGS:
        near = next((name for name in get_close_matches(key, CONTEXT_SETTINGS, 1, 0.85) if name not in context), None)
        if near:
            raise InputError(f"{path}: `context` has {key}, which is not a setting; did you mean {near}?")


def ignore_in_git(folder: Path) -> None:
    """Keep a folder with secrets or temporary files out of Git."""
    path = folder / ".gitignore"
    if not path.exists():
        path.write_text("*\n")


def _check_writable(path: Path) -> None:
    """Raises `InputError` where a folder cannot be made or written to."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        below = "" if existing == path else f", so that there can be no {path.relative_to(existing)} in it"
        raise InputError(f"{existing} cannot be written to{below}; work on a copy of the project that you may change")
