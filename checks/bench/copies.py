"""Our app with several copies of the systems, as `main.py` builds it: `python -m checks.bench.copies COPIES`."""

import gc
import importlib
import sys
from collections.abc import Callable
from functools import partialmethod
from typing import TYPE_CHECKING

from settings import Settings

if TYPE_CHECKING:
    from cdktf import TerraformStack
    from constructs import Construct


def _with_id(
    stack: "TerraformStack",
    make: "Callable[[TerraformStack, Construct, str], None]",
    end: str,
    scope: "Construct",
    id_: str,
) -> None:
    make(stack, scope, f"{id_}{end}")


def main() -> None:
    gc.set_threshold(200_000)  # as main.py
    importlib.import_module("modules")  # first: it prepares the provider binding and jsii
    from cdktf import App, TerraformStack

    from stacks import SYSTEMS

    app = App()
    stack_of_system = TerraformStack.__init__
    for number in range(int(sys.argv[1])):
        # A system's stack has a fixed id; each copy needs one of its own, which is also its folder in the output.
        end = f"-{number}" if number else ""
        TerraformStack.__init__ = partialmethod(_with_id, stack_of_system, end)  # type: ignore[method-assign,assignment]
        for system in SYSTEMS:
            system(app, Settings(state_bucket="states"))
    app.synth()


if __name__ == "__main__":
    main()
