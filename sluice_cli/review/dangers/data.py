"""Data that is destroyed."""

from collections.abc import Iterator

from ..model import Danger, Finding
from .case import Case

# Types without a module class here that are known to hold data.
OTHERS_THAT_HOLD_DATA = {
    "aws_cognito_user_pool": "its users",
    "aws_db_instance": "its database",
    "aws_dynamodb_table_item": "this item",
    "aws_ebs_volume": "its blocks",
    "aws_ecr_repository": "its images",
    "aws_efs_file_system": "its files",
    "aws_elasticache_cluster": "what it caches",
    "aws_kinesis_stream": "its records",
    "aws_opensearch_domain": "its indexes",
    "aws_rds_cluster": "its databases",
    "aws_s3_object": "this object",
    "aws_secretsmanager_secret": "its secret",
    "aws_ssm_parameter": "its value",
}


def data_loss(case: Case) -> Iterator[Finding]:
    verb = case.change.verb
    if verb in ("delete", "replace"):
        how = "destroyed" if verb == "delete" else "destroyed and made anew, empty"
        holds = case.kind.holds if case.kind else OTHERS_THAT_HOLD_DATA.get(case.type, "")
        if holds:
            topics = case.subscriptions
            more = f" ({topics} in this stack, others may exist)" if topics else ""
            yield Finding(Danger.DATA_LOSS, f"{case.subject} is {how}", f"Lost with it: {holds}{more}.")
        elif case.kind is None:
            yield Finding(
                Danger.DATA_LOSS,
                f"{case.subject} is {how}",
                f"{case.type} is no type of the module classes: whether it holds data is not known here.",
            )
        elif case.type == "aws_api_gateway_rest_api":
            yield Finding(
                Danger.DATA_LOSS, f"{case.subject} is {how}", "Its address is lost: callers have to be given another."
            )
    elif verb == "forget":
        yield Finding(
            Danger.PROTECTION,
            f"{case.subject} is left in AWS, unmanaged",
            "Terraform forgets it: nothing watches, updates or removes it any more.",
        )
    elif verb not in ("create", "update", "read", "unchanged"):
        yield Finding(
            Danger.UNCLEAR, f"{case.subject}: {verb}", "Terraform plans an action that this review does not know."
        )
    for one in case.judged:
        if one.name == "ttl.enabled" and one.after is True:
            yield Finding(
                Danger.RETENTION, f"{case.subject}: items expire by themselves", "DynamoDB deletes items that are due."
            )
