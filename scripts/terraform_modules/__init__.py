"""The five systems as plain Terraform modules, generated from the stacks themselves: `make terraform-modules`."""
