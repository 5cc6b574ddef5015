"""Run a program, and print at its end what was loaded of the framework: `python loaded.py PROGRAM`.

Which binding's JavaScript, whether all that its `__init__.py` names, whose jsii.
"""

import atexit
import json
import runpy
import sys

BINDINGS = ("cdktf_cdktf_provider_aws", "cdktn_provider_aws")


def report() -> None:
    from jsii._kernel.providers import process

    (binding,) = (name for name in BINDINGS if f"{name}._jsii" in sys.modules)
    named = getattr(sys.modules[binding], "__all__", [])
    print(
        json.dumps(
            {
                "binding": binding,
                "package": "slim"
                if "provider-binding" in str(sys.modules[f"{binding}._jsii"].__file__)
                else "installed",
                "all of it": bool(named) and all(f"{binding}.{name}" in sys.modules for name in named),
                "processes": process._NodeProcess.__name__,
                "struct": sys.modules["jsii._kernel"]._make_reference_for_native.__name__,
            }
        )
    )


if __name__ == "__main__":
    atexit.register(report)
    runpy.run_path(sys.argv[1], run_name="__main__")
