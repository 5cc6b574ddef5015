"""Options of a function, and values that Lambda refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from modules import ConfigurationError, Dependencies, Logs, PythonFunction, Vpc

from .synthesized import Terraform

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


def made(stack: TerraformStack, code: Path, **options: Any) -> dict[str, Any]:
    PythonFunction(stack, "Worker", **{"name": "worker", "packages": [code], **options})
    return dict(Terraform(stack).one("aws_lambda_function"))


def test_options_become_the_functions_arguments(stack: TerraformStack, code: Path) -> None:
    function = made(
        stack,
        code,
        layers=[LAYER],
        architecture="arm64",
        runtime="python3.14",
        ephemeral_storage_mb=1024,
        reserved_concurrency=5,
        logs=Logs(level="WARN", system_level="INFO"),
    )
    chosen = ("layers", "architectures", "runtime", "ephemeral_storage", "reserved_concurrent_executions")
    assert {name: function[name] for name in (*chosen, "logging_config")} == {
        "layers": [LAYER],
        "architectures": ["arm64"],
        "runtime": "python3.14",
        "ephemeral_storage": {"size": 1024},
        "reserved_concurrent_executions": 5,
        "logging_config": {"log_format": "JSON", "application_log_level": "WARN", "system_log_level": "INFO"},
    }


def test_reserved_concurrency_needs_no_acceptance_any_more(stack: TerraformStack, code: Path) -> None:
    made(stack, code, reserved_concurrency=0)
    assert "CKV_AWS_115" not in Terraform(stack).accepted["Worker/Function"]


def test_retries_and_event_age_are_choices(stack: TerraformStack, code: Path) -> None:
    made(stack, code, retries=0, event_age_seconds=60)
    config = Terraform(stack).one("aws_lambda_function_event_invoke_config")
    assert (config["maximum_retry_attempts"], config["maximum_event_age_in_seconds"]) == (0, 60)
    description = Terraform(stack).all("aws_cloudwatch_metric_alarm")["Worker/Alarms/Errors"]["alarm_description"]
    assert description.startswith("worker failed; the event is kept in ")


def test_a_function_may_trigger_itself_with_allow_recursion(stack: TerraformStack, code: Path) -> None:
    made(stack, code, allow_recursion=True)
    assert Terraform(stack).one("aws_lambda_function_recursion_config") == {
        "function_name": "${aws_lambda_function.Worker/Function.function_name}",
        "recursive_loop": "Allow",
    }


@pytest.mark.parametrize("handler", ["worker.app.run", "worker/app.run", "worker.deep.run"])
def test_the_handler_is_a_choice(stack: TerraformStack, tmp_path: Path, handler: str) -> None:
    (tmp_path / "worker" / "deep").mkdir(parents=True)
    for file in ("app.py", "deep/__init__.py"):
        (tmp_path / "worker" / file).write_text("")
    assert made(stack, tmp_path / "worker", handler=handler)["handler"] == handler


def test_a_handler_may_be_in_a_layer(stack: TerraformStack, code: Path) -> None:
    assert made(stack, code, handler="wrapper.handler.handle", layers=[LAYER])["handler"] == "wrapper.handler.handle"


def test_exclude_reaches_the_archive(new_stack: Callable[[], TerraformStack], tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    for file in ("handler.py", "notes.md"):
        (tmp_path / "worker" / file).write_text("")
    all_ = made(new_stack(), tmp_path / "worker")
    with pytest.warns(UserWarning, match=r"left out of worker: notes\.md"):
        without = made(new_stack(), tmp_path / "worker", exclude=["*.md"])
    assert all_["source_code_hash"] != without["source_code_hash"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, r"name is 'a b', AWS allows 1 to 64 letters, digits, - and _"),
        ({"name": "x" * 65}, "name is "),
        ({"timeout_seconds": 0}, "timeout_seconds is 0, AWS allows 1 to 900 seconds"),
        ({"timeout_seconds": 901}, "timeout_seconds is 901"),
        ({"memory_mb": 1}, "memory_mb is 1, AWS allows 128 to 10240 MB"),
        ({"ephemeral_storage_mb": 100}, "ephemeral_storage_mb is 100, AWS allows 512 to 10240 MB"),
        ({"reserved_concurrency": -1}, "reserved_concurrency is -1"),
        ({"runtime": "nodejs20.x"}, "runtime is 'nodejs20.x', AWS allows python3.11, python3.12, python3.13, python3"),
        ({"runtime": "python3.9"}, "runtime is 'python3.9'"),
        ({"architecture": "aarch64"}, "architecture is 'aarch64', AWS allows x86_64, arm64"),
        ({"layers": [LAYER] * 6}, "layers has 6, AWS allows 0 to 5 layers"),
        (
            {"layers": [LAYER.removesuffix(":3")]},
            "layers is .*; it has to be an ARN with the layer's version at its end",
        ),
        ({"retries": 3}, "retries is 3, AWS allows 0 to 2"),
        ({"event_age_seconds": 59}, "event_age_seconds is 59, AWS allows 60 to 21600"),
        ({"log_retention_days": 77}, "log_retention_days is 77, AWS allows 1, 3, 5, 7, "),
        ({"logs": Logs("Text", level="INFO")}, "logs has levels, which Lambda knows in the format JSON only"),
        ({"logs": Logs(level="info")}, r"logs\.level is 'info', AWS allows TRACE, "),
        ({"logs": Logs(system_level="ERROR")}, r"logs\.system_level is 'ERROR', AWS allows DEBUG, INFO, WARN"),
        ({"vpc": Vpc([], ["sg-1"])}, r"vpc\.subnet_ids has 0, AWS allows 1 to 16 subnets"),
        ({"environment": {"AWS_REGION": "x"}}, "environment has AWS_REGION, which Lambda sets itself"),
        ({"environment": {"_HANDLER": "x"}}, "environment has _HANDLER, which Lambda sets itself"),
        (
            {"environment": {"A-B": "x"}},
            "environment's name is 'A-B', AWS allows two characters or more, a letter first",
        ),
        ({"environment": {"LIMIT": 5}}, "environment's LIMIT is 5; give a text"),
        ({"environment": {"LONG": "x" * 4096}}, r"environment has \d+ bytes, Lambda allows 4096 in all"),
        ({"packages": []}, r"packages is \[\]; give a list with a code folder at least"),
        ({"packages": "worker"}, "packages is 'worker'; give a list"),
        ({"packages": [Path("/missing")]}, "packages has /missing, which is not a folder"),
        ({"handler": "worker.handler"}, "handler is 'worker.handler'; give package.module.function of a packed folder"),
        ({"handler": "other.handler.handle"}, "give package.module.function of a packed folder: worker"),
        ({"handler": "worker.other.handle"}, r"handler is 'worker.other.handle', but .*/worker has no other\.py"),
        ({"exclude": ["handler.py"]}, r"has no handler\.py \(left out by `exclude`\?\)"),
        (
            {"installed": "sluice-functions"},
            "installed is 'sluice-functions'; give a list of names of installed packages",
        ),
        ({"installed": [5]}, r"installed is \[5\]; give a list of names of installed packages"),
        ({"installed": ["no-such-kit"]}, "installed has 'no-such-kit', which is not installed"),
        ({"libraries": Path("/tmp"), "dependencies": Path("uv.lock")}, "libraries and dependencies are both given"),  # noqa: S108
        ({"dependencies": Dependencies(Path("/missing/uv.lock"))}, r"/missing/uv\.lock cannot be read"),
    ],
)
@pytest.mark.filterwarnings("ignore:function code")
def test_what_lambda_refuses_is_refused_with_what_it_allows(
    stack: TerraformStack, code: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        made(stack, code, **options)


@pytest.mark.parametrize("folder", ["my function", "v1.2", "with\ttab"])
def test_a_folder_that_python_cannot_import_is_refused(stack: TerraformStack, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "handler.py").write_text("")
    with pytest.raises(ConfigurationError, match="Python imports no folder with dots or blanks in its name"):
        made(stack, tmp_path / folder)


def test_two_folders_of_one_name_are_refused(stack: TerraformStack, code: Path, tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    with pytest.raises(ConfigurationError, match="packages has two folders of one name: worker, worker"):
        made(stack, code, packages=[code, tmp_path / "worker"])


def test_a_folder_without_handler_is_refused(stack: TerraformStack, tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    with pytest.raises(ConfigurationError, match=r"handler is 'worker\.handler\.handle', but .* has no handler\.py"):
        made(stack, tmp_path / "worker")


def test_numbers_that_terraform_knows_later_stay_terraforms(stack: TerraformStack, code: Path) -> None:
    seconds = TerraformVariable(stack, "Seconds", type="number").number_value
    text = TerraformVariable(stack, "Text", type="string").string_value
    function = made(
        stack, code, timeout_seconds=seconds, memory_mb=seconds, name=f"worker-{text}", environment={"TEXT": text}
    )
    assert (function["timeout"], function["memory_size"]) == ("${var.Seconds}", "${var.Seconds}")
    alarm = Terraform(stack).all("aws_cloudwatch_metric_alarm")["Worker/Alarms/Duration"]
    assert alarm["threshold"] == "${(var.Seconds * 800)}"
    assert alarm["alarm_description"] == "worker-${var.Text} took more than 80 % of its timeout of ${var.Seconds} s"


@pytest.mark.parametrize("given", [{"dependencies": Path("uv.lock")}, {"installed": ["pytest"]}])
def test_libraries_are_not_packed_for_a_runtime_that_terraform_knows_later(
    stack: TerraformStack, code: Path, given: dict[str, Any]
) -> None:
    runtime = TerraformVariable(stack, "Runtime", type="string").string_value
    with pytest.raises(ConfigurationError, match="give runtime and architecture as plain texts"):
        made(stack, code, runtime=runtime, **given)
