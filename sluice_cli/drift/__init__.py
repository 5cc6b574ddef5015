"""What differs between a stack's state and reality.

looking.py     Terraform's look at what is really there
comparing.py   from a plan to what moved, without what is no difference; a role's policies that were put there by hand
model.py       one difference, judged by the review, with the ways out of it
formats.py     in the terminal, as Markdown for an issue, as JSON
"""
