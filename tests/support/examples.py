"""The projects in examples/."""

from checks import ROOT
from sluice_cli.project import FILE

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob(f"*/{FILE}"))
