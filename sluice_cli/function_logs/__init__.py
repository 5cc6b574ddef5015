"""The logs of a stack's functions: reading them, and showing them to people."""
