"""X-Ray traces: what a request did, in which order, and how long each part took."""
