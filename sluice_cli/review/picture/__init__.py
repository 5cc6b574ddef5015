"""The architecture picture of a stack, drawn from its Terraform.

ends.py     what a value names: resources of the stack, and those of others
graph.py    which boxes and arrows there are
arrows.py   where each arrow comes from: routes, grants, keys, references
events.py   the same, for what events pass
layout.py   where everything goes (elkjs, in elk.cjs)
svg.py      drawing it; symbols.py has the little pictures
"""
