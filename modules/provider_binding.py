"""Import only the parts of the AWS provider binding that are used.

`cdktf_cdktf_provider_aws/__init__.py` imports all of its 1,400 submodules, which takes ten seconds and more. Every
submodule stands on its own, so `install()` registers a bare package object with the binding's real `__path__` under
that name: `from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket` then reads that one submodule. The classes are the
installed ones, untouched. Attribute access (`import cdktf_cdktf_provider_aws as aws; aws.s3_bucket`) still works, and
where the binding was imported before, or is not installed, nothing is changed.
"""

import importlib
import importlib.util
import os
import sys
import types

PACKAGE = "cdktf_cdktf_provider_aws"


def install() -> None:
    # jsii prints a notice of Node's end of life on every run; it is silenced by naming the version (20) only.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    if PACKAGE in sys.modules:
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
