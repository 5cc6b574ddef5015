"""Proof that every policy statement of the systems is needed, and that none is wider than it must be.

Statements come from the synthesized Terraform (`statements`). Each action, resource, principal and condition of each is
taken away or widened by itself (`changes`) in the policies of a running deployment (`live`); then a use of the system
must fail (`uses`), or an access that was refused must be granted (`refusals`). What the local AWS does not enforce is
named, with the unit test that stands in and that must fail on the same change (`stand_ins`).
"""
