"""Of which stacks a plan depends on files, state and AWS's configuration only: any other is planned each time."""

from typing import Any

import pytest

from sluice_cli.terraform.unchanged import is_determined

AWS = {"terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}}}


def resource(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"resource": {kind: {"one": arguments}}}


@pytest.mark.parametrize(
    "configuration",
    [
        AWS,
        {},
        {**AWS, **resource("aws_sqs_queue", name="jobs")},
        {**AWS, **resource("aws_lambda_function", source_code_hash='${filebase64sha256("assets/code/1/archive.zip")}')},
        {**AWS, **resource("terraform_data", input="${upper(local.name)}")},
        {"terraform": {"required_providers": [{"random": {"source": "hashicorp/random"}}]}, **resource("random_id")},
        {**AWS, "data": {"aws_caller_identity": {"me": {}}, "terraform_remote_state": {"other": {}}}},
    ],
)
def test_a_plan_of_aws_resources_depends_on_nothing_else(configuration: dict[str, Any]) -> None:
    assert is_determined(configuration)


@pytest.mark.parametrize(
    "configuration",
    [
        {**AWS, "module": {"queue": {"source": "./queue"}}},
        {"terraform": {"required_providers": {"cloud": {"source": "example/cloud"}}}},
        {"terraform": {"required_providers": {"own": {"source": "registry.example.com/team/own"}}}},
        {**AWS, "data": {"archive_file": {"code": {"source_dir": "/src"}}}},
        {**AWS, "data": {"http": {"page": {}}}},
        {**AWS, **resource("local_file")},
        {**AWS, **resource("aws_s3_object", key="a")},
        {**AWS, **resource("aws_dynamodb_table_item")},
        {**AWS, "data": {"aws_s3_objects": {"all": {}}}},
        {**AWS, **resource("aws_sqs_queue", name="${timestamp()}")},
        {**AWS, **resource("aws_sqs_queue", name='${file("/etc/hostname")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("~/name")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("../name")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("a/../../name")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("${path.module}/name")}')},
        {**AWS, **resource("aws_sqs_queue", name="${templatefile(local.file, {})}")},
        {**AWS, **resource("aws_sqs_queue", name='${join(",", fileset(".", "*"))}')},
    ],
)
def test_what_else_a_plan_depends_on_has_it_planned(configuration: dict[str, Any]) -> None:
    assert not is_determined(configuration)
