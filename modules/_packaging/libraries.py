"""Installs a function's libraries from a lock file, for its runtime and architecture, without Docker.

Only wheels are used, verified by the lock file's hashes, so that one lock file gives the same files everywhere.
Installed libraries are kept in the user's cache folder under a hash of their pins.

The local AWS runs functions as processes of this machine. What it deploys gets wheels for this machine where those for
Lambda would not load here: an arm64 function on an x86_64 laptop, or any function on macOS.
"""

import atexit
import functools
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.markers import default_environment

from .._synth import cache
from ..errors import ConfigurationError
from .locks import read_pins
from .pins import Dependencies, Pin

FORMAT = "1"  # part of the cache key: increment it when the same pins should give other libraries

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# glibc of the runtimes' operating systems: Amazon Linux 2 has 2.26, Amazon Linux 2023 has 2.34.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
GLIBC = {"python3.11": 26}
NEWER_GLIBC = 34
OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}  # of any wheel: https://peps.python.org/pep-0600/
LEGACY = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
LONGEST_MESSAGE = 1500

# Set by the tool when it synthesizes for the local AWS: the runtimes whose Python is on this machine, with blanks
# between. Functions of all others run under the first.
LOCAL_RUNTIMES = "SLUICE_LOCAL_RUNTIMES"
THIS_MACHINE = "this machine"  # in place of an architecture


def build_libraries(dependencies: Dependencies, *, runtime: str, architecture: str) -> Path:
    """A folder with the locked libraries for one runtime and architecture, or for this machine where the tool
    synthesizes for the local AWS and Lambda's would not load here.

    Raises `ConfigurationError` if a library has no wheel for them, or if neither pip nor uv is available.
    """
    lock = dependencies.lock_file.resolve()
    local = os.environ.get(LOCAL_RUNTIMES, "").split()
    if local:
        runtime = runtime if runtime in local else local[0]
        architecture = architecture if _loads_here(runtime, architecture) else THIS_MACHINE
    return _build(Dependencies(lock, dependencies.group, dependencies.boto3_of_runtime), runtime, architecture)


def _loads_here(runtime: str, architecture: str) -> bool:
    """Whether wheels for Lambda load on this machine."""
    libc, version = platform.libc_ver()
    if platform.system() != "Linux" or platform.machine() != MACHINES[architecture] or libc != "glibc":
        return False
    return tuple(int(part) for part in version.split(".")[:2]) >= (2, GLIBC.get(runtime, NEWER_GLIBC))


def marker_environment(runtime: str, architecture: str) -> dict[str, str]:
    """The variables of environment markers: https://peps.python.org/pep-0508/#environment-markers."""
    version = runtime.removeprefix("python")
    if architecture == THIS_MACHINE:
        here = {name: str(value) for name, value in default_environment().items()}
        full = {"implementation_version": f"{version}.0", "python_full_version": f"{version}.0"}
        return {**here, **full, "python_version": version, "extra": ""}
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
        "extra": "",
    }


def platforms(runtime: str, architecture: str) -> list[str]:
    """The platform tags of compatible wheels, newest first."""
    machine = MACHINES[architecture]
    tags = []
    for minor in range(GLIBC.get(runtime, NEWER_GLIBC), OLDEST_GLIBC[machine] - 1, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        if minor in LEGACY:
            tags.append(f"{LEGACY[minor]}_{machine}")
    return tags


@functools.cache
def _build(dependencies: Dependencies, runtime: str, architecture: str) -> Path:
    pins = read_pins(dependencies, marker_environment(runtime, architecture))
    requirements = "".join(f"{pin.line}\n" for pin in pins)
    of = " ".join([sysconfig.get_platform(), *platform.libc_ver()]) if architecture == THIS_MACHINE else architecture
    digest = hashlib.sha256(f"{FORMAT}\n{runtime}\n{of}\n{requirements}".encode()).hexdigest()

    def write(folder: Path) -> None:
        if pins:
            _install(pins, requirements, folder, dependencies.lock_file, runtime, architecture)

    try:
        return cache.once(cache.folder("libraries") / digest, write)
    except (OSError, RuntimeError):  # the cache folder cannot be used
        folder = Path(tempfile.mkdtemp(prefix="function-libraries-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        write(folder)
        return folder


def _install(pins: Sequence[Pin], requirements: str, folder: Path, lock: Path, runtime: str, architecture: str) -> None:
    with tempfile.TemporaryDirectory(prefix="function-libraries-") as work:
        listed = Path(work, "requirements.txt")
        listed.write_text(requirements)
        done = subprocess.run(
            [*_installer(runtime, architecture), "--target", str(folder), "--requirement", str(listed)],
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise ConfigurationError(
            f"dependencies: the {len(pins)} libraries of {lock} could not be installed for {runtime} on "
            f"{architecture}; each needs a wheel for it\n" + "\n".join(said)[-LONGEST_MESSAGE:]
        )


def _installer(runtime: str, architecture: str) -> list[str]:
    version = runtime.removeprefix("python")
    strict = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet"]
    if importlib.util.find_spec("pip"):
        wanted = [] if architecture == THIS_MACHINE else platforms(runtime, architecture)
        tags = [option for tag in wanted for option in ("--platform", tag)]
        # -P: modules in the caller's folder must not shadow Python's or pip's.
        quietly = ["--no-input", "--no-compile", "--disable-pip-version-check"]
        pip = [sys.executable, "-P", "-m", "pip", "install", *quietly]
        return [*pip, *strict, *tags, "--implementation", "cp", "--python-version", version]
    uv = shutil.which("uv")
    if uv is None:
        raise ConfigurationError("dependencies: neither pip nor uv is here to install them; install one of the two")
    options = ["--python-version", version]
    if architecture != THIS_MACHINE:
        glibc = GLIBC.get(runtime, NEWER_GLIBC)
        options += ["--python-platform", f"{MACHINES[architecture]}-manylinux_2_{glibc}"]
    return [uv, "pip", "install", *strict, *options]


def _environment() -> Mapping[str, str]:
    # The user's settings for package indexes apply; settings for installation folders would contradict --target.
    return {name: value for name, value in os.environ.items() if name not in ("PIP_TARGET", "PIP_PREFIX", "PIP_USER")}
