"""Two resources of one plan that do the same: events come twice, or one undoes what the other sets."""

from collections.abc import Iterator, Mapping

from ..model import Danger, Finding
from .case import Case

# Two ways from the same source to the same target: every event takes both.
WAYS: Mapping[str, tuple[str, ...]] = {
    "aws_cloudwatch_event_target": ("rule", "event_bus_name", "arn", "input"),
    "aws_lambda_event_source_mapping": ("event_source_arn", "function_name"),
    "aws_sns_topic_subscription": ("topic_arn", "endpoint"),
}
# Settings that a thing has once: who is applied last wins.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "aws_s3_bucket_cors_configuration",
            "aws_s3_bucket_lifecycle_configuration",
            "aws_s3_bucket_logging",
            "aws_s3_bucket_notification",
            "aws_s3_bucket_object_lock_configuration",
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_server_side_encryption_configuration",
            "aws_s3_bucket_versioning",
        ),
        ("bucket",),
    ),
    "aws_sqs_queue_policy": ("queue_url",),
    "aws_sqs_queue_redrive_policy": ("queue_url",),
    "aws_sns_topic_policy": ("arn",),
    "aws_kms_key_policy": ("key_id",),
    "aws_secretsmanager_secret_policy": ("secret_arn",),
    "aws_dynamodb_resource_policy": ("resource_arn",),
    "aws_lambda_function_event_invoke_config": ("function_name", "qualifier"),
    "aws_api_gateway_rest_api_policy": ("rest_api_id",),
}
# Without them it is AWS's own: the default bus, the newest version, the event as it is.
OPTIONAL = ("event_bus_name", "input", "qualifier")


def doubles(case: Case) -> Iterator[Finding]:
    """Of two that do the same, the one that this plan makes is called out."""
    names = WAYS.get(case.type) or SETTINGS.get(case.type)
    if case.verb != "create" or not names or case.change.deposed:
        return
    alike = case.context.alike(case.type, names, OPTIONAL)
    own = tuple(str(case.after.get(name) or "") for name in names)
    for other in alike.get(own, []):
        first_of_two = other.verb == "create" and other.address > case.change.address
        if other.address == case.change.address or first_of_two:
            continue
        if case.type in WAYS:
            yield case.finding(Danger.EVENTS_TWICE, "events already take another way to the same target")
        else:
            yield case.finding(
                Danger.PROTECTION,
                "another resource of this plan sets the same",
                "There is one such setting: whichever is applied last undoes the other.",
            )
        return
