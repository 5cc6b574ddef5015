"""What the functions have in common."""

import gc

# What a cold start loads stays, and an event makes few objects: looking for garbage after each 700 of them, Python's
# default, takes a tenth of a cold start and finds next to nothing. What is in no cycle goes at once as ever.
gc.set_threshold(100_000)
