"""Moves deployed resources between a CDKTF stack and the plain module generated from it, in the same state.

Terraform's `moved` blocks do it: https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
"""
