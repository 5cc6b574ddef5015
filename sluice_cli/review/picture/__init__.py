"""The architecture picture of a stack, drawn from its Terraform.

graph.py    which boxes and arrows there are
arrows.py   where each arrow comes from: notifications, permissions, grants, destinations, references
layout.py   where everything goes (elkjs, in elk.cjs)
svg.py      drawing it; symbols.py has the little pictures
"""
