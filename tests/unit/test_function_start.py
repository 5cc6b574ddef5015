"""How functions start: shortcuts fall back to the ordinary way and can be turned off, and no variable is needed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import botocore.loaders
import botocore.session
import pytest
from botocore.exceptions import NoRegionError, UnknownServiceError

from checks import ROOT
from sluice_functions import _fast_botocore, aws
from sluice_functions._fast_botocore import FastLoader
from sluice_functions.observability import logger


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(aws, "_sessions", {})
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }.items():
        monkeypatch.setenv(name, value)
    yield
    aws._clients.clear()


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(logger, "warning", lambda text, **_: said.append(text))
    return said


def loader() -> type:
    return type(aws.session().get_component("data_loader"))


def test_clients_start_fast_and_the_ordinary_way_on_request(
    monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    assert aws.client("sqs").meta.endpoint_url == "https://sqs.us-east-1.amazonaws.com"
    assert loader() is FastLoader
    monkeypatch.setenv("SLUICE_COLD_START", "ordinary")
    monkeypatch.setattr(aws, "_sessions", {})
    assert aws.client("sqs").meta.endpoint_url == "https://sqs.us-east-1.amazonaws.com"
    assert loader() is botocore.loaders.Loader
    assert warnings == []


def broken_session() -> Any:
    raise AttributeError("'Session' object has no attribute 'register_component'")


def broken(*_: Any, **__: Any) -> Any:
    raise KeyError("partitions")


@pytest.mark.parametrize(
    ("place", "replacement"),
    [
        ("fast_session", broken_session),
        ("FastLoader.load_data_with_path", broken),
        ("FastLoader.list_available_services", lambda *_: []),
    ],
)
def test_another_botocore_inside_brings_the_ordinary_way_and_a_warning(
    monkeypatch: pytest.MonkeyPatch, warnings: list[str], place: str, replacement: Any
) -> None:
    where = aws if place == "fast_session" else _fast_botocore.FastLoader
    monkeypatch.setattr(where, place.rpartition(".")[2], replacement)
    assert aws.client("dynamodb").meta.endpoint_url == "https://dynamodb.us-east-1.amazonaws.com"
    assert aws.client("s3").meta.endpoint_url == "https://s3.amazonaws.com"
    assert loader() is botocore.loaders.Loader
    assert warnings == ["botocore differs from what the fast start knows: clients start the ordinary way"]


def test_a_mistake_of_the_caller_is_raised_as_botocore_words_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownServiceError, match="Unknown service: 'squs'"):
        aws.client("squs")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setattr(aws, "_sessions", {})
    with pytest.raises(NoRegionError):
        aws.client("sqs")


BARE = """
from types import SimpleNamespace
from sluice_functions import sqs
from sluice_functions.observability import instrumented

@instrumented
def handle(event, context):
    return sqs.for_each_message(event, lambda message: message.json())

context = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
print(handle({"Records": [{"messageId": "m", "body": "no JSON"}]}, context))
"""


@pytest.mark.parametrize(
    ("variables", "namespace"),
    [
        ({}, "sluice_functions"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "orders"}, "orders"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "orders", "POWERTOOLS_METRICS_NAMESPACE": "shop"}, "shop"),
    ],
)
def test_a_function_without_powertools_variables_counts_and_answers(variables: dict[str, str], namespace: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BARE],
        env={"PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *_, metric, answer = done.stdout.splitlines()
    assert answer == "{'batchItemFailures': [{'itemIdentifier': 'm'}]}"
    (directive,) = json.loads(metric)["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == namespace
    assert [one["Name"] for one in directive["Metrics"]] == ["RecordsFailed"]


IMPORT = """
import sys, types
if {changed}:  # a Powertools that uses more of typing_extensions than the light one has
    import builtins
    ordinary = builtins.__import__
    def importing(name, globals=None, locals=None, fromlist=(), level=0):
        module = ordinary(name, globals, locals, fromlist, level)
        if name == "aws_lambda_powertools.logging" or (name == "logging" and level == 1):
            ordinary("typing_extensions", fromlist=["TypeAliasType"]).TypeAliasType
        return module
    builtins.__import__ = importing
from sluice_functions.observability import logger
import aws_lambda_powertools
print(sorted({{"typing_extensions"}} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("changed", "switch", "loaded"),
    [(False, "fast", []), (False, "ordinary", ["typing_extensions"]), (True, "fast", ["typing_extensions"])],
)
def test_powertools_loads_without_typing_extensions_unless_it_needs_more_of_it(
    changed: bool, switch: str, loaded: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(changed=changed)],
        env={"PYTHONPATH": str(ROOT), "SLUICE_COLD_START": switch, "POWERTOOLS_SERVICE_NAME": "s"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{loaded}\n"
