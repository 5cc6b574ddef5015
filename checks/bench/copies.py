"""Our app with several copies of the systems, as `main.py` builds it: `python -m checks.bench.copies COPIES`."""

import gc
import importlib
import sys

from settings import Settings


def main() -> None:
    gc.set_threshold(200_000)  # as main.py
    importlib.import_module("modules")  # first: it prepares the provider binding and jsii
    from cdktf import App
    from constructs import Construct

    from stacks import SYSTEMS

    app = App()
    for number in range(int(sys.argv[1])):
        # A stack's id is fixed, so each further copy needs a scope of its own.
        scope = Construct(app, f"copy-{number}") if number else app
        for system in SYSTEMS:
            system(scope, Settings(state_bucket="states"))
    app.synth()


if __name__ == "__main__":
    main()
