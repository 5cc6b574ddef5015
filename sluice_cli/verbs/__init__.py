"""The verbs: each parses arguments, calls the tool and prints. Nothing imports them."""
