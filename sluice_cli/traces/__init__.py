"""X-Ray traces: the steps of a request, their order, and how long each took."""
