"""The console for output in the terminal."""

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
