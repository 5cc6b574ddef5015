"""The doorbell's rights, and who may invoke it."""

import cdktf
import pytest
from stacks.doorbell import Doorbell

from settings import Settings
from tests.unit.synthesized import Terraform, allow, replaced_with_function


@pytest.fixture(scope="module")
def doorbell(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    return Terraform(Doorbell(cdktf.Testing.app(outdir=str(tmp_path_factory.mktemp("cdktf"))), Settings()))


def test_the_role_may_do_exactly_what_the_function_does(doorbell: Terraform) -> None:
    assert doorbell.grants("Ringer") == {
        "OperateRinger": [
            allow(
                "WriteOwnLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "${aws_cloudwatch_log_group.Ringer/LogGroup.arn}:*",
            ),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            allow("KeepFailures", ["sqs:SendMessage"], "${aws_sqs_queue.Ringer/Failures/Queue.arn}"),
        ],
        "PutRings": [allow("Put", ["dynamodb:PutItem"], "${aws_dynamodb_table.Rings/Table.arn}")],
    }


def test_only_the_systems_own_sources_may_invoke_the_function(doorbell: Terraform) -> None:
    assert doorbell.one("aws_lambda_permission") == {
        "function_name": "${aws_lambda_function.Ringer/Function.function_name}",
        **replaced_with_function("Ringer"),
        "action": "lambda:InvokeFunction",
        "principal": "s3.amazonaws.com",
        "source_arn": "${aws_s3_bucket.Visitors/Bucket.arn}",
        "source_account": "${data.aws_caller_identity.Account.account_id}",
    }
