from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from cdktf import TerraformResource
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from ._delivery import EventSource
from .iam import Statement


class AnyFunction(Construct):
    """The interface of functions that event sources use: see `PythonFunction`."""

    name: str
    arn: str
    timeout_seconds: float
    reserved_concurrency: float | None

    @property
    @abstractmethod
    def role_name(self) -> str:
        """The name of the function's role."""

    @abstractmethod
    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource. Repeated calls add nothing."""

    @abstractmethod
    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Let a source invoke the function. Returns what has to exist before the source delivers."""
