"""Write the modules to `terraform/`, and their releases to `dist/`: `make terraform-modules`."""

import gc
import os
import sys

from scripts.terraform_modules.building import AWS_PROVIDER, build
from scripts.terraform_modules.inputs import OPTIONS
from scripts.terraform_modules.releasing import DIST, ROOT, pack_release
from scripts.terraform_modules.samples import System
from sluice_cli.export.files import write_files
from sluice_cli.export.schema import Schemas
from sluice_cli.terraform.mirror import terraform_environment

MODULES = ROOT / "terraform"
REQUIRED = {"aws": {"source": "hashicorp/aws", "version": AWS_PROVIDER}}


def schemas() -> Schemas:
    """The AWS provider's schema, from the registry or a mirror on disk."""
    return Schemas.load(REQUIRED, terraform_environment(os.environ, ROOT / ".tools" / "terraform.rc"))


def main() -> int:
    gc.set_threshold(200_000)
    known = schemas()
    for name in sys.argv[1:] or OPTIONS:
        system = System(name)
        try:
            built = build(system, known)
            write_files(built.texts, built.archives, MODULES / name)
            release = pack_release(MODULES / name, [*built.texts, *built.archives], DIST)
        finally:
            system.close()
        lines = sum(len(text.splitlines()) for file, text in built.texts.items() if file in ("main.tf", "variables.tf"))
        print(
            f"{name}: {len(built.module.of_kind('resource'))} resources, {lines} lines, {built.samples} settings seen; "
            f"{release.relative_to(ROOT)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
