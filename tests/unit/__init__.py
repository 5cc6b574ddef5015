"""Units: what is synthesized, and pure Python. No network, no AWS, no credentials."""
