"""What shows and proves the five systems at work. `python -m checks --help`."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
