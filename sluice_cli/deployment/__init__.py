"""Deploys stacks to an account and to the local AWS: in order, as planned and reviewed; snapshots of the local AWS."""
