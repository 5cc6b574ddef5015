"""Code shared by the functions."""

import gc

# Objects loaded in a cold start live as long as the process, and an event creates few. Python's default of a garbage
# collection every 700 objects takes a tenth of a cold start and frees next to nothing. Reference counting still frees
# everything without cycles.
gc.set_threshold(100_000)
