"""The resources that are deployed, functions as people name them, and invoking them."""
