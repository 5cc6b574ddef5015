"""Soak test: inputs through every system while faults are injected, followed by a reconciliation of inputs and results.

`checks/verbs/soak.py` is the command. docs/soak.md describes the faults, and how to read the ledger.
"""
