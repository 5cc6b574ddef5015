import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modules import provider_binding

ROOT = Path(__file__).parents[2]

# In a process of its own: the binding is read once, and other tests have read it.
LOOK = """
import json, os, sys
import modules
import cdktf_cdktf_provider_aws as aws
prefix = "cdktf_cdktf_provider_aws."
loaded = sorted(name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix) and name.count(".") == 1)
from cdktf_cdktf_provider_aws.sfn_activity import SfnActivity
try:
    aws.no_such_service
    error = None
except AttributeError as raised:
    error = str(raised)
print(json.dumps({
    "loaded": loaded,
    "by attribute": aws.sfn_activity.SfnActivity is SfnActivity,
    "of the binding": SfnActivity.__module__,
    "error": error,
    "notice": os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"],
}))
"""


@pytest.fixture(scope="module")
def fresh() -> Any:
    found = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(found.stdout)


def test_only_what_the_modules_name_is_imported(fresh: Any) -> None:
    named = {
        name
        for file in (ROOT / "modules").glob("*.py")
        for name in re.findall(r"^from cdktf_cdktf_provider_aws\.(\w+) import", file.read_text(), re.MULTILINE)
    }
    assert {"s3_bucket", "lambda_function"} <= named
    assert set(fresh["loaded"]) == {*named, "_jsii"}


def test_the_classes_are_the_bindings_own_by_import_and_by_attribute(fresh: Any) -> None:
    assert fresh["of the binding"] == "cdktf_cdktf_provider_aws.sfn_activity"
    assert fresh["by attribute"] is True


def test_an_unknown_part_of_the_binding_is_an_attribute_error(fresh: Any) -> None:
    assert fresh["error"] == "module 'cdktf_cdktf_provider_aws' has no attribute 'no_such_service'"


def test_nodes_notice_is_silenced(fresh: Any) -> None:
    assert fresh["notice"] == "20"


def test_installing_again_changes_nothing() -> None:
    before = sys.modules[provider_binding.PACKAGE]
    provider_binding.install()
    assert sys.modules[provider_binding.PACKAGE] is before


def test_without_the_binding_nothing_is_installed() -> None:
    look = "import sys, provider_binding as p; p.install(); print(p.PACKAGE in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-S", "-c", look],  # -S: no installed packages
        cwd=ROOT / "modules",
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "False\n"
