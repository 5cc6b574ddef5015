"""Runs a command that synthesizes on CDK Terrain, and writes its stacks for version 5 of the AWS provider.

CDK Terrain's binding asks for version 6, which is not on every machine. What version 6 renamed in the five systems is
renamed back; everything else stays as CDK Terrain wrote it. Where a version 6 can be had,
`tests/cdktn/test_provider_6.py` plans without this.

    python with_provider_5.py COMMAND...
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

RENAMED = re.compile(r"(\$\{data\.aws_region\.\w+)\.region\b")


def for_provider_5(text: str) -> str:
    stack = json.loads(RENAMED.sub(r"\1.name", text))
    stack["terraform"]["required_providers"]["aws"]["version"] = ">= 5.100.0, < 7.0.0"
    for table in stack["resource"].get("aws_dynamodb_table", {}).values():
        for index in table.get("global_secondary_index", []):
            for key in index.pop("key_schema"):
                index[f"{key['key_type'].lower()}_key"] = key["attribute_name"]
    return json.dumps(stack)


def main() -> int:
    code = subprocess.run(sys.argv[1:], check=False).returncode
    if code == 0:
        for file in Path(os.environ["CDKTF_OUTDIR"]).glob("stacks/*/cdk.tf.json"):
            file.write_text(for_provider_5(file.read_text()))
    return code


if __name__ == "__main__":
    sys.exit(main())
