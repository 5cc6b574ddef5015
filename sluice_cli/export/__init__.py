"""A synthesized stack as a plain Terraform module: HCL that needs neither Python nor Node."""
