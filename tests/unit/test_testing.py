"""`sluice.testing`, which users' unit tests and ours are based on."""

import json
from pathlib import Path

import pytest
from cdktf import TerraformHclModule, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
)
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

from modules import Bucket, ConfigurationError, PythonFunction, Role
from modules.testing import SynthesizedStack

ACCOUNT = "123456789012"
NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})


def queues(stack: TerraformStack, *names: str) -> None:
    for name in names:
        SqsQueue(Construct(stack, name), "Queue", name=name.lower(), tags={"Owner": "team"})


def role(scope: Construct, name: str) -> IamRole:
    return IamRole(scope, "Role", name=name, assume_role_policy=NOBODY)


def test_resources_are_found_by_type_and_construct_path_however_they_are_named_in_terraform(
    stack: TerraformStack,
) -> None:
    queues(stack, "In", "Out")
    TerraformOutput(stack, "Name", value="in")
    terraform = SynthesizedStack(stack)
    expected = {name: {"name": name.lower(), "tags": {"Owner": "team"}} for name in ("In", "Out")}
    assert terraform.resources("aws_sqs_queue") == {f"{name}/Queue": block for name, block in expected.items()}
    assert terraform.resource("aws_sqs_queue", "Out/Queue") == expected["Out"]
    assert terraform.resources("aws_sns_topic") == {}
    assert terraform.outputs() == {"Name": "in"}
    assert terraform.types() == {"aws_sqs_queue"}


def test_references_between_resources_name_construct_paths(stack: TerraformStack) -> None:
    bucket = Bucket(stack, "Pictures", name="pictures", account_id=ACCOUNT)
    TerraformOutput(stack, "Arn", value=bucket.arn)
    assert SynthesizedStack(stack).outputs() == {"Arn": "${aws_s3_bucket.Pictures/Bucket.arn}"}


def test_modules_and_outputs_are_compared_as_resources_are(stack: TerraformStack) -> None:
    TerraformHclModule(Construct(stack, "Network"), "Vpc", source="company/vpc/aws", variables={"cidr": "10.0.0.0/16"})
    TerraformOutput(stack, "Name", value="in")
    terraform = SynthesizedStack(stack)
    assert terraform.modules() == {"Network/Vpc": {"source": "company/vpc/aws", "cidr": "10.0.0.0/16"}}
    assert terraform.modules().difference({"Network/Vpc": {"source": "company/vpc/aws", "cidr": "10.1.0.0/16"}}) == [
        "Network/Vpc.cidr: '10.0.0.0/16' != '10.1.0.0/16'"
    ]
    assert terraform.outputs().difference({"Name": "out"}) == ["Name: 'in' != 'out'"]


def test_returned_values_are_copies(stack: TerraformStack) -> None:
    queues(stack, "In")
    terraform = SynthesizedStack(stack)
    terraform.resource("aws_sqs_queue")["tags"]["Owner"] = "somebody"
    assert terraform.resource("aws_sqs_queue")["tags"] == {"Owner": "team"}


@pytest.mark.parametrize(
    ("asked", "path", "message"),
    [
        (
            "aws_sqs_queue",
            "Inn/Queue",
            "there is no aws_sqs_queue at Inn/Queue (did you mean In/Queue?); there are: In/Queue, Out/Queue",
        ),
        ("aws_sqs_queue", None, "there are 2 aws_sqs_queue; there are: In/Queue, Out/Queue"),
        ("aws_sqs_que", None, "there is no aws_sqs_que (did you mean aws_sqs_queue?); there are: aws_sqs_queue"),
    ],
)
def test_a_resource_that_is_not_there_is_refused_with_those_that_are(
    stack: TerraformStack, asked: str, path: str | None, message: str
) -> None:
    queues(stack, "In", "Out")
    with pytest.raises(LookupError) as refused:
        SynthesizedStack(stack).resource(asked, path)
    assert refused.value.args == (message,)


def test_the_permissions_of_a_function_are_all_that_its_role_may_do(stack: TerraformStack, code: Path) -> None:
    bucket = Bucket(stack, "Pictures", name="pictures", account_id=ACCOUNT)
    shrink = PythonFunction(stack, "Shrink", name="shrink", packages=[code])
    bucket.grant_write(shrink, prefix="out/")
    terraform = SynthesizedStack(stack)
    expected = [
        "Allow logs:CreateLogStream on ${aws_cloudwatch_log_group.Shrink/LogGroup.arn}:*",
        "Allow logs:PutLogEvents on ${aws_cloudwatch_log_group.Shrink/LogGroup.arn}:*",
        "Allow s3:PutObject on ${aws_s3_bucket.Pictures/Bucket.arn}/out/*",
        "Allow sqs:SendMessage on ${aws_sqs_queue.Shrink/Failures/Queue.arn}",
        "Allow xray:PutTelemetryRecords on *",
        "Allow xray:PutTraceSegments on *",
    ]
    assert terraform.permissions("Shrink") == expected
    assert terraform.permissions(shrink) == terraform.permissions("Shrink/Role") == expected


