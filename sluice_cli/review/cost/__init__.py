"""What a change costs: a month at a load, fixed and by usage, before and after.

prices.toml, prices.py    the dated list of AWS's prices, and reading one
sides.py                  the resources before and after, and what they refer to
fixed.py, usage.py        what costs without events, and what an event costs
costing.py -> model.py    the cost of a plan's change, as every format shows it
"""
