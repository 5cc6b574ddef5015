"""Deployment to an account and to the local AWS, saved plans, and snapshots of the local AWS."""
