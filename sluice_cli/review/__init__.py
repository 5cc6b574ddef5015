"""Understanding a Terraform plan: what changes, in the words of the module classes, and what of it is dangerous.

plan.py, configuration.py   what `terraform show -json` and cdktf wrote
values.py, policy.py        comparing attributes, and policies statement by statement
words.py, dangers.py        what a change is called, and whether it is dangerous
reviewing.py -> model.py    one review, whatever it is shown as
terminal.py, markdown.py, page.py    its three faces
picture/                    the architecture picture of a stack
saved.py                    the reviewed plan on disk, which alone is applied
"""
