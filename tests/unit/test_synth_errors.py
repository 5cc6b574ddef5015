"""Errors of an app as a whole are ConfigurationErrors of `App.synth`, in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import modules  # first: it prepares the provider binding and jsii

# isort: split
import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.kms_key_policy import KmsKeyPolicy
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
from constructs import Construct

from modules import Bucket, ConfigurationError, PythonFunction, Queue, Table, Topic
from modules._synthesized_checks import problems


class Stacks:
    """An app of two stacks, as projects have them."""

    def __init__(self, folder: Path, code: Path) -> None:
        self.app = App(outdir=str(folder))
        self.one, self.other = (TerraformStack(self.app, name) for name in ("one", "other"))
        for stack in (self.one, self.other):
            AwsProvider(stack, "Aws", region="us-east-1")
        self._code = code

    def function(self, stack: TerraformStack, id_: str = "Worker", **options: Any) -> PythonFunction:
        return PythonFunction(stack, id_, **{"name": id_.lower(), "packages": [self._code], **options})


@pytest.fixture
def stacks(tmp_path: Path, code: Path) -> Stacks:
    return Stacks(tmp_path / "out", code)


def test_two_stacks_that_depend_on_each_other_are_an_error_with_advice(stacks: Stacks) -> None:
    uploads = Bucket(stacks.other, "Uploads", name="uploads")
    uploads.on_object_created(stacks.function(stacks.one))
    stacks.function(stacks.one, "Reader", environment={"BUCKET": uploads.name})
    said = r"^the stacks one and other would need each other.* give the name as a text"
    with pytest.raises(ConfigurationError, match=said):
        stacks.app.synth()


def test_a_name_that_is_a_text_needs_no_other_stack(stacks: Stacks) -> None:
    uploads = Bucket(stacks.other, "Uploads", name="uploads")
    uploads.on_object_created(stacks.function(stacks.one, environment={"BUCKET": "uploads"}))
    stacks.app.synth()


def test_a_second_configuration_of_a_buckets_notification_is_refused(stacks: Stacks) -> None:
    uploads = Bucket(stacks.one, "Uploads", name="uploads")
    uploads.on_object_created(stacks.function(stacks.one))
    S3BucketNotification(stacks.one, "Second", bucket=uploads.name)
    with pytest.raises(ConfigurationError, match=r"^one/Second: the bucket's notification is one/Uploads/Notification"):
        stacks.app.synth()


def test_a_schedule_that_calls_nothing_is_refused(stacks: Stacks) -> None:
    modules.Schedule(stacks.one, "Nightly", name="nightly", rate="1 day")
    with pytest.raises(ConfigurationError, match=r"^one/Nightly: nothing is called at that time; add a target by"):
        stacks.app.synth()


def test_a_stack_without_a_provider_is_refused_in_words(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "out"))
    Queue(TerraformStack(app, "stack"), "Orders", name="orders")
    with pytest.raises(ConfigurationError, match="provider construct"):
        app.synth()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda scope: Queue(scope, "It", name="same"), "aws_sqs_queue with name 'same'"),
        (lambda scope: Topic(scope, "It", name="same"), "aws_sns_topic with name 'same'"),
        (lambda scope: Bucket(scope, "It", name="same"), "aws_s3_bucket with bucket 'same'"),
        (lambda scope: Table(scope, "It", name="same", partition_key="id"), "aws_dynamodb_table with name 'same'"),
    ],
)
def test_two_resources_of_one_name_in_a_stack_are_refused(
    stacks: Stacks, make: Callable[[Construct], object], said: str
) -> None:
    for number in (1, 2):
        make(Construct(stacks.one, f"Part{number}"))
        make(Construct(stacks.other, "Part")) if number == 1 else None  # which may be another account's
    with pytest.raises(ConfigurationError, match=said):
        stacks.app.synth()


def test_an_overridden_name_counts_and_repeated_blocks_do_not(stacks: Stacks) -> None:
    first, second = (Queue(stacks.one, id_, name=id_.lower()) for id_ in ("First", "Second"))
    second.resource.add_override("name", "first")
    with pytest.raises(
        ConfigurationError, match=r"^one/(First|Second)/Queue: there is an aws_sqs_queue with name 'first'"
    ):
        stacks.app.synth()
    second.resource.add_override("count", 2)
    stacks.app.synth()
    assert first.name != second.name


def test_a_function_behind_a_queue_twice_by_raw_resources_is_refused() -> None:
    mapping = {"event_source_arn": "arn:q", "function_name": "f"}
    found = list(problems({"resource": {"aws_lambda_event_source_mapping": {"A": mapping, "B": mapping | {}}}}))
    assert len(found) == 1
    assert "event_source_arn 'arn:q', function_name 'f'" in found[0]


@pytest.mark.parametrize(
    "version", ["5.100.0", "= 5.100.0", "~> 5.0", "~> 6.19.0", "< 6.20", ">= 5.0, < 6.0", "6.19.0"]
)
def test_a_runtime_is_refused_where_the_providers_version_does_not_know_it(version: str) -> None:
    (problem,) = problems(synthesized("python3.14", version))
    assert problem.startswith(
        f"stack/Worker: runtime is python3.14, which version {version} of the AWS provider does not"
    )
    assert list(problems(synthesized("python3.13", version))) == []


@pytest.mark.parametrize(
    "version", ["6.20.0", "~> 6.0", "~> 6.20", ">= 5.0", "~> 6.21.0", "", "> 6", "!= 5.1.0", "7.0.0"]
)
def test_a_runtime_is_admitted_where_a_version_of_the_provider_may_know_it(version: str) -> None:
    assert list(problems(synthesized("python3.14", version))) == []


def test_the_newest_runtime_needs_a_newer_provider_than_the_pinned_one(stacks: Stacks) -> None:
    stacks.function(stacks.one, runtime="python3.14")
    # CDKTF's binding pins it; CDK Terrain's pins a version that knows the runtime.
    stacks.one.add_override("terraform.required_providers.aws.version", "5.100.0")
    with pytest.raises(
        ConfigurationError, match=r"python3\.14, which version 5\.100\.0 of the AWS provider does not know"
    ):
        stacks.app.synth()
    stacks.one.add_override("terraform.required_providers.aws.version", "~> 6.20")
    stacks.app.synth()


def synthesized(runtime: str, version: str) -> dict[str, Any]:
    worker = {"runtime": runtime, "//": {"metadata": {"path": "stack/Worker"}}}
    return {
        "terraform": {"required_providers": {"aws": {"version": version}}},
        "resource": {"aws_lambda_function": {"Worker": worker}},
    }


def test_a_second_setting_of_an_account_is_refused(stacks: Stacks) -> None:
    for name in ("one", "other"):
        modules.ApiLoggingRole(stacks.one, name.title(), name=name)
    with pytest.raises(ConfigurationError, match="there is an aws_api_gateway_account already, one/One/Account"):
        stacks.app.synth()


OTHER = "eu-west-1:123456789012"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda stacks: add_api(stacks).add_domain(
                "api.example.com", certificate_arn=f"arn:aws:acm:{OTHER}:certificate/12345678-1234"
            ),
            r"Api/.*/DomainName: regional_certificate_arn is .*, of eu-west-1; aws_api_gateway_domain_name needs one",
        ),
        (
            lambda stacks: stacks.function(stacks.one, layers=[f"arn:aws:lambda:{OTHER}:layer:tools:1"]),
            r"Worker/Function: layers is arn:aws:lambda:eu-west-1:.*; aws_lambda_function needs one of us-east-1",
        ),
        (
            lambda stacks: Queue(
                stacks.one, "Q", name="q", key=modules.Key.from_arn(stacks.one, "Key", f"arn:aws:kms:{OTHER}:key/1")
            ),
            "Q/Queue: kms_master_key_id is arn:aws:kms:eu-west-1:",
        ),
        (
            lambda stacks: add_api(stacks, web_acl_arn=f"arn:aws:wafv2:{OTHER}:regional/webacl/a/b"),
            r"Api/WebAcl: web_acl_arn is .*, of eu-west-1",
        ),
        (
            lambda stacks: Bucket(stacks.one, "Uploads", name="uploads").on_object_created(
                Queue.from_arn(stacks.one, "Q", f"arn:aws:sqs:{OTHER}:q", admits=["s3.amazonaws.com"])
            ),
            "queue.queue_arn is arn:aws:sqs:eu-west-1:",
        ),
    ],
)
def test_what_is_in_another_region_is_refused_where_aws_needs_the_same(stacks: Stacks, make: Any, said: str) -> None:
    make(stacks)
    with pytest.raises(ConfigurationError, match=said):
        stacks.app.synth()


def test_what_another_provider_manages_is_compared_with_its_region() -> None:
    layer = {"layers": [f"arn:aws:lambda:{OTHER}:layer:tools:1"], "provider": "aws.west"}
    functions = {"F": layer, "G": {**layer, "provider": "aws.variable"}, "H": {**layer, "region": "eu-west-1"}}
    regions = [
        {"region": "us-east-1"},
        {"alias": "west", "region": "eu-west-1"},
        {"alias": "variable", "region": "${var.region}"},
    ]
    assert list(problems({"provider": {"aws": regions}, "resource": {"aws_lambda_function": functions}})) == []
    functions["F"].pop("provider")
    (found,) = problems({"provider": {"aws": regions}, "resource": {"aws_lambda_function": functions}})
    assert "of eu-west-1; aws_lambda_function needs one of us-east-1" in found


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda here, there, code: Bucket(here, "Files", name="files").on_object_created(
                PythonFunction(there, "Worker", name="worker", packages=[code])
            ),
            "lambda_function.lambda_function_arn is there/Worker/Function, of eu-west-1; .* needs one of us-east-1",
        ),
        (
            lambda here, there, code: Queue(
                here, "Work", name="work", key=modules.Key(there, "Key", alias="alias/k", description="")
            ),
            "here/Work/Queue: kms_master_key_id is there/Key/Key, of eu-west-1; aws_sqs_queue needs one of us-east-1",
        ),
    ],
)
def test_a_resource_of_another_stack_is_compared_with_the_region_of_its_stack(
    tmp_path: Path, code: Path, make: Any, said: str
) -> None:
    app = App(outdir=str(tmp_path))
    here, there = (TerraformStack(app, name) for name in ("here", "there"))
    for stack, region in ((here, "us-east-1"), (there, "eu-west-1")):
        AwsProvider(stack, "Aws", region=region)
    make(here, there, code)
    with pytest.raises(ConfigurationError, match=said):
        app.synth()


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        *(
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
        ),
        *(("us-isob-east-1", "aws-iso-b"), ("eusc-de-east-1", "aws-eusc"), ("ap-southeast-7", "aws")),
    ],
)
def test_an_arn_of_another_partition_is_refused(region: str, partition: str) -> None:
    def named(of: str) -> list[str]:
        statement = {"resources": [f"arn:{of}:s3:::theirs/*"], "//": {"metadata": {"path": "stack/Policy"}}}
        data = {"aws_iam_policy_document": {"P": {"statement": [statement], **statement}}}
        variable = {"environment": {"variables": {"ROLE": "arn:aws-other:iam::123456789012:role/r"}}}
        functions = {"aws_lambda_function": {"F": variable}}
        return list(problems({"provider": {"aws": [{"region": region}]}, "data": data, "resource": functions}))

    assert named(partition) == []
    assert named("aws-x") == [
        f"stack/Policy: arn:aws-x:s3:::theirs/* is of the partition aws-x; resources in {region} can name those of "
        f"{partition} only"
    ]


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (
            lambda queue, key: S3BucketVersioningA(
                queue, "Own", bucket="files", versioning_configuration={"status": "Suspended"}
            ),
            "there is an aws_s3_bucket_versioning with bucket .* already, one/.*; AWS keeps one: leave one out",
        ),
        (
            lambda queue, key: SqsQueuePolicy(queue, "Own", queue_url=queue.resource.id, policy="{}"),
            "there is an aws_sqs_queue_policy with queue_url .* already, one/Work/",
        ),
        (
            lambda queue, key: KmsKeyPolicy(key, "Own", key_id=key.resource.id, policy="{}"),
            "one/Key/Own: one/Key/Key sets its policy itself, and each apply would undo the other's; leave one of",
        ),
    ],
)
def test_a_raw_resource_that_sets_what_a_class_sets_is_refused(stacks: Stacks, add: Any, said: str) -> None:
    Bucket(stacks.one, "Files", name="files")
    add(Queue(stacks.one, "Work", name="work"), modules.Key(stacks.one, "Key", alias="alias/k", description=""))
    with pytest.raises(ConfigurationError, match=said):
        stacks.app.synth()


def test_one_domain_in_two_apis_is_refused_with_the_way_to_share_it(stacks: Stacks) -> None:
    for id_ in ("Api", "Other"):
        api = modules.RestApi(stacks.one, id_, name=id_, description="d")
        api.on_request(stacks.function(stacks.one, f"{id_}Answers"), "GET", "/")
        api.add_domain("a.example.com", certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1")
    with pytest.raises(ConfigurationError, match=r"serve the second API by api\.use_domain"):
        stacks.app.synth()


def test_the_certificate_of_an_edge_optimized_domain_is_in_us_east_1() -> None:
    domain = {"certificate_arn": f"arn:aws:acm:{OTHER}:certificate/1"}
    stack = {"provider": {"aws": [{"region": "eu-west-1"}]}, "resource": {"aws_api_gateway_domain_name": {"D": domain}}}
    assert [line.partition("; ")[2] for line in problems(stack)] == ["an edge-optimized domain needs one of us-east-1"]


def add_api(stacks: Stacks, **options: Any) -> Any:
    api = modules.RestApi(stacks.one, "Api", name="api", description="d", **options)
    api.on_request(stacks.function(stacks.one, "Answers"), "GET", "/")
    return api
