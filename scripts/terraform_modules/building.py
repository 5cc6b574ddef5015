"""Builds the files of one system's module."""

import inspect
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scripts.terraform_modules.mock_tests import mock_tests
from scripts.terraform_modules.samples import System
from scripts.terraform_modules.variables import variables
from settings import Settings
from sluice_cli.export.files import format_hcl, module_files
from sluice_cli.export.module import Module, read_module
from sluice_cli.export.schema import Schemas
from sluice_cli.export.tree import Either, Expression, map_texts, present

TERRAFORM = ">= 1.9"  # a validation that reads another variable
AWS_PROVIDER = ">= 5.100, < 7.0"
OUTPUTS = {
    "access_log_group_name": "Log group of the API's access log",
    "alarm_topic_arn": "Topic that alarms are published to",
    "api_id": "Id of the REST API",
    "api_key_id": "Id of the key that callers send; null unless api_authorization is api_key",
    "api_url": "Address of the REST API",
    "bucket_name": "Name of the bucket",
    "buffer_queue_url": "Queue of the bucket's events; null with direct delivery",
    "content_type_index_name": "Index of the table by content type",
    "cors_origins": "Web origins whose pages may upload",
    "dashboard_name": "Name of the dashboard",
    "day_index_name": "Index of the table by day",
    "dead_letter_queue_url": "Queue of the messages that could not be processed; null with direct delivery",
    "dynamo_db_table_name": "Name of the table",
    "failure_queue_url": "Queue of the events that could not be processed",
    "function_arn": "ARN of the function",
    "function_name": "Name of the function",
    "lambda_function_name": "Name of the function",
    "log_group_name": "Log group of the function",
    "notification_email": "Address that is subscribed",
    "prefix": "Prefix of the objects that are processed",
    "rejects_table_name": "Table of refused readings",
    "sensor_notifications": "Whether each reading is notified, or episodes",
    "sensor_thresholds": "Limits by sensor type",
    "table_name": "Name of the table",
    "topic_arn": "Topic of notifications",
}


@dataclass(frozen=True)
class Built:
    """A module's text files, its archives by name, and how often its stack was synthesized to generate them."""

    texts: dict[str, str]
    archives: dict[str, Path]
    module: Module
    learned: dict[str, Any]
    samples: int


def build(system: System, schemas: Schemas) -> Built:
    """The module of a system. Its archives lie in the system's folder until that is closed."""
    learned, samples = system.learn()
    module = read_module(
        system.name,
        _own_tags(learned),
        system.stack_folder,
        schemas,
        required_version=TERRAFORM,
        constraints={"aws": AWS_PROVIDER},
    )
    for setting, (local, name) in system.usual_names().items():
        module.locals[local] = Either(f"var.{setting} != null", f"${{var.{setting}}}", module.refer(name))
    if any(option.name == "protected" for option in system.options):
        module.locals["protected"] = Expression("contains(var.protected_environments, var.environment)")
    _take_archive(module)
    module.outputs = {name: {"description": OUTPUTS[name], **one} for name, one in _outputs(module).items()}
    further = {name: one for name, one in module.variables.items() if name == "tags"}
    module.variables = {**variables(module), **further}
    texts = module_files(module, schemas, _introduction(system, module))
    texts["examples/basic/main.tf"] = format_hcl(_example(system.name))
    texts["tests/options.tftest.hcl"] = format_hcl(mock_tests(system, module, learned))
    return Built(texts, module.files, module, learned, samples)


def _own_tags(learned: dict[str, Any]) -> dict[str, Any]:
    return {
        **learned,
        "provider": map_texts(learned["provider"], lambda one: "terraform" if one == "cdktf" else one),
    }


def _take_archive(module: Module) -> None:
    """Keep the module valid without the archive, which is not in Git; a plan then fails and says how to build it."""
    for (kind, type_, _), block in module.blocks.items():
        if (kind, type_) == ("resource", "aws_lambda_function"):
            content = present(block)
            content["source_code_hash"] = content["source_code_hash"].replace("${", "${try(", 1)[:-1] + ", null)}"
            content["lifecycle"] = {
                "precondition": {
                    "condition": f'${{fileexists("{content["filename"]}")}}',
                    "error_message": f"{content['filename']} is missing: use a released archive of this module, or "
                    "run `make terraform-modules` in a clone of the repository.",
                }
            }


def _outputs(module: Module) -> dict[str, Any]:
    """The outputs, with the names of the module's variables in their expressions."""
    names = {one.metadata["name"]: one.name for one in fields(Settings)}
    pattern = re.compile("|".join(names))

    def renamed(text: str) -> str:
        return pattern.sub(lambda match: names[match[0]], text).replace("deploy again", "apply again")

    return dict(map_texts(module.outputs, renamed))


def _example(name: str) -> str:
    """The smallest root module that calls the module."""
    label = name.replace("-", "_")
    return f"""
terraform {{
  required_version = "{TERRAFORM}"

  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{AWS_PROVIDER}"
    }}
  }}
}}

provider "aws" {{
  region = "{"us-west-2" if name == "invocation-log" else "us-east-1"}"
}}

module "{label}" {{
  source = "../.."

  project     = "acme"
  environment = "dev"
}}

output "{label}" {{
  description = "What the module says of itself"
  value       = module.{label}
}}
""".lstrip()


def _introduction(system: System, module: Module) -> str:
    about = inspect.cleandoc(system.documentation)
    summary, _, rest = about.partition("\n\n")
    picture, _, more = rest.partition("\n\n")
    label = system.name.replace("-", "_")
    archive = next(iter(module.files))
    literal = (
        "`prevent_destroy` takes no variable: in protected environments the table has deletion protection and the "
        "bucket is not emptied; what Terraform itself refuses is for the root to decide."
        if "protected" in module.locals
        else "The table and the bucket are destroyed with the module, with all that they hold."
    )
    return f"""# {system.name}

{summary}

```text
{picture}
```
{f"{chr(10)}{more}{chr(10)}" if more else ""}
A plain Terraform module: it needs neither Python nor Node. It is generated from the CDKTF stack `{system.name}` by
`make terraform-modules`; change the stack, not these files.

```hcl
module "{label}" {{
  source = "./modules/{system.name}" # a released archive, unpacked

  project     = "acme"
  environment = "dev"
}}
```

[examples/basic](examples/basic/main.tf) is a whole root. The region is the provider's; several instances in one account
and region differ in `environment`{"" if system.name == "invocation-log" else " or `project`"}.

The function's code, `{archive}`, is not in Git: it is 1 MB of libraries that nobody can review, new with each of their
versions. `make terraform-modules` builds the same bytes on every machine, and releases of the module contain it.

{literal} Null stands for a variable's default.

`terraform test` runs without credentials, on a mocked provider. `sluice move` adopts what the CDKTF stack has deployed,
and gives it back ([how](../../docs/plain-modules.md)).
"""
