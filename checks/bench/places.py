"""Paths of the benchmark."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PYTHON = sys.executable
PEERS = ROOT / "checks" / "bench" / "peers"
CDK_PYTHON = str(ROOT / ".tools" / "bench" / "bin" / "python")
CDKTN_PYTHON = str(ROOT / ".tools" / "cdktn" / "bin" / "python")
LIBRARIES = ROOT / ".tools" / "lambda-libraries"
FUNCTIONS = ROOT / "lambda"
EXAMPLES = ROOT / "examples"
TOOLKIT = ROOT / "sluice_functions"
OF_THE_WHEEL = ("/pyproject.toml", "/README.md")  # stacks/system.py
DOCS = ROOT / "docs"

QUIET = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}
