"""Conservation under faults: inputs through every system while faults strike, and books that must balance.

`checks/verbs/soak.py` is the command, docs/soak.md says what it does and how to read its ledger.
"""
