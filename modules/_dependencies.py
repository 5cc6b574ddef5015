from cdktf import TerraformResource, TerraformResourceLifecycle

from ._expressions import writes_hcl


def depends_on(resource: TerraformResource, *others: TerraformResource) -> None:
    """Make an existing resource wait for others.

    `add_dependency` has no effect on resources in cdktf 0.21, and what the `depends_on` property takes and gives is
    not what a constructor takes: Terraform's JSON wants the bare address.
    """
    known = resource.depends_on or []
    resource.depends_on = list(dict.fromkeys([*known, *(address(one) for one in others)]))


def replace_with(
    resource: TerraformResource, other: TerraformResource, *, ignore_changes: list[str] | None = None
) -> None:
    """Replace a resource that AWS deletes together with another one whenever the other is replaced, although its own
    arguments stay the same.

    https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#replace_triggered_by
    """
    trigger = f"{address(other)}.id"
    if writes_hcl(resource):
        # cdktf writes what is in a list as texts, which Terraform refuses here; a text that begins with a bracket it
        # writes as it is.
        resource.lifecycle = TerraformResourceLifecycle(ignore_changes=ignore_changes) if ignore_changes else None
        resource.add_override("lifecycle.replace_triggered_by", f"[{trigger}]")
    else:
        resource.lifecycle = TerraformResourceLifecycle(replace_triggered_by=[trigger], ignore_changes=ignore_changes)


def address(resource: TerraformResource) -> str:
    """The resource's address in Terraform."""
    return f"{resource.terraform_resource_type}.{resource.friendly_unique_id}"
