"""Reusable CDKTF classes for event-driven serverless systems on AWS.

from modules import Bucket, PythonFunction, Table
"""

import gc

# What is imported lives until the end: looking for garbage in it takes a sixth of the time.
_collects = gc.isenabled()
gc.disable()
try:
    from . import _framework, _synth

    # Before any module imports the framework or the binding.
    _framework.install()
    _synth.install()

    from importlib import import_module
    from typing import TYPE_CHECKING

    from . import _synth_errors
    from ._arguments import check_arguments
    from ._bucket_verbs import AnyBucket
    from ._packaging import Dependencies
    from ._table_options import Capacity, Index, OnDemandLimit
    from ._table_verbs import AnyTable
    from .accepted import accept
    from .alarms import Alarms
    from .api_domain import ApiDomain
    from .api_logging_role import ApiLoggingRole
    from .authorizers import CognitoAuthorizer, LambdaAuthorizer
    from .bucket import Bucket, ExistingBucket
    from .cors import Cors
    from .dashboard import Dashboard, Metric
    from .errors import ConfigurationError
    from .function import PythonFunction
    from .github.deployer import GithubDeployer, GithubIdentity
    from .github.permissions import DeploymentTarget
    from .iam import Condition, PolicyDocument, Statement
    from .key import AnyKey, ExistingKey, Key
    from .lifecycle import LifecycleRule
    from .logs import Logs
    from .naming import Names
    from .provider_versions import require_aws_provider
    from .queue import AnyQueue, ExistingQueue, Queue
    from .release import Release
    from .rest_api import Authorization, RestApi
    from .role import Role
    from .secret import Parameter, Secret
    from .state import StateBackend
    from .table import ExistingTable, Table
    from .topic import AnyTopic, ExistingTopic, Topic
    from .usage_plan import Quota, UsagePlan
    from .vpc import Vpc
finally:
    if _collects:
        gc.enable()

if TYPE_CHECKING:
    from .rule import Rule
    from .schedule import Schedule

# Imported on first use: each needs parts of the provider binding that few stacks use.
_ON_DEMAND = {"Rule": "rule", "Schedule": "schedule"}


def __getattr__(name: str) -> object:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return check_arguments(getattr(import_module(f".{_ON_DEMAND[name]}", __name__), name), globals())


__all__ = [
    "Alarms",
    "AnyBucket",
    "AnyKey",
    "AnyQueue",
    "AnyTable",
    "AnyTopic",
    "ApiDomain",
    "ApiLoggingRole",
    "Authorization",
    "Bucket",
    "Capacity",
    "CognitoAuthorizer",
    "Condition",
    "ConfigurationError",
    "Cors",
    "Dashboard",
    "Dependencies",
    "DeploymentTarget",
    "ExistingBucket",
    "ExistingKey",
    "ExistingQueue",
    "ExistingTable",
    "ExistingTopic",
    "GithubDeployer",
    "GithubIdentity",
    "Index",
    "Key",
    "LambdaAuthorizer",
    "LifecycleRule",
    "Logs",
    "Metric",
    "Names",
    "OnDemandLimit",
    "Parameter",
    "PolicyDocument",
    "PythonFunction",
    "Queue",
    "Quota",
    "Release",
    "RestApi",
    "Role",
    "Rule",
    "Schedule",
    "Secret",
    "StateBackend",
    "Statement",
    "Table",
    "Topic",
    "UsagePlan",
    "Vpc",
    "accept",
    "require_aws_provider",
]

_synth_errors.install()
for _name in __all__:
    if isinstance(globals().get(_name), type):
        check_arguments(globals()[_name], globals())
