"""The escape hatch: arguments without an option are overridden on the raw resource."""

import inspect
import re

import pytest
from cdktf import TerraformResource, TerraformStack
from constructs import Construct

import modules
from modules import Alarms, ApiLoggingRole

from .synthesized import Terraform

CLASSES = [one for one in vars(modules).values() if inspect.isclass(one) and issubclass(one, Construct)]


def makes_resources(construct: type[Construct]) -> bool:
    """Whether a class makes resources itself: what stands for something that exists already makes none.

    What new and existing ones have in common (`AnyTopic`) has its resource in the class of the new ones.
    """
    if construct.__name__.startswith("Any"):
        return False
    source = inspect.getsource(construct)
    return any(
        inspect.isclass(one) and issubclass(one, TerraformResource) and re.search(rf"\b{name}\(", source)
        for name, one in vars(inspect.getmodule(construct)).items()
    )


@pytest.mark.parametrize("construct", [one for one in CLASSES if makes_resources(one)], ids=lambda one: one.__name__)
def test_every_class_keeps_its_raw_resource(construct: type[Construct]) -> None:
    kept = "resources" if construct is Alarms else "resource"
    assert re.search(rf"self\.{kept}(: [^=]+)? = ", inspect.getsource(construct))


def test_arguments_without_an_option_are_overridden_on_the_raw_resource(stack: TerraformStack) -> None:
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
