"""Recovery from interrupted deployments and lost states: finds what they left behind, and repairs the state."""
