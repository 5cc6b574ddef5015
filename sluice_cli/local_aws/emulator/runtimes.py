"""Runs each function under the Python version of its runtime, if this machine has it.

ministack 1.5.33 runs every Python function with its own Python. The process that starts the local AWS passes the
machine's other Pythons in SLUICE_PYTHONS, by runtime. Lambda's Python runtimes include boto3; here they share its pure
Python packages.

And it answers for runtimes that it does not run as if the function had succeeded; here that is an error.
"""

import contextlib
import json
import os
import shlex
import sys
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from completing import existing

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
IN_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")

_plain_local = existing(lambda_svc, "_execute_function_local")
_plain_detect = existing(lambda_runtime, "_detect_runtime_binary")
_making = threading.Lock()
_pythons: dict[str, str] = json.loads(os.environ.pop("SLUICE_PYTHONS", "{}"))


def _detect_runtime_binary(runtime: str) -> tuple[str, str]:
    binary, script = _plain_detect(runtime)
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if runtime in _pythons and runtime != own:
        return str(_launcher(runtime)), script
    return binary, script


def _launcher(runtime: str) -> Path:
    """A launcher script that runs the runtime's Python with boto3. It is made once, because functions start
    concurrently.
    """
    with _making:
        return _made_launcher(runtime)


@cache
def _made_launcher(runtime: str) -> Path:
    folder = Path("runtimes", runtime).resolve()
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    installed = Path(str(find_spec("boto3").origin)).parent.parent  # type: ignore[union-attr]
    for name in IN_THE_RUNTIME:
        # Another process of the local AWS may create it at the same time.
        with contextlib.suppress(FileExistsError):
            (packages / name).symlink_to(installed / name)
    draft = folder / f"python.{os.getpid()}"
    draft.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH={shlex.quote(str(packages))}${{PYTHONPATH:+:$PYTHONPATH}} "
        f'exec {shlex.quote(_pythons[runtime])} "$@"\n'
    )
    draft.chmod(0o755)
    return draft.rename(folder / "python")


lambda_runtime._detect_runtime_binary = _detect_runtime_binary


def _execute_function_local(func: dict[str, Any], event: Any, request_id: str) -> Any:
    runtime = str((func.get("config") or func).get("Runtime") or "")
    if runtime and not runtime.startswith(("python", "nodejs", "provided")):
        message = f"the local AWS runs no functions with the runtime {runtime}"
        return {"body": {"errorMessage": message, "errorType": "Runtime.NotSupported"}, "error": True}
    return _plain_local(func, event, request_id)


lambda_svc._execute_function_local = _execute_function_local
