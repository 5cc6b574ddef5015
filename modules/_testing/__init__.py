"""The implementation of `testing.py`."""
