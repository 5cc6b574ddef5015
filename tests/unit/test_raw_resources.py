"""The way out: what a class has no option for is overridden on its raw resource."""

import inspect
import re

import pytest
from cdktf import TerraformStack
from constructs import Construct

import modules
from modules import Alarms, ApiLoggingRole

from .synthesized import Terraform

CLASSES = [one for one in vars(modules).values() if inspect.isclass(one) and issubclass(one, Construct)]
# What exists already is no resource of the stack's.
EXISTING = {
    modules.ExistingBucket,
    modules.ExistingKey,
    modules.ExistingQueue,
    modules.ExistingTable,
    modules.ExistingTopic,
    modules.Role,
}


@pytest.mark.parametrize("construct", [one for one in CLASSES if one not in EXISTING], ids=lambda one: one.__name__)
def test_every_class_keeps_its_raw_resource(construct: type[Construct]) -> None:
    kept = "resources" if construct is Alarms else "resource"
    assert re.search(rf"self\.{kept}(: [^=]+)? = ", inspect.getsource(construct))


def test_what_a_class_has_no_option_for_is_overridden_on_its_raw_resource(stack: TerraformStack) -> None:
    alarms = Alarms(stack, "Alarms", name="worker", topic=None)
    for metric in ("Errors", "Throttles"):
        alarms.add(metric, description=metric, namespace="AWS/Lambda", metric=metric, dimensions={}, above=0)
    alarms.resources["Errors"].add_override("evaluation_periods", 3)
    role = ApiLoggingRole(stack, "Logging", name="logging", account_id="123456789012")
    role.resource.add_override("reset_on_delete", True)
    role.role.add_override("path", "/service/")
    terraform = Terraform(stack)
    assert {
        path: alarm["evaluation_periods"] for path, alarm in terraform.all("aws_cloudwatch_metric_alarm").items()
    } == {
        "Alarms/Errors": 3,
        "Alarms/Throttles": 1,
    }
    assert terraform.one("aws_api_gateway_account")["reset_on_delete"] is True
    assert terraform.one("aws_iam_role")["path"] == "/service/"
