"""Writes a test that reproduces a failed event, with its objects and rows. Personal data is masked."""
