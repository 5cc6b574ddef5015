"""Explains calls that IAM refused, with the line of code that grants them."""
