"""Failure queues: the events in them, and discarding them."""
