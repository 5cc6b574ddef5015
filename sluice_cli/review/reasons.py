"""Terraform's reasons for what it plans, in words.

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from sluice_cli.text import clean

from .plan import ResourceChange

REASONS = {
    "replace_because_tainted": "replaced because it is tainted: an earlier apply did not finish making it",
    "replace_because_cannot_update": "replaced because its provider cannot change it in place",
    "replace_by_request": "replaced because the plan asked for it (-replace)",
    "replace_by_triggers": "replaced because what it names in replace_triggered_by changes",
    "delete_because_no_resource_config": "destroyed because the configuration no longer has it",
    "delete_because_no_module": "destroyed because the configuration no longer has its module",
    "delete_because_wrong_repetition": "destroyed because count or for_each was added to it or taken from it",
    "delete_because_count_index": "destroyed because count is smaller than its number",
    "delete_because_each_key": "destroyed because for_each no longer has its key",
    "delete_because_no_move_target": "destroyed because it was moved to an address that is not in the configuration",
    "delete_because_enabled_false": "destroyed because it is not enabled any more",
    "forgot_because_lifecycle_destroy_in_state": "left in AWS because the state says not to destroy it",
    "forgot_because_lifecycle_destroy_in_config": "left in AWS because its lifecycle says not to destroy it",
    "read_because_config_unknown": "read during apply because its arguments are known only then",
    "read_because_dependency_pending": "read during apply because what it depends on changes",
    "read_because_check_nested": "read during apply for a check",
}

DEFERRED = {
    "instance_count_unknown": "how many there will be is known only after apply",
    "resource_config_unknown": "its arguments are known only after apply",
    "provider_config_unknown": "its provider's configuration is known only after apply",
    "absent_prereq": "something that it needs is not there yet",
    "deferred_prereq": "something that it depends on is deferred",
}


def notes(change: ResourceChange) -> tuple[str, ...]:
    """Remarks about a change other than its attributes."""
    found = []
    if change.deposed:
        found.append("leftover of an earlier replacement (create_before_destroy): the one in use is another")
    if change.previous_address is not None:
        found.append(f"moved from {clean(change.previous_address)}")
    if change.imported:
        found.append(f"imported{f' by its id {clean(change.import_id)}' if change.import_id else ''}")
    if change.verb == "forget":
        found.append("a removed block or `terraform state rm`: Terraform forgets it and leaves it in AWS")
    if change.reason:
        found.append(REASONS.get(change.reason, f"Terraform's reason: {clean(change.reason)}"))
    return tuple(found)


def deferred_words(reason: str) -> str:
    return DEFERRED.get(reason, f"Terraform's reason: {clean(reason)}" if reason else "Terraform gives no reason")
