"""Load only the parts of the AWS provider binding that are used.

The binding is 2,100 submodules in Python and a JavaScript package of 360 MB behind them. Used the ordinary way, all of
it is loaded on every run: ten seconds and more, 600 MB. `install()` changes how it is loaded, never what it is:

1. The binding's `__init__.py`, which imports every submodule, is not run. A bare package object with the
   real `__path__` takes its place, so that `from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket` reads the one
   submodule, as installed.
2. The JavaScript is loaded when it is first needed, not on import. By then the submodules in use are known, and a
   package of only these is loaded (`slim_assembly.py`: made from the installed one, kept in the user's cache folder).
3. A submodule imported later than that comes with a package of its own.
4. Node starts, once and not twice (`jsii_process.py`), and loads cdktf, while Python reads its side of both.

Where the binding has been imported before, nothing is changed; where no slim package can be made, the installed one is
loaded. Both are reported on standard error.
"""

import functools
import importlib
import importlib.metadata
import importlib.util
import os
import sys
import types
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

from .._framework import install as framework
from . import notice, slim_assembly, typeguard_alone

typeguard_alone.install()  # before others import it

import jsii  # noqa: E402

from . import jsii_calls, jsii_process  # noqa: E402

PACKAGE = framework().binding
ASSEMBLY = f"{PACKAGE}._jsii"  # loads the JavaScript on import; every submodule imports it

# Generated code calls JavaScript through these. `import cdktf` calls none of them.
CALLS = ("create", "get", "set", "sget", "sset", "invoke", "sinvoke", "ainvoke", "sainvoke")


def install() -> None:
    # Each generated module asks for the version of the same package, which reads its metadata each time.
    importlib.metadata.version = functools.cache(importlib.metadata.version)
    # jsii prints a notice of Node's end of life on every run; the variable silences the notice for version 20.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    if PACKAGE in sys.modules:
        notice.slower(
            f"{PACKAGE} was imported before {notice.LIBRARY}, and so all of it was loaded; "
            f"put `import {notice.LIBRARY}` above other imports"
        )
        return
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        return
    package = types.ModuleType(PACKAGE)
    package.__spec__ = spec
    package.__file__ = spec.origin
    package.__path__ = list(spec.submodule_search_locations)

    def submodule(name: str) -> types.ModuleType:
        try:
            return importlib.import_module(f"{PACKAGE}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {PACKAGE!r} has no attribute {name!r}") from error

    package.__getattr__ = submodule  # type: ignore[method-assign]
    sys.modules[PACKAGE] = package
    jsii_process.install()
    jsii_calls.install()
    if all(hasattr(jsii, call) for call in CALLS):
        _load_when_needed(package)
    else:
        notice.slower(f"jsii {jsii.__version__} is called in other ways than the known versions")


def _load_when_needed(package: types.ModuleType) -> None:
    """Postpone loading the binding's JavaScript until the first call to JavaScript, and load all other JavaScript in
    the background.
    """
    calls = {call: getattr(jsii, call) for call in CALLS}
    load_assembly = jsii.JSIIAssembly.load
    background = ThreadPoolExecutor(1)
    pending: list[Future[jsii.JSIIAssembly]] = []

    def load_in_background(*assembly: str) -> jsii.JSIIAssembly:
        pending.append(background.submit(load_assembly, *assembly))
        return jsii.JSIIAssembly(*assembly)

    def load_now() -> None:
        vars(jsii).update(calls)
        jsii.JSIIAssembly.load = load_assembly  # type: ignore[method-assign]
        del sys.modules[ASSEMBLY]
        used = {name.split(".")[1] for name in sys.modules if name.startswith(f"{PACKAGE}.")}
        installed = Path(package.__path__[0])
        # This takes a second the first time, in which Node loads cdktf.
        slim = _find_slim(installed, used) if used else None
        background.shutdown()
        for one in pending:
            one.result()
        if not used:
            return
        if slim is not None:
            package.__path__.insert(0, str(slim.folder))
            sys.meta_path.insert(0, _Latecomers(installed, slim.submodules))
        importlib.import_module(ASSEMBLY)

    def first(call: str) -> object:
        def loading(*arguments: object, **options: object) -> object:
            load_now()
            return calls[call](*arguments, **options)

        return loading

    sys.modules[ASSEMBLY] = types.ModuleType(ASSEMBLY)
    vars(jsii).update({call: first(call) for call in CALLS})
    jsii.JSIIAssembly.load = load_in_background  # type: ignore[assignment, method-assign]


def _find_slim(installed: Path, used: set[str]) -> slim_assembly.Slim | None:
    try:
        return slim_assembly.find(installed / "_jsii", used)
    except slim_assembly.NotSlimmableError as error:
        notice.slower(f"all of {PACKAGE} is loaded, because {error}")
        return None


class _Latecomers(MetaPathFinder):
    """Finds submodules that are imported after the JavaScript of others was loaded.

    JavaScript packages cannot be extended, so each of these submodules gets a package of its own, under its own name.
    """

    def __init__(self, installed: Path, loaded: frozenset[str]) -> None:
        self._installed = installed
        self._loaded = loaded

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        parent, _, name = fullname.rpartition(".")
        source = self._installed / name / "__init__.py"
        if parent != PACKAGE or name in self._loaded or name.startswith("_") or not source.is_file():
            return None
        return importlib.util.spec_from_file_location(
            fullname, source, loader=_Latecomer(fullname, str(source)), submodule_search_locations=[str(source.parent)]
        )


class _Latecomer(SourceFileLoader):
    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__.rpartition(".")[2]
        own = slim_assembly.single(Path(self.path).parent.parent / "_jsii", name)
        jsii.load(own.name, own.version, str(own.tarball))
        source = self.get_data(self.path).replace(f'"{own.of}.'.encode(), f'"{own.name}.'.encode())
        exec(compile(source, self.path, "exec", dont_inherit=True), vars(module))  # noqa: S102
