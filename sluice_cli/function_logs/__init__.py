"""Reads and prints the logs of a stack's functions."""
