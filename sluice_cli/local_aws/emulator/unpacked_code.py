"""Unpacks the code of a Python function once for all of its execution environments: Python compiles each module once.

ministack 1.5.33 unpacks it for each environment, in a folder that it may change. On AWS it is read-only:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

import hashlib
import inspect
import io
import os
import shutil
import tempfile
import textwrap
import threading
import zipfile
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ministack.core import lambda_runtime

from completing import existing, replaced

KEPT = 5  # folders that no environment uses

# In `_spawn`, what unpacks the code.
PLAIN = """\
    code_dir = os.path.join(self._tmpdir, "code")
    os.makedirs(code_dir)
    with open(os.path.join(self._tmpdir, "code.zip"), "wb") as f:
        f.write(self.code_zip)
    with zipfile.ZipFile(os.path.join(self._tmpdir, "code.zip")) as zf:
        zf.extractall(code_dir)
"""

_making = threading.Lock()
_used: WeakKeyDictionary[Any, Path] = WeakKeyDictionary()  # by execution environment


def code_folder(worker: Any) -> str:
    """The folder with the code of an execution environment. Node.js finds layers in that of one environment only."""
    folder = Path(worker._tmpdir, "code")
    if worker.config["Runtime"].startswith("python"):
        folder = Path(tempfile.gettempdir(), "code", hashlib.sha256(worker.code_zip).hexdigest())
    with _making:
        _used[worker] = folder
        if not folder.is_dir():
            _unpack(worker.code_zip, folder)
            _remove_unused(folder.parent)
        os.utime(folder)
    return str(folder)


def _unpack(code: bytes, folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            archive.extractall(draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _remove_unused(folders: Path) -> None:
    # An environment that is starting has no process yet.
    used = {folder for worker, folder in _used.items() if worker.in_use or worker._proc is not None}
    unused = [one for one in folders.iterdir() if one not in used]
    for one in sorted(unused, key=lambda folder: folder.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(one, ignore_errors=True)


_source = textwrap.dedent(inspect.getsource(existing(lambda_runtime.Worker, "_spawn")))
_changed = replaced(_source, PLAIN, "    code_dir = _code_folder(self)\n", "_spawn")
_defined: dict[str, Any] = {}
lambda_runtime._code_folder = code_folder
exec(compile(_changed, lambda_runtime.__file__, "exec"), vars(lambda_runtime), _defined)  # noqa: S102 - ministack's own
lambda_runtime.Worker._spawn = _defined["_spawn"]
