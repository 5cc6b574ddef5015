"""What a danger means to people: by argument where that says more, else by its heading."""

from ..model import Danger

BY_DANGER = {
    Danger.DATA_LOSS: "It cannot be brought back.",
    Danger.UNREADABLE: "What is encrypted with the key can be read by nobody until this is undone.",
    Danger.PUBLIC: "Anybody on the internet can get in.",
    Danger.AUTHORIZATION: "Who was refused so far may get in.",
    Danger.ENCRYPTION: "What it stores from now on is less protected.",
    Danger.ACCESS: "More is possible than before.",
    Danger.ACTION: "It runs during apply, and what it does cannot be judged from the plan.",
    Danger.EVENTS_LOST: "An event that fails, or that waits too long, is gone.",
    Danger.EVENTS_STOP: "What depends on it gets no events or answers from it.",
    Danger.EVENTS_TWICE: "The same event is processed more than once.",
    Danger.EVENTS_WAIT: "Events are processed later than before.",
    Danger.EVENTS_CHANGE: "Other events arrive, or they go elsewhere.",
    Danger.CALLERS: "Requests that worked so far fail or are answered differently.",
    Danger.PROTECTION: "What the limit held back is admitted.",
    Danger.ALARM: "What rang before passes unheard now.",
    Danger.OBSERVATION: "Its activity is no longer observed.",
    Danger.RETENTION: "What is older than that is deleted, or can no longer be restored.",
    Danger.KEY: "What is encrypted with the old key stays so; its readers need both.",
    Danger.THROTTLE: "A flood of requests is no longer throttled, and costs money.",
    Danger.COST: "It is paid for, used or not.",
    Danger.CHECK: "A condition that the configuration asks for does not hold.",
    Danger.UNCLEAR: "Nobody has classified it: read the provider's documentation.",
}

# By type and argument, or by argument alone.
BY_ARGUMENT = {
    "deletion_protection": "It can be destroyed by mistake.",
    "deletion_protection_enabled": "It can be destroyed by mistake.",
    "skip_final_snapshot": "A destroy takes its content along, unasked.",
    "force_destroy": "A destroy takes its content along, unasked.",
    "point_in_time_recovery.enabled": "What is overwritten or deleted by mistake cannot be restored any more.",
    "enable_key_rotation": "The key material stays the same for ever.",
    "versioning_configuration.status": "An object that is overwritten or deleted is gone.",
    "aws_s3_bucket_versioning": "An object that is overwritten or deleted is gone.",
    "aws_s3_bucket_server_side_encryption_configuration": "S3 falls back to keys of its own: no key policy, no key of "
    "yours to take away.",
    "multi_az": "It no longer survives the loss of a data centre.",
    "code_signing_config_arn": "Lambda takes whatever it is given.",
    "settings.data_trace_enabled": "What people send can be read in the logs.",
    "permissions_boundary": "Its policies count in full now.",
    "message_retention_seconds": "Messages that wait longer are lost.",
    **dict.fromkeys(
        (
            *(f"aws_ssm_parameter.{name}" for name in ("value", "insecure_value", "value_wo", "value_wo_version")),
            *(
                f"aws_secretsmanager_secret_version.{name}"
                for name in ("secret_string", "secret_binary", "secret_string_wo", "secret_string_wo_version")
            ),
        ),
        "Its readers get another value.",
    ),
    "aws_sqs_queue.delay_seconds": "Every message waits that long before it is delivered.",
    "maximum_retry_attempts": "An event that fails is tried less often before it is given up.",
    "maximum_event_age_in_seconds": "An event that cannot be processed in that time is given up.",
    "retry_policy.maximum_retry_attempts": "An event that fails is tried less often before it is given up.",
    "aws_cloudwatch_metric_alarm": "Nobody is notified if it happens again.",
    "aws_cloudwatch_composite_alarm": "Nobody is notified if it happens again.",
    "aws_wafv2_web_acl_association": "What it refused gets to the function.",
    "aws_s3_bucket_ownership_controls": "An object can be made public one by one, by its ACL.",
    "rule.object_ownership": "An object can be made public one by one, by its ACL.",
    "aws_s3_bucket_notification": "Objects still arrive, but no notification is sent.",
    "aws_lambda_permission": "The invoker that had this permission is refused: its events stop.",
    "aws_lambda_event_source_mapping": "Messages and records stay where they are, until they expire.",
    "aws_api_gateway_stage": "Every call of its address fails.",
    "aws_api_gateway_rest_api": "Its address is lost: callers have to be given another.",
    "aws_lambda_function": "Its callers fail: events and calls are not processed.",
    "aws_cloudwatch_event_rule": "Its targets get no more events.",
    "aws_scheduler_schedule": "What it started no longer runs.",
    "aws_lambda_function_event_invoke_config": "An event that fails is lost.",
    "request_validator_id": "What is malformed reaches the function: callers lose the answers that say what is wrong.",
    "validate_request_body": "What is malformed reaches the function: callers lose the answers that say what is wrong.",
    "validate_request_parameters": "What is malformed reaches the function: callers lose the answers that say what is "
    "wrong.",
    "aws_api_gateway_resource": "Calls of this path are answered with 403.",
    "aws_api_gateway_method": "Calls of this method are answered with 403.",
    "aws_api_gateway_integration": "Calls of this method are answered with an error.",
    "deletion_window_in_days": "There is less time to notice that a deleted key is still needed.",
    "recovery_window_in_days": "There is less time to notice that a deleted secret is still needed.",
    "role": "It runs with the rights of another role.",
    "retention_in_days": "What is older than that is deleted, or can no longer be restored.",
    "filter_criteria.filter.pattern": "What the filter does not match is dropped.",
    "event_pattern": "What the pattern does not match is not delivered.",
    "stream_enabled": "Changes of items are no longer delivered.",
    "global_secondary_index": "Queries of the index fail.",
    "local_secondary_index": "Queries of the index fail.",
    "function_response_types": "One failed message makes the whole batch come again.",
    "bisect_batch_on_function_error": "One failed record makes the whole batch come again.",
    "dead_letter_config.arn": "An event that cannot be delivered is gone.",
    "dead_letter_config.target_arn": "An event that fails is gone.",
    "memory_size": "Each invocation costs in proportion to it.",
    "ephemeral_storage.size": "Each invocation costs in proportion to it.",
}


# What is said of an argument that moved, where its name and its values say too little.
WORDS = {
    "rule.object_ownership": "ACLs count again",
    "force_destroy": "force_destroy turned on",
    "skip_final_snapshot": "skip_final_snapshot turned on",
    "code_signing_config_arn": "code need not be signed",
    "settings.data_trace_enabled": "bodies are logged",
    "aws_kms_key.is_enabled": "the key is switched off",
    "aws_kms_replica_key.enabled": "the key is switched off",
    "permissions_boundary": "the permissions boundary is removed",
    "request_validator_id": "request validation removed",
    "recursive_loop": "recursion is no longer stopped",
    "dead_letter_config.target_arn": "failed events are no longer kept",
    "dead_letter_config.arn": "failed events are no longer kept",
    "target.dead_letter_config.arn": "failed events are no longer kept",
    "destination_config.on_failure.destination_arn": "failed events are no longer kept",
    "stream_enabled": "the stream is switched off",
}


def meaning(danger: Danger, type_: str, argument: str = "") -> str:
    for key in (f"{type_}.{argument}", argument, argument.rpartition(".")[2], "" if argument else type_):
        if key and key in BY_ARGUMENT:
            return BY_ARGUMENT[key]
    return BY_DANGER[danger]
