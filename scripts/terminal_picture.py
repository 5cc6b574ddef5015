"""Draw a command's output as a terminal: `COMMAND | python -m scripts.terminal_picture TITLE FILE.svg [LINES]`."""

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 110  # columns
# Rich would load a font from the network; the reader's fonts are used instead.
WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def draw(printed: str, title: str, lines: int) -> str:
    """The last lines of a terminal's text as SVG."""
    console = Console(record=True, width=WIDTH, file=open("/dev/null", "w"), force_terminal=True)  # noqa: SIM115, PTH123
    console.print(Text.from_ansi("\n".join(printed.rstrip().splitlines()[-lines:])))
    return WEB_FONTS.sub("", console.export_svg(title=title))


def main() -> int:
    title, file, *lines = sys.argv[1:]
    Path(file).write_text(draw(sys.stdin.read(), title, int(lines[0]) if lines else 40), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