def test_the_permissions_of_a_role_are_those_of_every_kind_of_policy_that_terraform_has(stack: TerraformStack) -> None:
    worker = role(Construct(stack, "Worker"), "worker")
    role(Construct(stack, "Other"), "other")
    only = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    text = {"Statement": {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::a", "Condition": only}}
    IamRolePolicy(stack, "AsText", role="worker", policy=json.dumps(text))
    shared = DataAwsIamPolicyDocument(stack, "Shared", statement=[{"actions": ["sqs:A"], "resources": ["q"]}])
    both = DataAwsIamPolicyDocument(
        stack,
        "Both",
        source_policy_documents=[shared.json],
        statement=[DataAwsIamPolicyDocumentStatement(effect="Deny", not_actions=["sns:B"], resources=["t"])],
    )
    attached = IamPolicy(stack, "Attached", policy=both.json)
    for number, arn in enumerate((attached.arn, "arn:aws:iam::aws:policy/ReadOnlyAccess")):
        IamRolePolicyAttachment(stack, f"Attachment{number}", role=worker.name, policy_arn=arn)
    terraform = SynthesizedStack(stack)
    assert terraform.permissions("Worker") == [
        "Allow sqs:A on q",
        "Allow what arn:aws:iam::aws:policy/ReadOnlyAccess allows",
        "Deny all but sns:B on t",
        f"Deny s3:* on all but arn:aws:s3:::a if StringEquals aws:SourceAccount {ACCOUNT}",
    ]
    assert terraform.permissions("Other") == []


def test_a_construct_without_a_role_of_its_own_is_refused(stack: TerraformStack) -> None:
    one = Construct(stack, "One")
    for name in ("One", "Two"):
        role(Construct(one, name), name)
    queues(stack, "In")
    terraform = SynthesizedStack(stack)
    for of, message in {
        "In": "In has no role; there are: One/One/Role, One/Two/Role",
        "One": "One has several roles; there are: One/One/Role, One/Two/Role",
    }.items():
        with pytest.raises(LookupError) as refused:
            terraform.statements(of)
        assert refused.value.args == (message,)


def test_a_policy_that_only_terraform_will_know_is_refused_not_left_out(stack: TerraformStack) -> None:
    role(Construct(stack, "Worker"), "worker")
    IamRolePolicy(stack, "Policy", role="worker", policy="${file(policy.json)}")
    with pytest.raises(ValueError, match=r"learns only when it applies: .*policy\.json"):
        SynthesizedStack(stack).permissions("Worker")


def test_a_difference_names_each_construct_path_and_attribute_with_both_values(stack: TerraformStack) -> None:
    queues(stack, "In", "Out", "Extra")
    role(stack, "worker")
    terraform = SynthesizedStack(stack)
    other = {
        "In/Queue": {"name": "inn", "tags": {"Owner": "team", "Cost": "1"}},
        "Out/Queue": {"name": "out", "tags": {"Owner": "team"}},
        "Missing/Queue": {},
    }
    assert terraform.resources("aws_sqs_queue").difference(other) == [
        "Extra/Queue: only in this: {'name': 'extra', 'tags': {'Owner': 'team'}}",
        "In/Queue.name: 'in' != 'inn'",
        "In/Queue.tags.Cost: only in the other: '1'",
        "Missing/Queue: only in the other: {}",
    ]
    trusted = {"Version": "2012-10-17", "Statement": [{"Sid": "Lambda"}]}
    assert terraform.resource("aws_iam_role").difference({"name": "x", "assume_role_policy": json.dumps(trusted)}) == [
        "assume_role_policy.Statement: only in the other: {'Sid': 'Lambda'}",
        "name: 'worker' != 'x'",
    ]


def test_a_difference_of_statements_names_them_by_sid(stack: TerraformStack, worker: PythonFunction) -> None:
    statements = SynthesizedStack(stack).statements(worker)
    other = [dict(one) for one in statements]
    other[0] = {**other[0], "actions": ["logs:PutLogEvents"]}
    assert statements.difference(other) == ["[WriteOwnLogs].actions: only in this: 'logs:CreateLogStream'"]
    assert statements.difference(list(statements)) == []
    assert statements.difference(list(reversed(statements))) == [
        "list: the order differs: ['WriteOwnLogs', 'WriteTraces', 'KeepFailures'] != "
        "['KeepFailures', 'WriteTraces', 'WriteOwnLogs']"
    ]


def test_the_permissions_of_an_existing_role_are_those_that_this_stack_adds(stack: TerraformStack) -> None:
    bucket = Bucket(stack, "Pictures", name="pictures", account_id=ACCOUNT)
    reporting = Role.from_name(stack, "Reporting", "reporting")
    role(Construct(stack, "Other"), "other")
    deployer = Role.from_arn(Construct(stack, "Team"), "Deployer", role(Construct(stack, "Own"), "own").arn)
    bucket.grant_read(reporting, prefix="in/")
    bucket.grant_delete(deployer)
    terraform = SynthesizedStack(stack)
    arn = "${aws_s3_bucket.Pictures/Bucket.arn}"
    assert terraform.permissions(reporting) == [
        f"Allow s3:GetObject on {arn}/in/*",
        f"Allow s3:GetObjectVersion on {arn}/in/*",
    ]
    assert terraform.permissions("Team") == terraform.permissions(deployer) == [f"Allow s3:DeleteObject on {arn}/*"]
    assert list(terraform.grants("Reporting")) == ["ReadInPictures"]
    with pytest.raises(LookupError, match="Pictures has no role; there are: Other/Role, Own/Role, Reporting, Team/Dep"):
        terraform.permissions(bucket)


def test_what_synth_refuses_is_refused_in_a_unit_test(stack: TerraformStack) -> None:
    for id_ in ("In", "Out"):
        SqsQueue(Construct(stack, id_), "Queue", name="work")
    with pytest.raises(
        ConfigurationError, match=r"stack/Out/Queue: there is an aws_sqs_queue .* already, stack/In/Queue"
    ):
        SynthesizedStack(stack)
