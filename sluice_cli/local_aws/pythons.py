"""The Python interpreters of this machine, for Lambda's Python runtimes."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

# Lambda's current and former runtimes: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
RUNTIMES = tuple(f"python3.{minor}" for minor in range(9, 16))
SECONDS = 10


@cache
def pythons_of_machine() -> dict[str, str]:
    """Interpreters by runtime (`python3.13`): on PATH, of pyenv, or of uv. Each was run to check its version."""
    with ThreadPoolExecutor(len(RUNTIMES)) as pool:
        programs = pool.map(_first, RUNTIMES)
    return {runtime: program for runtime, program in zip(RUNTIMES, programs, strict=True) if program}


def _first(runtime: str) -> str | None:
    return next((one for one in _candidates(runtime) if _is(one, runtime)), None)


def _candidates(runtime: str) -> Iterator[str]:
    on_path = shutil.which(runtime)
    is_script = on_path is not None and _is_script(on_path)
    if on_path and not is_script:
        yield on_path
    version = runtime.removeprefix("python")
    for pattern in (
        f".pyenv/versions/{version}*/bin/{runtime}",
        f".local/share/uv/python/cpython-{version}*/bin/{runtime}",
    ):
        yield from (str(path) for path in sorted(Path.home().glob(pattern), reverse=True))
    if on_path and is_script:
        yield on_path


def _is_script(program: str) -> bool:
    """Whether a program is a shim, such as pyenv's: a script that looks for the interpreter at each start, which takes
    ten times as long as the start of the interpreter itself."""
    try:
        with Path(program).open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:  # it may be executable without being readable
        return False


def _is(program: str, runtime: str) -> bool:
    """Whether the program runs and has the version of its name: a shim of pyenv may point to a version that is not
    installed.
    """
    ask = "import sys; print('python%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-I", "-c", ask], capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and done.stdout.strip() == runtime
