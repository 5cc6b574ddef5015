"""Reusable CDKTF classes for event-driven serverless systems on AWS.

from modules import Bucket, PythonFunction, Table
"""

import gc

from . import _framework, _synth

# What is imported lives until the end: looking for garbage in it takes a sixth of the time. Where an import fails, it
# is looked for less often from then on.
_thresholds = gc.get_threshold()
gc.set_threshold(max(_thresholds[0], 500_000) if _thresholds[0] else 0, *_thresholds[1:])
# Before any module imports the framework or the binding.
_framework.install()
_synth.install()

from importlib import import_module  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from . import _synth_errors  # noqa: E402
from ._arguments import check_arguments  # noqa: E402
from ._bucket_verbs import AnyBucket  # noqa: E402
from ._packaging import Dependencies  # noqa: E402
from ._table_options import Capacity, Index, OnDemandLimit  # noqa: E402
from ._table_verbs import AnyTable  # noqa: E402
from .accepted import accept  # noqa: E402
from .alarms import Alarms  # noqa: E402
from .api_domain import ApiDomain  # noqa: E402
from .api_logging_role import ApiLoggingRole  # noqa: E402
from .authorizers import CognitoAuthorizer, LambdaAuthorizer  # noqa: E402
from .bucket import Bucket, ExistingBucket  # noqa: E402
from .cors import Cors  # noqa: E402
from .dashboard import Dashboard, Metric  # noqa: E402
from .errors import ConfigurationError  # noqa: E402
from .function import PythonFunction  # noqa: E402
from .github.deployer import GithubDeployer, GithubIdentity  # noqa: E402
from .github.permissions import DeploymentTarget  # noqa: E402
from .iam import Condition, PolicyDocument, Statement  # noqa: E402
from .key import AnyKey, ExistingKey, Key  # noqa: E402
from .lifecycle import LifecycleRule  # noqa: E402
from .logs import Logs  # noqa: E402
from .naming import Names  # noqa: E402
from .provider_versions import require_aws_provider  # noqa: E402
from .queue import AnyQueue, ExistingQueue, Queue  # noqa: E402
from .release import Release  # noqa: E402
from .rest_api import Authorization, RestApi  # noqa: E402
from .role import Role  # noqa: E402
from .secret import Parameter, Secret  # noqa: E402
from .state import StateBackend  # noqa: E402
from .table import ExistingTable, Table  # noqa: E402
from .topic import AnyTopic, ExistingTopic, Topic  # noqa: E402
from .usage_plan import Quota, UsagePlan  # noqa: E402
from .vpc import Vpc  # noqa: E402

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

gc.set_threshold(*_thresholds)
