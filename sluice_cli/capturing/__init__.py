"""Writes a failed event as a test, with its objects and rows; personal data is masked."""
