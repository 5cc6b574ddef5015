"""Plans that destroy, replace and open resources of every room. Each with the headings it gets."""

import json

import pytest

from tests.review.plans import TLS_ONLY, Values, allow, change, deny, findings, policy

F = "aws_lambda_function.F"
# Tells which account the plan is of.
OWN = change("aws_sqs_queue.Own", *[{"arn": "arn:aws:sqs:us-east-1:123456789012:q"}] * 2)


def up(address: str, before: Values, after: Values, unknown: Values | None = None) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after}, unknown=unknown)


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "perm statement replaced same values": (
        [
            change(
                "aws_lambda_permission.P",
                {
                    "principal": "s3.amazonaws.com",
                    "source_arn": "arn:aws:s3:::b",
                    "source_account": "1",
                    "action": "lambda:InvokeFunction",
                    "function_name": "f",
                },
                {
                    "principal": "s3.amazonaws.com",
                    "source_arn": "arn:aws:s3:::b",
                    "source_account": "1",
                    "action": "lambda:InvokeFunction",
                    "function_name": "f",
                },
                actions=["delete", "create"],
            )
        ],
        [],
    ),
    "layers removed all": (
        [up(F, {"layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}, {"layers": []})],
        [],
    ),
    "image_config command": (
        [up(F, {"image_config": [{"command": ["a"]}]}, {"image_config": [{"command": ["b"]}]})],
        [],
    ),
    "package type": (
        [
            change(
                F,
                {"function_name": "f", "package_type": "Zip"},
                {"function_name": "f", "package_type": "Image"},
                actions=["delete", "create"],
                replace_paths=[["package_type"]],
            )
        ],
        ["Events stop"],
    ),
    "function destroyed": ([change(F, {"function_name": "f"}, None)], ["Events stop"]),
    "function tracing newly off (new fn)": (
        [change(F, None, {"function_name": "f", "tracing_config": [{"mode": "PassThrough"}]})],
        [],
    ),
    "env secret plain": (
        [
            up(
                F,
                {"environment": [{"variables": {"API_TOKEN": "x"}}]},
                {"environment": [{"variables": {"API_TOKEN": "y"}}]},
            )
        ],
        [],
    ),
    "env proxy": (
        [up(F, {"environment": [{"variables": {}}]}, {"environment": [{"variables": {"HTTPS_PROXY": "http://evil"}}]})],
        ["Wider access"],
    ),
    "env handler flag": (
        [
            up(
                F,
                {"environment": [{"variables": {"FEATURE_X": "on"}}]},
                {"environment": [{"variables": {"FEATURE_X": "off"}}]},
            )
        ],
        [],
    ),
    "env unknown after apply of pointer": (
        [
            up(
                F,
                {"environment": [{"variables": {"TABLE_NAME": "a"}}]},
                {"environment": [{"variables": {}}]},
                unknown={"environment": [{"variables": {"TABLE_NAME": True}}]},
            )
        ],
        ["Events change"],
    ),
    "memory up 4x": ([up(F, {"memory_size": 128}, {"memory_size": 1024})], ["Costs more"]),
    "ephemeral up": (
        [up(F, {"ephemeral_storage": [{"size": 512}]}, {"ephemeral_storage": [{"size": 10240}]})],
        ["Costs more"],
    ),
    "tumbling window": (
        [
            up(
                "aws_lambda_event_source_mapping.M",
                {"tumbling_window_in_seconds": 0},
                {"tumbling_window_in_seconds": 60},
            )
        ],
        ["Events wait longer"],
    ),
    "url cors *": (
        [
            up(
                "aws_lambda_function_url.U",
                {"cors": [{"allow_origins": ["https://a"]}]},
                {"cors": [{"allow_origins": ["*"]}]},
            )
        ],
        ["Open to anybody"],
    ),
    "url creds": (
        [
            up(
                "aws_lambda_function_url.U",
                {"cors": [{"allow_credentials": False, "allow_origins": ["https://a"]}]},
                {"cors": [{"allow_credentials": True, "allow_origins": ["https://a"]}]},
            )
        ],
        ["Wider access"],
    ),
    "url destroyed": (
        [change("aws_lambda_function_url.U", {"authorization_type": "AWS_IAM"}, None)],
        ["Callers lose something"],
    ),
    "url invoke mode": (
        [up("aws_lambda_function_url.U", {"invoke_mode": "BUFFERED"}, {"invoke_mode": "RESPONSE_STREAM"})],
        ["Callers lose something"],
    ),
    "alias destroyed": ([change("aws_lambda_alias.A", {"name": "live"}, None)], ["Events stop"]),
    "runtime mgmt manual": (
        [up("aws_lambda_runtime_management_config.R", {"update_runtime_on": "Auto"}, {"update_runtime_on": "Manual"})],
        ["Protection removed"],
    ),
    "stage destroyed": ([change("aws_api_gateway_stage.S", {"stage_name": "v1"}, None)], ["Events stop"]),
    "resource path destroyed": (
        [change("aws_api_gateway_resource.R", {"path_part": "x"}, None)],
        ["Callers lose something"],
    ),
    "validator body off": (
        [up("aws_api_gateway_request_validator.V", {"validate_request_body": True}, {"validate_request_body": False})],
        ["Callers lose something"],
    ),
    "validator destroyed": (
        [change("aws_api_gateway_request_validator.V", {"validate_request_body": True}, None)],
        ["Callers lose something"],
    ),
    "method validator removed": (
        [
            up(
                "aws_api_gateway_method.M",
                {"http_method": "POST", "authorization": "AWS_IAM", "request_validator_id": "x"},
                {"http_method": "POST", "authorization": "AWS_IAM", "request_validator_id": None},
            )
        ],
        ["Callers lose something"],
    ),
    "usage plan key destroyed": (
        [change("aws_api_gateway_usage_plan_key.K", {"key_id": "a"}, None)],
        ["Callers lose something"],
    ),
    "method settings destroyed": (
        [change("aws_api_gateway_method_settings.S", {"settings": [{"throttling_rate_limit": 100}]}, None)],
        ["Limit removed"],
    ),
    "rest api policy removed (private)": (
        [
            change(
                "aws_api_gateway_rest_api_policy.P",
                {
                    "policy": policy(
                        allow("execute-api:Invoke", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
                    )
                },
                None,
            )
        ],
        [],
    ),
    "api policy deny ip removed": (
        [
            up(
                "aws_api_gateway_rest_api_policy.P",
                {
                    "policy": policy(
                        allow("execute-api:Invoke", "*", Principal="*"),
                        deny(
                            "execute-api:Invoke",
                            "*",
                            Principal="*",
                            Condition={"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
                        ),
                    )
                },
                {"policy": policy(allow("execute-api:Invoke", "*", Principal="*"))},
            )
        ],
        ["Protection removed"],
    ),
    "api policy resource policy destroyed w/ deny": (
        [
            change(
                "aws_api_gateway_rest_api_policy.P",
                {
                    "policy": policy(
                        deny(
                            "execute-api:Invoke",
                            "*",
                            Principal="*",
                            Condition={"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
                        )
                    )
                },
                None,
            )
        ],
        ["Protection removed"],
    ),
    "bucket policy destroyed with TLS deny": (
        [change("aws_s3_bucket_policy.P", {"bucket": "b", "policy": policy(TLS_ONLY)}, None)],
        ["Protection removed"],
    ),
    "queue policy TLS removed": (
        [
            up(
                "aws_sqs_queue_policy.P",
                {"policy": policy(TLS_ONLY, allow("sqs:SendMessage", "*", Principal={"Service": "sns.amazonaws.com"}))},
                {"policy": policy(allow("sqs:SendMessage", "*", Principal={"Service": "sns.amazonaws.com"}))},
            )
        ],
        ["Protection removed"],
    ),
    "access block one off": (
        [
            up(
                "aws_s3_bucket_public_access_block.B",
                {
                    "block_public_acls": True,
                    "block_public_policy": True,
                    "ignore_public_acls": True,
                    "restrict_public_buckets": True,
                },
                {
                    "block_public_acls": True,
                    "block_public_policy": False,
                    "ignore_public_acls": True,
                    "restrict_public_buckets": True,
                },
            )
        ],
        ["Open to anybody"],
    ),
    "access block on": (
        [
            up(
                "aws_s3_bucket_public_access_block.B",
                {
                    "block_public_acls": False,
                    "block_public_policy": False,
                    "ignore_public_acls": True,
                    "restrict_public_buckets": True,
                },
                {
                    "block_public_acls": True,
                    "block_public_policy": True,
                    "ignore_public_acls": True,
                    "restrict_public_buckets": True,
                },
            )
        ],
        [],
    ),
    "access block destroyed": (
        [change("aws_s3_bucket_public_access_block.B", {"block_public_acls": True}, None)],
        ["Open to anybody"],
    ),
    "acl log-delivery": (
        [up("aws_s3_bucket_acl.A", {"acl": "private"}, {"acl": "log-delivery-write"})],
        ["Wider access"],
    ),
    "cors removed": (
        [
            change(
                "aws_s3_bucket_cors_configuration.C",
                {"cors_rule": [{"allowed_origins": ["https://a"], "allowed_methods": ["GET"]}]},
                None,
            )
        ],
        ["Callers lose something"],
    ),
    "cors methods removed": (
        [
            up(
                "aws_s3_bucket_cors_configuration.C",
                {"cors_rule": [{"allowed_origins": ["https://a"], "allowed_methods": ["GET", "PUT"]}]},
                {"cors_rule": [{"allowed_origins": ["https://a"], "allowed_methods": ["GET"]}]},
            )
        ],
        ["Callers lose something"],
    ),
    "lifecycle destroyed": (
        [
            change(
                "aws_s3_bucket_lifecycle_configuration.L",
                {"rule": [{"status": "Enabled", "expiration": [{"days": 1}]}]},
                None,
            )
        ],
        [],
    ),
    "encryption config destroyed": (
        [
            change(
                "aws_s3_bucket_server_side_encryption_configuration.E",
                {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]},
                None,
            )
        ],
        ["Encryption lost"],
    ),
    "versioning destroyed": (
        [change("aws_s3_bucket_versioning.V", {"versioning_configuration": [{"status": "Enabled"}]}, None)],
        ["Protection removed"],
    ),
    "notification destroyed": (
        [
            change(
                "aws_s3_bucket_notification.N",
                {"bucket": "b", "queue": [{"queue_arn": "q", "events": ["s3:ObjectCreated:*"]}]},
                None,
            )
        ],
        ["Events stop"],
    ),
    "object lock config destroyed": (
        [change("aws_s3_bucket_object_lock_configuration.O", {"rule": []}, None)],
        ["Protection removed"],
    ),
    "table stream off": (
        [up("aws_dynamodb_table.T", {"stream_enabled": True}, {"stream_enabled": False})],
        ["Events stop"],
    ),
    "table lsi": (
        [up("aws_dynamodb_table.T", {"local_secondary_index": []}, {"local_secondary_index": [{"name": "a"}]})],
        [],
    ),
    "gsi non key attr removed": (
        [
            up(
                "aws_dynamodb_table.T",
                {
                    "global_secondary_index": [
                        {"name": "i", "projection_type": "INCLUDE", "non_key_attributes": ["a", "b"]}
                    ]
                },
                {"global_secondary_index": [{"name": "i", "projection_type": "INCLUDE", "non_key_attributes": ["a"]}]},
            )
        ],
        ["Callers lose something"],
    ),
    "gsi capacity cut": (
        [
            up(
                "aws_dynamodb_table.T",
                {"billing_mode": "PROVISIONED", "global_secondary_index": [{"name": "i", "write_capacity": 100}]},
                {"billing_mode": "PROVISIONED", "global_secondary_index": [{"name": "i", "write_capacity": 1}]},
            )
        ],
        ["Events wait longer"],
    ),
    "table sse key changed": (
        [
            up(
                "aws_dynamodb_table.T",
                {"server_side_encryption": [{"enabled": True, "kms_key_arn": "a"}]},
                {"server_side_encryption": [{"enabled": True, "kms_key_arn": "b"}]},
            )
        ],
        ["Encryption key changed"],
    ),
    "40000 units new table": (
        [
            change(
                "aws_dynamodb_table.T",
                None,
                {"billing_mode": "PROVISIONED", "write_capacity": 40000, "read_capacity": 5},
            )
        ],
        ["Costs more"],
    ),
    "topic destroyed": ([change("aws_sns_topic.T", {"name": "t"}, None)], ["Data is lost"]),
    "topic policy service removed": (
        [
            up(
                "aws_sns_topic_policy.P",
                {
                    "policy": policy(
                        allow(
                            "sns:Publish",
                            "*",
                            Principal={"Service": "cloudwatch.amazonaws.com"},
                            Condition={"StringEquals": {"aws:SourceAccount": "1"}},
                        )
                    )
                },
                {"policy": policy()},
            )
        ],
        ["Events stop"],
    ),
    "subscription removed email": (
        [change("aws_sns_topic_subscription.S", {"protocol": "email", "endpoint": "a@b"}, None)],
        ["Alarm removed"],
    ),
    "subscription removed sqs": (
        [change("aws_sns_topic_subscription.S", {"protocol": "sqs", "endpoint": "arn"}, None)],
        ["Events stop"],
    ),
    "subscription endpoint changed email": (
        [
            change(
                "aws_sns_topic_subscription.S",
                {"protocol": "email", "endpoint": "a@b"},
                {"protocol": "email", "endpoint": "c@d"},
                actions=["delete", "create"],
                replace_paths=[["endpoint"]],
            )
        ],
        ["Alarm removed", "Events are lost"],
    ),
    "duplicate subscription": (
        [
            change("aws_sns_topic_subscription.S", None, {"protocol": "sqs", "endpoint": "arn:x", "topic_arn": "t"}),
            change(
                "aws_sns_topic_subscription.R",
                {"protocol": "sqs", "endpoint": "arn:x", "topic_arn": "t"},
                {"protocol": "sqs", "endpoint": "arn:x", "topic_arn": "t"},
            ),
        ],
        ["Events come twice"],
    ),
    "bus destroyed": ([change("aws_cloudwatch_event_bus.B", {"name": "b"}, None)], ["Events stop"]),
    "archive retention": (
        [up("aws_cloudwatch_event_archive.A", {"retention_days": 365}, {"retention_days": 1})],
        ["Kept for less time"],
    ),
    "rule schedule removed": (
        [
            up(
                "aws_cloudwatch_event_rule.R",
                {"schedule_expression": "rate(1 hour)", "event_pattern": None},
                {"schedule_expression": None, "event_pattern": '{"source":["a"]}'},
            )
        ],
        ["Events stop"],
    ),
    "target input transformer": (
        [
            up(
                "aws_cloudwatch_event_target.T",
                {"input_transformer": []},
                {"input_transformer": [{"input_template": "x", "input_paths": {}}]},
            )
        ],
        ["Events change"],
    ),
    "target to foreign bus": (
        [
            up(
                "aws_cloudwatch_event_target.T",
                {"arn": "arn:aws:events:us-east-1:123456789012:event-bus/a"},
                {"arn": "arn:aws:events:us-east-1:999999999999:event-bus/a"},
            ),
            OWN,
        ],
        ["Events change", "Wider access"],
    ),
    "schedule group destroyed": ([change("aws_scheduler_schedule_group.G", {"name": "g"}, None)], ["Events stop"]),
    "schedule nightly->monthly": (
        [
            up(
                "aws_scheduler_schedule.S",
                {"schedule_expression": "cron(0 2 * * ? *)"},
                {"schedule_expression": "cron(0 2 1 * ? *)"},
            )
        ],
        ["Events wait longer"],
    ),
    "schedule action_after_completion": (
        [up("aws_scheduler_schedule.S", {"action_after_completion": "NONE"}, {"action_after_completion": "DELETE"})],
        ["Events change"],
    ),
    "cognito pool deletion protection": (
        [up("aws_cognito_user_pool.U", {"deletion_protection": "ACTIVE"}, {"deletion_protection": "INACTIVE"})],
        ["Protection removed"],
    ),
    "cognito self sign up": (
        [
            up(
                "aws_cognito_user_pool.U",
                {"admin_create_user_config": [{"allow_admin_create_user_only": True}]},
                {"admin_create_user_config": [{"allow_admin_create_user_only": False}]},
            )
        ],
        ["Authorization opened"],
    ),
    "cognito token validity": (
        [up("aws_cognito_user_pool_client.C", {"access_token_validity": 1}, {"access_token_validity": 24})],
        ["Authorization opened"],
    ),
    "secret destroyed": ([change("aws_secretsmanager_secret.S", {"name": "s"}, None)], ["Data is lost"]),
    "secret rotation destroyed": (
        [change("aws_secretsmanager_secret_rotation.S", {"secret_id": "s"}, None)],
        ["Protection removed"],
    ),
    "key disabled": ([up("aws_kms_key.K", {"is_enabled": True}, {"is_enabled": False})], ["Data becomes unreadable"]),
    "key destroyed": ([change("aws_kms_key.K", {"key_id": "s"}, None)], ["Data is lost"]),
    "key policy destroyed": (
        [change("aws_kms_key_policy.K", {"key_id": "s", "policy": policy()}, None)],
        ["Data becomes unreadable"],
    ),
    "grant destroyed": ([change("aws_kms_grant.K", {"key_id": "s"}, None)], ["Data becomes unreadable"]),
    "key policy narrowed role": (
        [
            up(
                "aws_kms_key.K",
                {
                    "policy": policy(
                        allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
                        allow("kms:Decrypt", "*", Principal={"AWS": "arn:aws:iam::123456789012:role/x"}),
                    )
                },
                {"policy": policy(allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}))},
            )
        ],
        [],
    ),
    "key policy condition added SourceAccount": (
        [
            up(
                "aws_kms_key.K",
                {
                    "policy": policy(
                        allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
                        allow("kms:Decrypt", "*", Principal={"Service": "sns.amazonaws.com"}),
                    )
                },
                {
                    "policy": policy(
                        allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
                        allow(
                            "kms:Decrypt",
                            "*",
                            Principal={"Service": "sns.amazonaws.com"},
                            Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}},
                        ),
                    )
                },
            )
        ],
        [],
    ),
    "key policy service action narrowed": (
        [
            up(
                "aws_kms_key.K",
                {
                    "policy": policy(
                        allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
                        allow(["kms:Decrypt", "kms:GenerateDataKey*"], "*", Principal={"Service": "sns.amazonaws.com"}),
                    )
                },
                {
                    "policy": policy(
                        allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
                        allow(["kms:Decrypt"], "*", Principal={"Service": "sns.amazonaws.com"}),
                    )
                },
            )
        ],
        ["Data becomes unreadable"],
    ),
    "role replaced trust same": (
        [
            change(
                "aws_iam_role.R",
                {
                    "name": "a",
                    "assume_role_policy": policy(
                        allow("sts:AssumeRole", [], Principal={"Service": "lambda.amazonaws.com"})
                    ),
                },
                {
                    "name": "b",
                    "assume_role_policy": policy(
                        allow("sts:AssumeRole", [], Principal={"Service": "lambda.amazonaws.com"})
                    ),
                },
                actions=["create", "delete"],
                replace_paths=[["name"]],
            )
        ],
        [],
    ),
    "policy hidden unknown jsonencode": (
        [up("aws_iam_policy.P", {"policy": policy(allow("s3:GetObject", "a"))}, {}, unknown={"policy": True})],
        ["Cannot be judged"],
    ),
    "inline unknown new role": (
        [change("aws_iam_role.R", None, {"name": "a"}, unknown={"assume_role_policy": True})],
        ["Cannot be judged"],
    ),
    "attachment unknown": (
        [
            up(
                "aws_iam_role_policy_attachment.A",
                {"policy_arn": "x", "role": "r"},
                {"role": "r"},
                unknown={"policy_arn": True},
            )
        ],
        ["Wider access"],
    ),
    "user added to admin group": (
        [change("aws_iam_user_group_membership.M", None, {"user": "u", "groups": ["admins"]})],
        ["Wider access"],
    ),
    "saml doc": (
        [up("aws_iam_saml_provider.S", {"saml_metadata_document": "a"}, {"saml_metadata_document": "b"})],
        ["Wider access"],
    ),
    "thumbprint removed": (
        [up("aws_iam_openid_connect_provider.O", {"thumbprint_list": ["a", "b"]}, {"thumbprint_list": ["a"]})],
        [],
    ),
    "exclusive attachments shrink": (
        [up("aws_iam_role_policy_attachments_exclusive.A", {"policy_arns": ["a", "b"]}, {"policy_arns": ["a"]})],
        [],
    ),
    "exclusive destroyed": (
        [change("aws_iam_role_policies_exclusive.A", {"policy_names": ["a"]}, None)],
        ["Wider access"],
    ),
    "codedeploy alarms removed": (
        [
            up(
                "aws_codedeploy_deployment_group.G",
                {"alarm_configuration": [{"enabled": True, "alarms": ["a"]}]},
                {"alarm_configuration": [{"enabled": False, "alarms": ["a"]}]},
            )
        ],
        ["Protection removed"],
    ),
    "log subscription removed": (
        [change("aws_cloudwatch_log_subscription_filter.S", {"name": "a"}, None)],
        ["Events stop"],
    ),
    "log group destroyed": ([change("aws_cloudwatch_log_group.L", {"name": "a"}, None)], ["Data is lost"]),
    "log resource policy wide": (
        [
            up(
                "aws_cloudwatch_log_resource_policy.P",
                {"policy_document": policy()},
                {"policy_document": policy(allow("logs:PutLogEvents", "*", Principal="*"))},
            )
        ],
        ["Open to anybody"],
    ),
    "alarm destroyed": ([change("aws_cloudwatch_metric_alarm.A", {"alarm_name": "a"}, None)], ["Alarm removed"]),
    "alarm on other function": (
        [
            up(
                "aws_cloudwatch_metric_alarm.A",
                {"dimensions": {"FunctionName": "a"}},
                {"dimensions": {"FunctionName": "b"}},
            )
        ],
        ["Alarm removed"],
    ),
    "autoscaling target destroyed": (
        [change("aws_appautoscaling_target.T", {"max_capacity": 10}, None)],
        ["Events wait longer"],
    ),
    "autoscaling suspended": (
        [
            up(
                "aws_appautoscaling_target.T",
                {"suspended_state": [{"dynamic_scaling_out_suspended": False}]},
                {"suspended_state": [{"dynamic_scaling_out_suspended": True}]},
            )
        ],
        ["Events wait longer"],
    ),
    "waf default action": (
        [up("aws_wafv2_web_acl.W", {"default_action": [{"block": [{}]}]}, {"default_action": [{"allow": [{}]}]})],
        ["Cannot be judged", "Protection removed"],
    ),
    "security group open": (
        [
            up(
                "aws_security_group.G",
                {"ingress": []},
                {"ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}]},
            )
        ],
        ["Cannot be judged", "Open to anybody"],
    ),
    "only tags_all": ([up("aws_sqs_queue.Q", {"tags_all": {"a": "b"}}, {"tags_all": {"a": "c"}})], []),
    "unicode/hostile name": ([up("aws_sns_topic.T\u202e", {"display_name": "a"}, {"display_name": "\x1b[31m"})], []),
    "SQS fifo to standard replace": (
        [
            change(
                "aws_sqs_queue.Q",
                {"fifo_queue": True, "name": "q.fifo"},
                {"fifo_queue": False, "name": "q"},
                actions=["delete", "create"],
                replace_paths=[["fifo_queue"]],
            )
        ],
        ["Data is lost"],
    ),
    "redrive to foreign": (
        [
            up(
                "aws_sqs_queue.Q",
                {"redrive_policy": None},
                {
                    "redrive_policy": json.dumps(
                        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:999999999999:d", "maxReceiveCount": 3}
                    )
                },
            ),
            OWN,
        ],
        ["Wider access"],
    ),
    "alarm action foreign": (
        [
            up(
                "aws_cloudwatch_metric_alarm.A",
                {"alarm_actions": ["arn:aws:sns:us-east-1:123456789012:t"]},
                {"alarm_actions": ["arn:aws:sns:us-east-1:123456789012:t", "arn:aws:sns:us-east-1:999999999999:t"]},
            ),
            OWN,
        ],
        ["Wider access"],
    ),
    "GovCloud foreign": (
        [
            up(
                "aws_sns_topic_subscription.S",
                {"endpoint": "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:a", "protocol": "sqs"},
                {"endpoint": "arn:aws-us-gov:sqs:us-gov-west-1:999999999999:a", "protocol": "sqs"},
            ),
            OWN,
        ],
        ["Events change", "Wider access"],
    ),
    "bucket replication foreign partial new": (
        [change("aws_s3_bucket_replication_configuration.R", None, {"bucket": "b"})],
        ["Cannot be judged"],
    ),
    "two notifications same bucket": (
        [
            change("aws_s3_bucket_notification.N", None, {"bucket": "b"}),
            change("aws_s3_bucket_notification.M", {"bucket": "b"}, {"bucket": "b"}),
        ],
        ["Protection removed"],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
