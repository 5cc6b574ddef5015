"""Moving what is deployed between a CDKTF stack and the plain module that was made from it, in the same state.

Terraform's `moved` blocks do it: https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
"""
