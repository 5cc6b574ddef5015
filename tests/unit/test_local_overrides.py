"""Override files that redirect a synthesized stack to the local AWS, whatever its author wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.project import Synthesized
from sluice_cli.terraform.local_overrides import ADDITION, CLEARED, NONE, OVERRIDE, SERVICES, write

ENDPOINT = "https://127.0.0.1:4566"
QUEUE = {"aws_sqs_queue": {"q": {"name": "q"}}}
HASHICORP = {"aws": {"source": "aws", "version": "5.100.0"}}
# Its endpoint is that of the environment, AWS_ENDPOINT_URL.
PROVIDER = {"s3_use_path_style": True, "skip_metadata_api_check": "true"}
# Of a version that may not know that variable.
OLD_PROVIDER = {**PROVIDER, "endpoints": [dict.fromkeys(SERVICES, ENDPOINT)]}


def state(key: str) -> dict[str, Any]:
    return {
        "bucket": "states",
        "key": key,
        "region": "us-east-1",
        "encrypt": True,
        "use_lockfile": True,
        "endpoints": {"s3": ENDPOINT, "sts": ENDPOINT, "iam": ENDPOINT},
        "use_path_style": True,
        "skip_metadata_api_check": True,
    }


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """The files written beside stacks: by name, the override and the addition."""

    def made(**stacks: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
        for name, stack in stacks.items():
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "cdk.tf.json").write_text(json.dumps(stack))
        write(Synthesized(tmp_path, {name: tmp_path / name for name in stacks}, {}), ENDPOINT, "states")
        return {name: (read(tmp_path / name / OVERRIDE), read(tmp_path / name / ADDITION)) for name in stacks}

    return made


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def test_every_provider_block_is_overridden_under_its_alias(written: Any) -> None:
    blocks = [{"region": "eu-west-1"}, {"alias": "west", "region": "us-west-2"}]
    stack = {"terraform": {"required_providers": HASHICORP}, "provider": {"aws": blocks}, "resource": QUEUE}
    ((override, addition),) = written(a=stack).values()
    assert override["provider"] == {"aws": [PROVIDER, {"alias": "west", **PROVIDER}]}
    assert addition == {}


def test_arguments_that_lead_to_an_account_are_removed(written: Any) -> None:
    block = {
        **dict.fromkeys(CLEARED, "x"),
        "assume_role": [{"role_arn": "arn:aws:iam::123456789012:role/deploy"}],
        "assume_role_with_web_identity": {"role_arn": "arn:aws:iam::123456789012:role/deploy"},
        "endpoints": [{"dynamodb": "https://aws", "braket": "https://aws"}],
        "region": "eu-west-1",
        "default_tags": [{"tags": {"a": "b"}}],
    }
    terraform = {"required_providers": HASHICORP}
    ((override, _),) = written(a={"terraform": terraform, "provider": {"aws": block}, "resource": QUEUE}).values()
    assert override["provider"]["aws"] == [
        {
            **PROVIDER,
            **dict.fromkeys(CLEARED),
            "dynamic": {"endpoints": NONE},
            "assume_role": [{}],
            "assume_role_with_web_identity": [{}],
        }
    ]


def test_resources_without_a_provider_block_get_the_one_that_terraform_implies(written: Any) -> None:
    found = written(
        none={"resource": QUEUE},
        data={"data": {"aws_caller_identity": {"me": {}}}},
        aliased={"provider": {"aws": [{"alias": "west", "region": "us-west-2"}]}, "resource": QUEUE},
    )
    assert [addition for _, addition in found.values()] == [{"provider": {"aws": [OLD_PROVIDER]}}] * 3
    assert [("provider" in override) for override, _ in found.values()] == [False, False, True]


def test_a_provider_under_another_name_is_found_by_its_source(written: Any) -> None:
    stack = {
        "terraform": {"required_providers": [{"amazon": {"source": "hashicorp/aws"}}]},
        "provider": {"amazon": {"region": "eu-west-1"}},
        "resource": {"aws_sqs_queue": {"q": {"provider": "amazon"}}},
    }
    ((override, _),) = written(a=stack).values()
    assert override["provider"]["amazon"] == [OLD_PROVIDER]


@pytest.mark.parametrize("version", [None, "4.67.0", "~> 5.0", ">= 4.0, < 6.0", "< 6", "!= 5.31.0", "not a version"])
def test_a_provider_that_may_be_old_gets_the_endpoints_of_services(written: Any, version: str | None) -> None:
    required = {"aws": {"source": "hashicorp/aws", **({"version": version} if version else {})}}
    stack = {"terraform": {"required_providers": required}, "provider": {"aws": [{}]}, "resource": QUEUE}
    ((override, _),) = written(a=stack).values()
    assert override["provider"] == {"aws": [OLD_PROVIDER]}


def test_all_endpoints_of_an_author_are_replaced_where_the_provider_may_be_old(written: Any) -> None:
    block = {"endpoints": [{"dynamodb": "https://aws", "braket": "https://aws"}]}
    ((override, _),) = written(a={"provider": {"aws": block}, "resource": QUEUE}).values()
    assert override["provider"]["aws"] == [{**PROVIDER, "endpoints": [dict.fromkeys([*SERVICES, "braket"], ENDPOINT)]}]


@pytest.mark.parametrize("version", ["5.100.0", "~> 5.40", "~> 5.100.0", ">= 5.82, < 7.0.0", "> 5.50, != 5.60.0"])
def test_a_provider_that_is_new_enough_takes_the_endpoint_of_the_environment(written: Any, version: str) -> None:
    stack = {"terraform": {"required_providers": {"aws": {"version": version}}}, "resource": QUEUE}
    ((_, addition),) = written(a=stack).values()
    assert addition == {"provider": {"aws": [PROVIDER]}}


def test_a_stack_without_aws_gets_a_backend_and_nothing_else(written: Any) -> None:
    stack = {
        "terraform": {"required_providers": {"random": {"source": "hashicorp/random"}}},
        "provider": {"random": [{}]},
        "resource": {"random_id": {"a": {"byte_length": 2}}},
    }
    assert written(a=stack) == {"a": ({"terraform": {"backend": {"s3": state("a/terraform.tfstate")}}}, {})}


@pytest.mark.parametrize(
    ("terraform", "key"),
    [
        ({}, "a/terraform.tfstate"),
        ({"backend": {"local": {"path": "/x/terraform.a.tfstate"}}}, "a/terraform.tfstate"),
        ({"backend": {"remote": {"organization": "ours"}}}, "a/terraform.tfstate"),
        ({"cloud": {"organization": "ours"}}, "a/terraform.tfstate"),
        ({"backend": {"s3": {"bucket": "theirs", "key": "deep/a.tfstate", "region": "eu-west-1"}}}, "deep/a.tfstate"),
        ({"backend": {"s3": [{"bucket": "theirs", "key": "deep/a.tfstate"}]}}, "deep/a.tfstate"),
    ],
)
def test_state_is_kept_on_the_local_aws_whatever_the_backend(written: Any, terraform: Any, key: str) -> None:
    ((override, _),) = written(a={"terraform": terraform}).values()
    assert override["terraform"] == {"backend": {"s3": state(key)}}


def test_states_of_the_apps_other_stacks_are_read_from_there_and_no_others(written: Any) -> None:
    kept = {"bucket": "theirs", "key": "shared.tfstate", "region": "eu-west-1"}
    reads = {
        "cross-stack-reference-input-data": {"backend": "local", "config": {"path": "/x/terraform.data.tfstate"}},
        "by-hand": {"backend": "s3", "config": kept},
        "another-teams": {"backend": "s3", "config": {**kept, "key": "elsewhere.tfstate"}},
    }
    found = written(
        data={"terraform": {"backend": {"local": {"path": "/x/terraform.data.tfstate"}}}},
        shared={"terraform": {"backend": {"s3": kept}}},
        web={"data": {"terraform_remote_state": reads}},
    )
    override, _ = found["web"]
    assert override["data"] == {
        "terraform_remote_state": {
            "cross-stack-reference-input-data": {"backend": "s3", "config": state("data/terraform.tfstate")},
            "by-hand": {"backend": "s3", "config": state("shared.tfstate")},
        }
    }


def test_an_addition_that_is_not_needed_any_more_goes_away(written: Any) -> None:
    assert written(a={"resource": QUEUE})["a"][1] != {}
    assert written(a={"resource": QUEUE, "provider": {"aws": [{"region": "eu-west-1"}]}})["a"][1] == {}
