"""A stack of a project's own as a plain module: names, expressions, blocks, and what becomes a variable."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.export import hcl, templates
from sluice_cli.export.files import ADDRESSES, format_hcl, module_files, renew_files
from sluice_cli.export.module import Module, read_module
from sluice_cli.export.names import readable_names, snake_case
from sluice_cli.export.schema import Body, Schemas
from sluice_cli.export.stacks import export
from sluice_cli.export.tree import Either, When
from sluice_cli.moving.roots import Folder, find_call
from sluice_cli.project import Project
from sluice_cli.target import Target

TAGS = {"tags": {"optional": True}}
PROVIDER: dict[str, Any] = {
    "resource_schemas": {
        "aws_sqs_queue": {"block": {"attributes": {**TAGS, "name": {"optional": True}}}},
        "aws_s3_bucket": {
            "block": {
                "attributes": {**TAGS, "bucket": {"optional": True}},
                "block_types": {"versioning": {"block": {"attributes": {"enabled": {"optional": True}}}}},
            }
        },
        "aws_lambda_function": {"block": {"attributes": {"filename": {"optional": True}}}},
    },
    "data_source_schemas": {"aws_region": {"block": {"attributes": {}}}},
}
SCHEMAS = Schemas((PROVIDER,))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("DynamoDBTableName", "dynamo_db_table_name"),
        ("BucketName", "bucket_name"),
        ("a-b.c d", "a_b_c_d"),
        ("Api4XX", "api4_xx"),
        ("2nd", "_2nd"),
    ],
)
def test_names_are_in_snake_case(given: str, name: str) -> None:
    assert snake_case(given) == name


def test_names_leave_out_what_the_type_says_and_stay_unique() -> None:
    paths = {
        ("resource", "aws_s3_bucket", "A"): "Objects/Bucket",
        ("resource", "aws_cloudwatch_metric_alarm", "B"): "Recorder/Alarms/Errors",
        ("resource", "aws_kms_key", "C"): "Key/Key",
        ("resource", "aws_sqs_queue", "D"): "Jobs",
        ("resource", "aws_sqs_queue", "E"): "Jobs/Queue",
        ("resource", "aws_sqs_queue", "F"): "jobs",
    }
    names = {id_: name for (_, _, id_), name in readable_names(paths).items()}
    assert names == {
        "A": "objects",
        "B": "recorder_errors",
        "C": "key",
        "D": "jobs",
        "E": "jobs_queue",
        "F": "jobs_2",
    }


@pytest.mark.parametrize(
    ("template", "expression"),
    [
        ("${var.a}", "var.a"),
        ("a-${var.a}", '"a-${var.a}"'),
        ("$${literal}", '"$${literal}"'),
        ('say "${join("}", [var.a])}"', r'"say \"${join("}", [var.a])}\""'),
        ("a\nb\\c", r'"a\nb\\c"'),
        ("", '""'),
        ('${jsonencode({"a" = "${var.b}", "c-d" = [1]})}', 'jsonencode({"a" = "${var.b}", "c-d" = [1]})'),
    ],
)
def test_a_template_is_an_expression_wherever_it_is_nothing_else(template: str, expression: str) -> None:
    assert templates.as_expression(template) == expression


def test_a_long_expression_is_broken_into_lines() -> None:
    objects = ", ".join(f'{{"type" = "metric", "metrics" = [["AWS/Lambda", "Errors{number}"]]}}' for number in range(3))
    assert hcl.expression(f'${{jsonencode({{"widgets" = [{objects}]}})}}').splitlines() == [
        "jsonencode({",
        "widgets = [",
        '{ type = "metric", metrics = [["AWS/Lambda", "Errors0"]] },',
        '{ type = "metric", metrics = [["AWS/Lambda", "Errors1"]] },',
        '{ type = "metric", metrics = [["AWS/Lambda", "Errors2"]] },',
        "]",
        "})",
    ]


def test_conditions_become_what_the_language_has_for_them() -> None:
    body = Body(PROVIDER["resource_schemas"]["aws_s3_bucket"]["block"])
    content = {
        "bucket": Either("var.a != null", "${var.a}", "b"),
        "tags": {"x": "1", "y": When("var.b", "2")},
        "versioning": When("var.c > 0", [{"enabled": Either("var.d", True, False)}]),
    }
    text = format_hcl(hcl.block('resource "aws_s3_bucket" "b"', content, body))
    assert text.splitlines() == [
        'resource "aws_s3_bucket" "b" {',
        '  bucket = coalesce(var.a, "b")',
        "  tags = merge(",
        "    {",
        '      x = "1"',
        "    },",
        "    var.b ? {",
        '      y = "2"',
        "    } : {}",
        "  )",
        "",
        '  dynamic "versioning" {',
        "    for_each = var.c > 0 ? [1] : []",
        "    content {",
        "      enabled = var.d",
        "    }",
        "  }",
        "}",
    ]


@pytest.mark.parametrize(
    ("condition", "opposite"),
    [
        ("var.a", "!var.a"),
        ('var.a == "b"', 'var.a != "b"'),
        ("var.a && var.b", "!(var.a && var.b)"),
        ("contains(var.a, var.b)", "!contains(var.a, var.b)"),
        ("length(var.a) > 0", "!(length(var.a) > 0)"),
    ],
)
def test_the_opposite_of_a_condition(condition: str, opposite: str) -> None:
    assert hcl.condition_not(condition) == opposite


def stack(**parts: Any) -> dict[str, Any]:
    required = {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}, "backend": {"s3": {}}}
    return {"terraform": required, "provider": {"aws": [{"region": "us-east-1"}]}, **parts}


def module(document: dict[str, Any], folder: Path) -> Module:
    return read_module("own", document, folder, SCHEMAS, required_version=">= 1.5")


def element(path: str, **content: Any) -> dict[str, Any]:
    return {"//": {"metadata": {"path": f"own/{path}"}}, **content}


def test_a_stack_becomes_a_module_with_its_variables_and_without_provider_and_backend(tmp_path: Path) -> None:
    document = stack(
        variable={"Stage_AB12CD34": element("Stage", type="${string}", default="dev")},
        locals={"theName": "jobs-${var.Stage_AB12CD34}"},
        resource={
            "aws_sqs_queue": {
                "Jobs_Queue_AB12CD34": element("Jobs/Queue", name="${local.theName}", provider="aws.west"),
                "Dead_Queue_AB12CD34": element("Dead/Queue", depends_on=["aws_sqs_queue.Jobs_Queue_AB12CD34"]),
            }
        },
        output={"QueueUrl": {"value": "${aws_sqs_queue.Jobs_Queue_AB12CD34.url}"}},
    )
    document["provider"]["aws"] += [{"alias": "west", "region": "us-west-2"}]
    document["provider"]["aws"][0]["default_tags"] = [{"tags": {"Team": "${var.Stage_AB12CD34}"}}]
    made = module(document, tmp_path)
    assert made.addresses == {
        "aws_sqs_queue.jobs": "aws_sqs_queue.Jobs_Queue_AB12CD34",
        "aws_sqs_queue.dead": "aws_sqs_queue.Dead_Queue_AB12CD34",
    }
    texts = module_files(made, SCHEMAS, "# own")
    assert texts["main.tf"].split("\n\n")[1:] == [
        'resource "aws_sqs_queue" "dead" {\n  tags = local.tags',
        "  depends_on = [aws_sqs_queue.jobs]\n}",
        # Tags of one provider configuration are not another's.
        'resource "aws_sqs_queue" "jobs" {\n  provider = aws.west\n  name     = local.the_name\n}\n',
    ]
    assert 'the_name = "jobs-${var.stage}"' in texts["main.tf"]
    assert "Team = var.stage" in texts["main.tf"]
    assert "configuration_aliases = [aws.west]" in texts["versions.tf"]
    assert 'variable "stage" {\n  type    = string\n  default = "dev"\n}' in texts["variables.tf"]
    assert texts["outputs.tf"] == 'output "queue_url" {\n  value = aws_sqs_queue.jobs.url\n}\n'
    assert "backend" not in "".join(texts.values())
    assert json.loads(texts[ADDRESSES])["stack"] == "own"


def test_what_a_stack_reads_from_another_becomes_a_variable(tmp_path: Path) -> None:
    read = "data.terraform_remote_state.cross-stack-reference-input-data.outputs.cross-stack-output-queueName"
    document = stack(
        data={"terraform_remote_state": {"cross-stack-reference-input-data": {"backend": "s3"}}},
        resource={"aws_sqs_queue": {"Jobs": element("Jobs", name=f"x-${{{read}}}")}},
    )
    made = module(document, tmp_path)
    assert list(made.variables) == ["data_queue_name"]
    assert made.blocks == {("resource", "aws_sqs_queue", "jobs"): {"name": "x-${var.data_queue_name}"}}


def test_assets_lie_in_the_modules_folder_and_terraform_works_out_their_hash(tmp_path: Path) -> None:
    archive = tmp_path / "assets" / "Code" / "AB" / "code.zip"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"")
    empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    function = element("F", filename="assets/Code/AB/code.zip", source_code_hash=empty)
    made = module(stack(resource={"aws_lambda_function": {"F": function}}), tmp_path)
    assert made.files == {"code.zip": archive}
    assert made.blocks["resource", "aws_lambda_function", "f"] == {
        "filename": "${path.module}/code.zip",
        "source_code_hash": '${filebase64sha256("${path.module}/code.zip")}',
    }
    archive.unlink()
    with pytest.raises(InputError, match="it is not there; synthesize again"):
        module(stack(resource={"aws_lambda_function": {"F": function}}), tmp_path)


def test_a_resource_of_no_provider_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"^aws_x: no provider that the stack requires has this resource"):
        module(stack(resource={"aws_x": {"A": element("A")}}), tmp_path)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.tf").write_text("")
    with pytest.raises(InputError, match="holds other things than an exported module: give a new folder"):
        export("own", tmp_path, tmp_path, {}, tmp_path / "rc")
    assert [one.name for one in tmp_path.iterdir()] == ["mine.tf"]


def files_in(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*"))


def test_a_renewed_export_deletes_what_the_earlier_one_wrote_and_keeps_other_files(tmp_path: Path) -> None:
    site, code, module = tmp_path / "site", tmp_path / "code.zip", tmp_path / "module"
    (site / "css").mkdir(parents=True)
    (site / "css" / "a.css").write_text("")
    code.write_text("")
    texts = {ADDRESSES: json.dumps({"stack": "own", "addresses": {}}), "main.tf": "", "outputs.tf": ""}
    renew_files(texts, {"site": site, "code.zip": code}, module)
    written = [ADDRESSES, "code.zip", "main.tf", "outputs.tf", "site/css/a.css"]
    assert json.loads((module / ADDRESSES).read_text()) == {"stack": "own", "addresses": {}, "files": written}
    (module / "examples").mkdir()
    (module / "examples" / "own.tf").write_text("")
    del texts["outputs.tf"]
    renew_files(texts, {}, module)
    assert files_in(module) == [ADDRESSES, "examples", "examples/own.tf", "main.tf"]


def test_an_export_that_recorded_no_files_loses_outputs_and_variables_that_are_no_more(tmp_path: Path) -> None:
    for name in (ADDRESSES, "main.tf", "outputs.tf", "variables.tf"):
        (tmp_path / name).write_text("{}")
    renew_files({ADDRESSES: "{}", "main.tf": ""}, {}, tmp_path)
    assert files_in(tmp_path) == [ADDRESSES, "main.tf"]


@pytest.mark.parametrize("recorded", ["../kept", "sub/../../kept", "sub/link/kept", "{folder}/kept", "sub"])
def test_a_record_deletes_no_file_outside_of_the_exports_folder(tmp_path: Path, recorded: str) -> None:
    module = tmp_path / "module"
    (module / "sub").mkdir(parents=True)
    (module / "sub" / "link").symlink_to(tmp_path)
    (tmp_path / "kept").write_text("")
    (module / ADDRESSES).write_text(json.dumps({"files": [recorded.format(folder=tmp_path)]}))
    renew_files({ADDRESSES: "{}"}, {}, module)
    assert (tmp_path / "kept").is_file()
    assert (module / "sub").is_dir()


def test_an_export_without_outputs_any_more_has_no_file_of_them(tmp_path: Path) -> None:
    document: dict[str, Any] = {"resource": {"terraform_data": {"Row": element("Row", input="x")}}}
    outputs = {"output": {"Id": {"value": "${terraform_data.Row.id}"}}}
    of_stack, module = tmp_path / "stack", tmp_path / "module"
    of_stack.mkdir()
    for parts, there in ((outputs, True), ({}, False)):
        (of_stack / "cdk.tf.json").write_text(json.dumps({**document, **parts}))
        export("own", of_stack, module, {**os.environ}, tmp_path / "rc")
        assert (module / "outputs.tf").exists() == there


def root(folder: Path, text: str) -> Folder:
    (folder / "cdktf.json").write_text('{"app": "true"}')
    for name, of in (("own", "own"), ("other", "other")):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "main.tf").write_text("")
        (folder / name / ADDRESSES).write_text(json.dumps({"stack": of, "addresses": {"a.b[0]": "a.B_1"}}))
    if text:
        (folder / "main.tf").write_text(text)
    return Folder(folder, Target(dict(os.environ), folder, Project.read(folder)))


@pytest.mark.parametrize(
    ("text", "named", "said"),
    [
        ("", None, "has no Terraform configuration: write a root there"),
        ('module "x" {\n  source = "./other"\n}\n', None, "calls no module that was made from own"),
        (
            'module "x" {\n  source = "./own"\n}\n',
            "module.y",
            "--module: 'module.y' is not made from own; give one of module.x",
        ),
        (
            'module "x" {\n  source = "./own"\n}\n',
            'module.x["a',
            "--module: 'module.x[\"a' is not made from own; give one of module.x",
        ),
        (
            'module "x" {\n  source = "./own"\n}\nmodule "y" {\n  source = "./own"\n}\n',
            None,
            "calls the module of own more than once: give --module one of module.x, module.y",
        ),
    ],
)
def test_a_move_needs_a_root_that_calls_the_module_of_the_stack(
    tmp_path: Path, text: str, named: str | None, said: str
) -> None:
    with pytest.raises(InputError) as error:
        find_call(root(tmp_path, text), "own", named)
    assert said in str(error.value)


def test_the_addresses_of_a_call_are_those_of_the_stack_and_of_the_root(tmp_path: Path) -> None:
    folder = root(tmp_path, 'module "x" {\n  source = "./own"\n  count  = 2\n}\n')
    assert find_call(folder, "own", None).pairs() == {"a.B_1": "module.x.a.b[0]"}
    assert find_call(folder, "own", "module.x[1]").pairs() == {"a.B_1": "module.x[1].a.b[0]"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"stack": "own"}',
        '{"addresses": {"a.b": "a.B"}}',
        '{"stack": "own", "addresses": {"a.b": 1}}',
        '{"stack": "own", "addresses": {"a.b": "a.B\\n}"}}',
        '{"stack": "own", "addresses": {"b": "a.B"}}',
    ],
)
def test_a_damaged_record_of_addresses_is_named(tmp_path: Path, text: str) -> None:
    folder = root(tmp_path, 'module "x" {\n  source = "./own"\n}\n')
    record = tmp_path / "own" / ADDRESSES
    record.write_text(text)
    with pytest.raises(InputError, match=f"{re.escape(str(record))} is damaged: write the module again"):
        find_call(folder, "own", None)
