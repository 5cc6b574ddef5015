"""Plans that change functions and what they need. Each with the headings it gets."""

import pytest

from tests.review.plans import Values, allow, change, findings, policy


def up(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


F = "aws_lambda_function.F"


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "concurrency 0": (
        [up(F, {"reserved_concurrent_executions": 10}, {"reserved_concurrent_executions": 0})],
        ["Events stop"],
    ),
    "concurrency -1 ->0": (
        [up(F, {"reserved_concurrent_executions": -1}, {"reserved_concurrent_executions": 0})],
        ["Events stop"],
    ),
    "concurrency -1 ->1": (
        [up(F, {"reserved_concurrent_executions": -1}, {"reserved_concurrent_executions": 1})],
        ["Events wait longer"],
    ),
    "concurrency 0->10": ([up(F, {"reserved_concurrent_executions": 0}, {"reserved_concurrent_executions": 10})], []),
    "dlq removed": (
        [up(F, {"dead_letter_config": [{"target_arn": "q"}]}, {"dead_letter_config": []})],
        ["Events are lost"],
    ),
    "dlq changed": (
        [up(F, {"dead_letter_config": [{"target_arn": "q"}]}, {"dead_letter_config": [{"target_arn": "p"}]})],
        ["Events change"],
    ),
    "recursion": (
        [up("aws_lambda_function_recursion_config.C", {"recursive_loop": "Terminate"}, {"recursive_loop": "Allow"})],
        ["Protection removed"],
    ),
    "new recursion allow": (
        [change("aws_lambda_function_recursion_config.C", None, {"recursive_loop": "Allow", "function_name": "f"})],
        ["Protection removed"],
    ),
    "url IAM->NONE": (
        [up("aws_lambda_function_url.U", {"authorization_type": "AWS_IAM"}, {"authorization_type": "NONE"})],
        ["Authorization opened"],
    ),
    "url new NONE": (
        [change("aws_lambda_function_url.U", None, {"authorization_type": "NONE"})],
        ["Authorization opened"],
    ),
    "layers own account": (
        [
            up(
                F,
                {"layers": [], "arn": "arn:aws:lambda:us-east-1:123456789012:function:f"},
                {
                    "arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                    "layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"],
                },
            )
        ],
        [],
    ),
    "layers foreign": (
        [
            up(
                F,
                {"layers": [], "arn": "arn:aws:lambda:us-east-1:123456789012:function:f"},
                {
                    "arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                    "layers": ["arn:aws:lambda:us-east-1:999999999999:layer:x:1"],
                },
            )
        ],
        ["Wider access"],
    ),
    "perm * no source": (
        [
            change(
                "aws_lambda_permission.P",
                None,
                {"principal": "*", "action": "lambda:InvokeFunction", "function_name": "f"},
            )
        ],
        ["Open to anybody"],
    ),
    "perm * with source account": (
        [
            change(
                "aws_lambda_permission.P",
                None,
                {
                    "principal": "*",
                    "action": "lambda:InvokeFunction",
                    "function_name": "f",
                    "source_account": "123456789012",
                },
            )
        ],
        ["Wider access"],
    ),
    "perm s3 source arn no account": (
        [
            change(
                "aws_lambda_permission.P",
                None,
                {
                    "principal": "s3.amazonaws.com",
                    "action": "lambda:InvokeFunction",
                    "function_name": "f",
                    "source_arn": "arn:aws:s3:::b",
                    "source_account": "1",
                },
            )
        ],
        [],
    ),
    "perm s3 w/ account": (
        [
            change(
                "aws_lambda_permission.P",
                None,
                {
                    "principal": "s3.amazonaws.com",
                    "action": "lambda:InvokeFunction",
                    "function_name": "f",
                    "source_account": "123456789012",
                },
            )
        ],
        [],
    ),
    "perm source_account removed": (
        [
            up(
                "aws_lambda_permission.P",
                {
                    "principal": "s3.amazonaws.com",
                    "source_arn": "arn:aws:s3:::b",
                    "source_account": "1",
                    "action": "lambda:InvokeFunction",
                },
                {
                    "principal": "s3.amazonaws.com",
                    "source_arn": "arn:aws:s3:::b",
                    "source_account": None,
                    "action": "lambda:InvokeFunction",
                },
            )
        ],
        ["Wider access"],
    ),
    "perm action lambda:*": (
        [
            change(
                "aws_lambda_permission.P",
                None,
                {
                    "principal": "apigateway.amazonaws.com",
                    "action": "lambda:*",
                    "function_name": "f",
                    "source_arn": "arn:aws:execute-api:us-east-1:123456789012:x/*",
                },
            )
        ],
        ["Wider access"],
    ),
    "perm source_arn wildcard": (
        [
            change(
                "aws_lambda_permission.P",
                None,
                {
                    "principal": "apigateway.amazonaws.com",
                    "action": "lambda:InvokeFunction",
                    "function_name": "f",
                    "source_arn": "arn:aws:execute-api:*:*:*",
                },
            )
        ],
        ["Open to anybody"],
    ),
    "perm removed": (
        [change("aws_lambda_permission.P", {"principal": "s3.amazonaws.com", "source_arn": "x"}, None)],
        ["Events stop"],
    ),
    "alias version": ([up("aws_lambda_alias.A", {"function_version": "1"}, {"function_version": "2"})], []),
    "alias back to older": ([up("aws_lambda_alias.A", {"function_version": "2"}, {"function_version": "1"})], []),
    "alias routing": (
        [
            up(
                "aws_lambda_alias.A",
                {"routing_config": []},
                {"routing_config": [{"additional_version_weights": {"2": 0.1}}]},
            )
        ],
        [],
    ),
    "timeout 30->3": ([up(F, {"timeout": 30}, {"timeout": 3})], ["Events stop"]),
    "handler": ([up(F, {"handler": "a"}, {"handler": "b"})], []),
    "runtime withdrawn": ([up(F, {"runtime": "python3.12"}, {"runtime": "python3.8"})], ["Protection removed"]),
    "role": ([up(F, {"role": "a"}, {"role": "b"})], ["Wider access"]),
    "log level": (
        [
            up(
                F,
                {"logging_config": [{"application_log_level": "INFO"}]},
                {"logging_config": [{"application_log_level": "FATAL"}]},
            )
        ],
        ["No longer observed"],
    ),
    "log group moved": (
        [up(F, {"logging_config": [{"log_group": "a"}]}, {"logging_config": [{"log_group": "b"}]})],
        ["No longer observed"],
    ),
    "tracing off": (
        [up(F, {"tracing_config": [{"mode": "Active"}]}, {"tracing_config": [{"mode": "PassThrough"}]})],
        ["No longer observed"],
    ),
    "vpc removed": (
        [up(F, {"vpc_config": [{"subnet_ids": ["a"], "security_group_ids": ["b"]}]}, {"vpc_config": []})],
        ["Wider access"],
    ),
    "env kms removed": ([up(F, {"kms_key_arn": "k"}, {"kms_key_arn": None})], ["Encryption lost"]),
    "env var removed pointer": (
        [up(F, {"environment": [{"variables": {"TABLE_NAME": "a"}}]}, {"environment": [{"variables": {}}]})],
        ["Events change"],
    ),
    "env block removed": (
        [up(F, {"environment": [{"variables": {"TABLE_NAME": "a"}}]}, {"environment": []})],
        ["Events change"],
    ),
    "env log level": (
        [
            up(
                F,
                {"environment": [{"variables": {"LOG_LEVEL": "a"}}]},
                {"environment": [{"variables": {"LOG_LEVEL": "b"}}]},
            )
        ],
        [],
    ),
    "env endpoint": (
        [
            up(
                F,
                {"environment": [{"variables": {"A": "a"}}]},
                {"environment": [{"variables": {"A": "a", "AWS_ENDPOINT_URL_DYNAMODB": "https://evil"}}]},
            )
        ],
        ["Wider access"],
    ),
    "arch": ([up(F, {"architectures": ["x86_64"]}, {"architectures": ["arm64"]})], []),
    "snapstart": ([up(F, {"snap_start": []}, {"snap_start": [{"apply_on": "PublishedVersions"}]})], []),
    "invoke config retries 2->0": (
        [up("aws_lambda_function_event_invoke_config.C", {"maximum_retry_attempts": 2}, {"maximum_retry_attempts": 0})],
        ["Events are lost"],
    ),
    "invoke config age": (
        [
            up(
                "aws_lambda_function_event_invoke_config.C",
                {"maximum_event_age_in_seconds": 21600},
                {"maximum_event_age_in_seconds": 60},
            )
        ],
        ["Events are lost"],
    ),
    "invoke config new retries 0": (
        [
            change(
                "aws_lambda_function_event_invoke_config.C", None, {"maximum_retry_attempts": 0, "function_name": "f"}
            )
        ],
        ["Events are lost"],
    ),
    "invoke config on_success removed": (
        [
            up(
                "aws_lambda_function_event_invoke_config.C",
                {"destination_config": [{"on_success": [{"destination": "x"}], "on_failure": [{"destination": "y"}]}]},
                {"destination_config": [{"on_success": [], "on_failure": [{"destination": "y"}]}]},
            )
        ],
        ["Events stop"],
    ),
    "provisioned concurrency removed": (
        [change("aws_lambda_provisioned_concurrency_config.P", {"provisioned_concurrent_executions": 10}, None)],
        ["Events wait longer"],
    ),
    "provisioned concurrency down": (
        [
            up(
                "aws_lambda_provisioned_concurrency_config.P",
                {"provisioned_concurrent_executions": 100},
                {"provisioned_concurrent_executions": 1},
            )
        ],
        ["Events wait longer"],
    ),
    "provisioned concurrency 500": (
        [change("aws_lambda_provisioned_concurrency_config.P", None, {"provisioned_concurrent_executions": 500})],
        ["Costs more"],
    ),
    "code signing removed": (
        [up(F, {"code_signing_config_arn": "a"}, {"code_signing_config_arn": None})],
        ["Protection removed"],
    ),
    "layer perm *": (
        [
            change(
                "aws_lambda_layer_version_permission.P",
                None,
                {"principal": "*", "layer_name": "x", "action": "lambda:GetLayerVersion"},
            )
        ],
        ["Open to anybody"],
    ),
    "image uri foreign": (
        [
            up(
                F,
                {
                    "image_uri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1",
                    "arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                },
                {
                    "arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                    "image_uri": "999999999999.dkr.ecr.us-east-1.amazonaws.com/a:1",
                },
            )
        ],
        ["Wider access"],
    ),
    "s3 code bucket changed": ([up(F, {"s3_bucket": "ours"}, {"s3_bucket": "theirs"})], ["Wider access"]),
    "efs arn": (
        [up(F, {"file_system_config": [{"arn": "a"}]}, {"file_system_config": [{"arn": "b"}]})],
        ["Events change"],
    ),
    "secret recovery 0": (
        [up("aws_secretsmanager_secret.S", {"recovery_window_in_days": 30}, {"recovery_window_in_days": 0})],
        ["Kept for less time"],
    ),
    "secret policy public": (
        [
            change(
                "aws_secretsmanager_secret_policy.P",
                None,
                {"secret_arn": "a", "policy": policy(allow("secretsmanager:GetSecretValue", "*", Principal="*"))},
            )
        ],
        ["Open to anybody"],
    ),
    "rotation schedule": (
        [
            up(
                "aws_secretsmanager_secret_rotation.R",
                {"rotation_rules": [{"automatically_after_days": 30}]},
                {"rotation_rules": [{"automatically_after_days": 365}]},
            )
        ],
        ["Protection removed"],
    ),
    "ssm SecureString->String": (
        [
            change(
                "aws_ssm_parameter.P",
                {"type": "SecureString", "name": "a"},
                {"type": "String", "name": "a"},
                actions=["delete", "create"],
            )
        ],
        ["Data is lost", "Encryption lost"],
    ),
    "cognito mfa off": (
        [up("aws_cognito_user_pool.U", {"mfa_configuration": "ON"}, {"mfa_configuration": "OFF"})],
        ["Authorization opened"],
    ),
    "cognito callback": (
        [
            up(
                "aws_cognito_user_pool_client.U",
                {"callback_urls": ["https://a"]},
                {"callback_urls": ["https://a", "https://evil"]},
            )
        ],
        ["Authorization opened"],
    ),
    "autoscaling target max down": (
        [
            up(
                "aws_appautoscaling_target.T",
                {"max_capacity": 100, "min_capacity": 1},
                {"max_capacity": 60, "min_capacity": 1},
            )
        ],
        [],
    ),
    "codedeploy allatonce": (
        [
            up(
                "aws_codedeploy_deployment_group.G",
                {"deployment_config_name": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"},
                {"deployment_config_name": "CodeDeployDefault.LambdaAllAtOnce"},
            )
        ],
        ["Protection removed"],
    ),
    "codedeploy rollback off": (
        [
            up(
                "aws_codedeploy_deployment_group.G",
                {"auto_rollback_configuration": [{"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}]},
                {"auto_rollback_configuration": []},
            )
        ],
        ["Protection removed"],
    ),
    "tags only": ([up(F, {"tags": {"a": "1"}}, {"tags": {"a": "2"}})], []),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
