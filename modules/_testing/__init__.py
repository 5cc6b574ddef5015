"""What `testing.py` is made of."""
