"""Understanding a Terraform plan: what changes, in the words of the module classes, and what of it is dangerous.

plan_text.py, plan.py, configuration.py    what `terraform show -json` and cdktf wrote
hidden.py                   sensitive values, wrapped as a plan is read
values.py, policy.py        comparing attributes, and policies statement by statement
classification/             what every argument of every resource type means, and its dangerous direction
dangers/                    whether a change is dangerous: by classification, and by judges of several arguments
sections.py, drift.py       actions, checks, deferred changes, unknown parts; what changed outside Terraform
words.py, reasons.py        what things are called, and Terraform's reasons
rules.py, ruleset.py         the project's own rules: what they import, and how they are read and asked
reviewing.py -> model.py    one review, whatever it is shown as
terminal.py, markdown.py, page.py    its three formats
cost/                       what the change costs, by a dated price list
picture/                    the architecture picture of a stack
saved.py                    the reviewed plan on disk, which alone is applied
"""
