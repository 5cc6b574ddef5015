"""A kept failure as a test: its event, objects and rows, with personal data masked."""
