"""The resources that are deployed, and functions as people name them."""
