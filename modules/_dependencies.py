from cdktf import TerraformResource, TerraformResourceLifecycle


def depends_on(resource: TerraformResource, *others: TerraformResource) -> None:
    """Make an existing resource wait for others.

    `add_dependency` has no effect on resources in cdktf 0.21, and what the `depends_on` property takes and gives is
    not what a constructor takes: Terraform's JSON wants the bare address.
    """
    known = resource.depends_on or []
    resource.depends_on = list(dict.fromkeys([*known, *(address(one) for one in others)]))


def replaced_with(resource: TerraformResource) -> TerraformResourceLifecycle:
    """The lifecycle of a resource that AWS deletes together with another one: replaced whenever the other is replaced,
    although its own arguments stay the same.

    https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#replace_triggered_by
    """
    return TerraformResourceLifecycle(replace_triggered_by=[f"{address(resource)}.id"])


def address(resource: TerraformResource) -> str:
    """The resource's address in Terraform."""
    return f"{resource.terraform_resource_type}.{resource.friendly_unique_id}"
