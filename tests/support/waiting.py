"""Waiting for what happens by itself."""

from sluice_cli.testing import eventually

__all__ = ["eventually"]
