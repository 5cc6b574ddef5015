"""X-Ray traces: the segments of a request, with their order and duration."""
