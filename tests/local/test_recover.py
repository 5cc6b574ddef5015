"""`sluice recover`: nothing is lost when a deployment is interrupted or killed, or a state is lost."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.recovery.existing import KINDS, MADE_AGAIN, find
from sluice_cli.recovery.state_store import StateStore
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import DEFAULT_STATE_REGION, Target, local_target
from sluice_cli.terraform.state_bucket import ensure_state_bucket
from tests.support.commands import project_of, project_with_local_aws, run_command, sluice_here
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

SYSTEM = "invocation-log"
REGION = "us-west-2"
ENVIRONMENT = "recover"
SETTINGS = {"ENVIRONMENT_SUFFIX": ENVIRONMENT}
TABLE = f"lambda-invocation-logs-{ENVIRONMENT}"
BUCKET = f"lambda-trigger-bucket-{ENVIRONMENT}-000000000000"
TOPIC = f"sluice-{SYSTEM}-alarms-{ENVIRONMENT}"
RESOURCES = 28
PATIENCE = 600
STORES = 10  # more than tests use

# A resource that a deployment creates late.
SOMEBODY_ELSES: dict[str, Any] = {
    "AlarmName": f"s3-processor-{ENVIRONMENT}-ApproximateNumberOfMessagesVisible",
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Dimensions": [{"Name": "QueueName", "Value": "theirs"}],
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 2,
    "Threshold": 77.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "Tags": [{"Key": "Project", "Value": "theirs"}],
}


@dataclass(frozen=True)
class Site:
    """A local AWS used by these tests only: they break it."""

    local: LocalAws
    target: Target

    @property
    def store(self) -> StateStore:
        bucket = self.target.environment["STATE_BUCKET"]
        return StateStore(self.local.client("s3"), bucket, f"sluice/{SYSTEM}/{ENVIRONMENT}/terraform.tfstate")

    def client(self, service: str) -> Any:
        return self.local.client(service, region_name=REGION)

    def applying(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["terraform", "apply", "-auto-approve", "-input=false", "-no-color"],
            cwd=Stack(SYSTEM, self.target).folder,
            env=self.target.plain_variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def recover(self, *options: str) -> tuple[int, str, str]:
        folder = project_of(self.local).folder
        return sluice_here(folder, "recover", SYSTEM, "--local", *options, variables=SETTINGS)

    def deploy(self) -> None:
        """Deploy the system, unless another test has."""
        newest = next(iter(self.store.versions()), None)
        if newest is None or newest.resources != RESOURCES:
            synthesize(self.target, [SYSTEM])
            Stack(SYSTEM, self.target).terraform("init", "-input=false")
            output, _ = self.applying().communicate(timeout=PATIENCE)
            assert "Apply complete!" in output


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    project, local = project_with_local_aws(tmp_path_factory.mktemp("recover"))
    try:
        local.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ENVIRONMENT_SUFFIX", ENVIRONMENT)
            target = local_target(project)
        account = local.client("sts").get_caller_identity()["Account"]
        bucket = target.environment["STATE_BUCKET"]
        ensure_state_bucket(local.client("s3"), bucket, DEFAULT_STATE_REGION, account)
        yield Site(local, target)
    finally:
        local.stop()


def there(look: Callable[[], Any]) -> bool:
    try:
        return bool(look())
    except ClientError:
        return False


def stop(process: subprocess.Popen[str], sign: int) -> None:
    """Stop all processes at once, as Ctrl-C in a terminal or a power failure does."""
    os.killpg(process.pid, sign)
    process.communicate(timeout=PATIENCE)


def test_resources_of_an_interrupted_and_a_killed_apply_are_adopted(site: Site) -> None:
    synthesize(site.target, [SYSTEM])
    Stack(SYSTEM, site.target).terraform("init", "-input=false")
    dynamodb, s3, sns = site.client("dynamodb"), site.client("s3"), site.client("sns")

    # Interrupted while most resources are being created.
    interrupted = site.applying()
    eventually(lambda: there(lambda: dynamodb.describe_table(TableName=TABLE)), within=PATIENCE)
    eventually(lambda: there(lambda: s3.get_bucket_policy(Bucket=BUCKET)), within=PATIENCE)
    stop(interrupted, signal.SIGINT)
    assert interrupted.returncode == 1
    assert site.store.lock() is None
    kept = site.store.versions()[0]
    assert 0 < kept.resources < RESOURCES
    row = {"requestId": {"S": "kept"}, "timestamp": {"S": "2026-01-01T00:00:00Z"}}
    dynamodb.put_item(TableName=TABLE, Item=row)
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"kept")

    # Killed when more exist, without a chance to report it.
    killed = site.applying()
    eventually(
        lambda: there(lambda: any(TOPIC in one["TopicArn"] for one in sns.list_topics()["Topics"])), within=PATIENCE
    )
    stop(killed, signal.SIGKILL)
    lock = site.store.lock()
    assert lock is not None
    assert lock.operation == "OperationTypeApply"

    # The next deployment finds the lock, and mentions `recover`.
    with pytest.raises(DeploymentError, match=f"sluice recover {SYSTEM} --local"):
        Stack(SYSTEM, site.target).terraform("plan", "-input=false")
    code, said, problem = run_command(site.local, "recover", SYSTEM, "--local", variables=SETTINGS, timeout=PATIENCE)
    assert code == 3
    assert f"Lock: held by {lock.who}" in said
    assert "give --unlock" in problem
    assert site.store.lock() == lock

    # Meanwhile another stack took a name.
    cloudwatch = site.client("cloudwatch")
    cloudwatch.put_metric_alarm(**SOMEBODY_ELSES)
    code, said, problem = site.recover("--unlock", "--adopt")
    assert code == 3, said + problem
    assert "Lock: released" in said
    assert TOPIC in said
    assert "Adopted: " in said
    foreign = [line for line in said.splitlines() if "somebody else's" in line]
    assert len(foreign) == 1
    assert foreign[0].endswith(f"{SOMEBODY_ELSES['AlarmName']}\tsomebody else's: it carries Project=theirs")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[SOMEBODY_ELSES["AlarmName"]])["MetricAlarms"]
    assert alarm["Threshold"] == SOMEBODY_ELSES["Threshold"]
    cloudwatch.delete_alarms(AlarmNames=[SOMEBODY_ELSES["AlarmName"]])
    finished = site.applying()
    output, _ = finished.communicate(timeout=PATIENCE)
    assert finished.returncode == 0, output
    assert site.store.versions()[0].resources == RESOURCES
    site_keeps_row_and_object(site)

    # Then the state is truncated by a process that holds the lock and died.
    s3_of_states, bucket, key = site.store.s3, site.store.bucket, site.store.key
    whole = s3_of_states.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3_of_states.put_object(Bucket=bucket, Key=key, Body=whole[: len(whole) // 2])
    s3_of_states.put_object(Bucket=bucket, Key=f"{key}.tflock", Body=json.dumps(lock_of("somebody@elsewhere")))
    code, said, problem = site.recover("--unlock")
    assert code == 3
    assert "unreadable" in said
    assert "give --restore newest" in problem
    code, said, problem = site.recover("--restore", "newest")
    assert code == 0, said + problem
    assert f"with {RESOURCES} resources" in said
    assert f"{SYSTEM}: state and resources agree with the configuration" in said
    assert s3_of_states.get_object(Bucket=bucket, Key=key)["Body"].read() == whole
    site_keeps_row_and_object(site)


def test_without_a_state_resources_are_found_by_name_and_removed_with_an_option(site: Site) -> None:
    site.deploy()
    store = site.store
    versions = store.s3.list_object_versions(Bucket=store.bucket, Prefix=store.key)
    for one in [*versions["Versions"], *versions.get("DeleteMarkers", [])]:
        store.s3.delete_object(Bucket=store.bucket, Key=one["Key"], VersionId=one["VersionId"])
    code, said, problem = site.recover("--remove")
    assert code == 0, said + problem
    assert "none was written yet" in said
    assert f"Removed: {RESOURCES}" in said
    assert not there(lambda: site.client("dynamodb").describe_table(TableName=TABLE))
    assert not there(lambda: site.client("s3").head_bucket(Bucket=BUCKET))


def site_keeps_row_and_object(site: Site) -> None:
    rows = site.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    assert "kept" in {row["requestId"]["S"] for row in rows}
    assert site.client("s3").get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"kept"


def lock_of(who: str) -> dict[str, str]:
    return {"ID": "1", "Operation": "OperationTypeApply", "Who": who, "Created": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def stores(site: Site) -> list[StateStore]:
    """States with two versions."""
    made = [StateStore(site.store.s3, site.store.bucket, f"sluice/{one}/terraform.tfstate") for one in range(STORES)]
    for serial in (1, 2):
        for store in made:
            put(store, state(serial))
        time.sleep(1.1)  # S3's version times have a resolution of a second
    return made


@pytest.fixture
def store(stores: list[StateStore]) -> StateStore:
    """A state with two versions, used by this test only."""
    return stores.pop()


def state(serial: int) -> bytes:
    resources = [{"mode": "managed"}] * serial + [{"mode": "data"}]
    return json.dumps({"version": 4, "serial": serial, "lineage": "one", "resources": resources}).encode()


def put(store: StateStore, body: bytes) -> None:
    store.s3.put_object(Bucket=store.bucket, Key=store.key, Body=body)


def test_versions_of_a_state_are_listed_with_their_content_newest_first(store: StateStore) -> None:
    assert [(one.serial, one.resources, one.lineage, one.problem) for one in store.versions()] == [
        (2, 2, "one", ""),
        (1, 1, "one", ""),
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"", "empty"), (state(2)[:-9], "unreadable"), (b"[]", "unreadable"), (b'{"version": 9}', "format 9, not 4")],
)
def test_a_damaged_state_is_recognized_and_its_earlier_version_comes_back(
    store: StateStore, body: bytes, problem: str
) -> None:
    put(store, body)
    current, before, _ = store.versions()
    assert current.problem == problem
    store.restore(before)
    assert store.s3.get_object(Bucket=store.bucket, Key=store.key)["Body"].read() == state(2)
    assert store.versions()[0].problem == ""
    assert store.lock() is None


def test_a_deleted_state_is_recognized_and_comes_back_with_its_damage_kept(store: StateStore) -> None:
    store.s3.delete_object(Bucket=store.bucket, Key=store.key)
    deleted, before, *_ = store.versions()
    assert deleted.problem == "deleted"
    store.restore(before)
    assert [one.problem for one in store.versions()] == ["", "deleted", "", ""]
    assert store.versions()[0].serial == 2


def test_no_state_is_restored_while_somebody_holds_the_lock(store: StateStore) -> None:
    store.s3.put_object(Bucket=store.bucket, Key=f"{store.key}.tflock", Body=json.dumps(lock_of("a@b")))
    with pytest.raises(DeploymentError, match="the state is locked"):
        store.restore(store.versions()[1])
    assert store.versions()[0].serial == 2


def test_a_lock_is_released_only_if_it_is_still_the_one_that_was_shown(store: StateStore) -> None:
    lock_file = {"Bucket": store.bucket, "Key": f"{store.key}.tflock"}
    store.s3.put_object(**lock_file, Body=json.dumps(lock_of("a@b")))
    shown = store.lock()
    assert shown is not None
    store.s3.put_object(**lock_file, Body=json.dumps(lock_of("c@d")))
    with pytest.raises(DeploymentError, match="taken again meanwhile, by c@d"):
        store.release(shown)
    now = store.lock()
    assert now is not None
    store.release(now)
    assert store.lock() is None


def test_all_deployed_resources_are_found_by_name_with_their_import_id(
    deployment: Deployment,
) -> None:
    looked_for = set()
    for system in deployment.systems:
        region = deployment.region(system)

        def client(service: str, region: str = region) -> Any:
            return deployment.local.client(service, region_name=region)

        for resource in deployment.resources(system):
            kind = resource["address"].partition(".")[0]
            if kind in MADE_AGAIN:
                continue
            found = find(KINDS[kind], client, resource)
            assert found in import_ids(resource), resource["address"]
            looked_for.add(kind)
            # Nothing is found if the names are unknown, or do not exist.
            assert find(KINDS[kind], client, dict.fromkeys(resource)) is None
    assert len(looked_for) > 20


def import_ids(resource: dict[str, Any]) -> set[str]:
    """Import ids as the provider documents them, from the attributes of deployed resources."""
    parts: dict[str, tuple[str, ...]] = {
        "aws_api_gateway_gateway_response": ("rest_api_id", "response_type"),
        "aws_api_gateway_integration": ("rest_api_id", "resource_id", "http_method"),
        "aws_api_gateway_integration_response": ("rest_api_id", "resource_id", "http_method", "status_code"),
        "aws_api_gateway_method_response": ("rest_api_id", "resource_id", "http_method", "status_code"),
        "aws_api_gateway_method": ("rest_api_id", "resource_id", "http_method"),
        "aws_api_gateway_method_settings": ("rest_api_id", "stage_name", "method_path"),
        "aws_api_gateway_model": ("rest_api_id", "name"),
        "aws_api_gateway_request_validator": ("rest_api_id", "id"),
        "aws_api_gateway_resource": ("rest_api_id", "id"),
        "aws_api_gateway_stage": ("rest_api_id", "stage_name"),
        "aws_lambda_permission": ("function_name", "statement_id"),
    }
    return {"/".join(resource[one] for one in parts.get(resource["address"].partition(".")[0], ("id",)))}
