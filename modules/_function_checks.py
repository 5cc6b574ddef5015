"""Lambda's rules for a function's environment, code folders and handler."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from constructs import Construct

from . import _limits as limits
from ._checks import check_template, is_token, known_part, refuse
from ._packaging import Dependencies, Installed, build_libraries
from ._packaging.archive import packed_files
from ._paths import path
from .errors import ConfigurationError

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
ENVIRONMENT_BYTES = 4096
VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
RESERVED = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)


def check_environment(scope: Construct, variables: Mapping[str, str]) -> None:
    """Refuse reserved and invalid names of variables, and more than 4 KB in all."""
    for name, value in variables.items():
        if name in RESERVED:
            raise ConfigurationError(f"{path(scope)}: environment has {name}, which Lambda sets itself")
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            raise refuse(
                scope, "environment's name", name, "two characters or more, a letter first, then letters, digits and _"
            )
        if not isinstance(value, str):
            raise ConfigurationError(f"{path(scope)}: environment's {name} is {value!r}; give a text")
        check_template(scope, f"environment's {name}", value)
    size = sum(len(name) + len(known_part(value).encode("utf-8", "replace")) for name, value in variables.items())
    if size > ENVIRONMENT_BYTES:
        raise ConfigurationError(
            f"{path(scope)}: environment has {size} bytes, Lambda allows {ENVIRONMENT_BYTES} in all; put long texts "
            "into a file of the code, or into SSM (`Parameter`)"
        )


def check_layers(scope: Construct, layers: Sequence[str]) -> None:
    """Refuse a layer that occurs twice, in the same or different versions."""
    names = [layer.rpartition(":")[0] for layer in layers if not is_token(layer)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigurationError(f"{path(scope)}: layers has {twice} twice; Lambda takes one version of each layer")


def check_packages(scope: Construct, packages: Sequence[Path]) -> list[Path]:
    """The code folders. Refuses an empty list, duplicate names, and names that Python cannot import."""
    if isinstance(packages, str | Path) or not packages:
        raise ConfigurationError(f"{path(scope)}: packages is {packages!r}; give a list with a code folder at least")
    folders = [Path(package).resolve() for package in packages]
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(f"{path(scope)}: packages has {folder}, which is not a folder")
        if re.search(r"[.\s]", folder.name):
            raise ConfigurationError(
                f"{path(scope)}: packages has {folder.name!r}; Python imports no folder with dots or blanks in its name"
            )
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"{path(scope)}: packages has two folders of one name: {', '.join(names)}")
    return folders


def check_handler(
    scope: Construct, handler: str | None, folders: Sequence[Path], exclude: Sequence[str], others: bool
) -> str:
    """The handler: `handle` in the first folder's `handler.py` by default. Refuses a handler whose file is not packed,
    unless it can be in libraries or layers (`others`).
    """
    if handler is None:
        handler = f"{folders[0].name}.handler.handle"
    limits.HANDLER.check(scope, "handler", handler)
    if is_token(handler):
        return handler
    module, _, function = handler.replace("/", ".").rpartition(".")
    package, _, inside = module.partition(".")
    folder = next((folder for folder in folders if folder.name == package), None)
    if folder is None and others:  # in a library, or a layer
        return handler
    if folder is None or not inside or not function.isidentifier():
        names = ", ".join(folder.name for folder in folders)
        raise ConfigurationError(
            f"{path(scope)}: handler is {handler!r}; give package.module.function of a packed folder: {names}"
        )
    file = inside.replace(".", "/")
    if not {f"{file}.py", f"{file}/__init__.py"} & packed_files(folder, exclude):
        raise ConfigurationError(
            f"{path(scope)}: handler is {handler!r}, but {folder} has no {file}.py (left out by `exclude`?)"
        )
    return handler


def check_dependencies(
    scope: Construct, dependencies: Dependencies | Path, libraries: Path | None, runtime: str, architecture: str
) -> Path:
    """The folder of the locked libraries. Refuses `dependencies` together with `libraries`, and for a runtime that is
    not known at synth.
    """
    if libraries is not None:
        raise ConfigurationError(f"{path(scope)}: libraries and dependencies are both given; lock all, or vendor all")
    if is_token(runtime) or is_token(architecture):
        raise ConfigurationError(
            f"{path(scope)}: libraries are built when synthesizing: give runtime and architecture as plain texts"
        )
    given = dependencies if isinstance(dependencies, Dependencies) else Dependencies(Path(dependencies))
    return build_libraries(given, runtime=runtime, architecture=architecture)


def check_installed(scope: Construct, installed: Sequence[str], runtime: str, architecture: str) -> Installed | None:
    """The installed packages to pack. Refuses what is no list of names, and a runtime that is not known at synth."""
    if isinstance(installed, str) or not all(isinstance(one, str) for one in installed):
        raise ConfigurationError(
            f"{path(scope)}: installed is {installed!r}; give a list of names of installed packages"
        )
    if not installed:
        return None
    if is_token(runtime) or is_token(architecture):
        raise ConfigurationError(
            f"{path(scope)}: installed packages are packed at synth: give runtime and architecture as plain texts"
        )
    return Installed(tuple(installed), runtime, architecture)
