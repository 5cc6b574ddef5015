"""Draws docs/diagrams (`make diagram`); the result does not depend on the machine or the caller's settings."""

import os
import tempfile
from dataclasses import fields
from pathlib import Path

from settings import Settings
from sluice_cli.project import Project
from sluice_cli.review.picture.stacks import draw_all

ROOT = Path(__file__).parent.parent
DIAGRAMS = ROOT / "docs" / "diagrams"
# These settings add everything to a diagram that settings can add.
SETTINGS = {"NOTIFICATION_EMAIL": "team@example.com", "CORS_ORIGINS": "https://app.example.com"}


def main() -> None:
    DIAGRAMS.mkdir(parents=True, exist_ok=True)
    for name, svg in diagrams().items():
        (DIAGRAMS / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{name}: {(DIAGRAMS / f'{name}.svg').relative_to(ROOT)}")


def diagrams() -> dict[str, str]:
    """The diagrams of all systems as SVG, by system."""
    of_the_caller = {one.metadata["name"] for one in fields(Settings)}
    kept = {name: value for name, value in os.environ.items() if name not in of_the_caller}
    with tempfile.TemporaryDirectory() as folder:
        return draw_all(Project.read(ROOT).synthesize({**kept, **SETTINGS}, Path(folder) / "cdktf.out", quiet=True))


if __name__ == "__main__":
    main()
