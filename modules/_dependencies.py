from cdktf import TerraformResource


def depends_on(resource: TerraformResource, *others: TerraformResource) -> None:
    """Make an existing resource wait for others.

    `add_dependency` has no effect on resources in cdktf 0.21, and what the `depends_on` property takes and gives is
    not what a constructor takes: Terraform's JSON wants the bare address.
    """
    known = resource.depends_on or []
    resource.depends_on = [*known, *(f"{one.terraform_resource_type}.{one.friendly_unique_id}" for one in others)]
