"""The verbs: each parses, calls and prints. Nothing imports them."""
