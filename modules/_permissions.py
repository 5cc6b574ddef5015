"""A function's resource policy: the services that may invoke it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from constructs import Construct

from ._checks import known_part
from ._dependencies import replace_with
from ._identifiers import digest
from ._paths import path
from ._stack import stack_of
from .errors import ConfigurationError

if TYPE_CHECKING:
    from .release import Released

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
POLICY_BYTES = 20_480
# Size of a statement without the function's name and the source: Sid, effect, principal, action, beginnings of two
# ARNs.
STATEMENT_BYTES = 330
REFERENCE_BYTES = 50  # size of a reference to an ARN or an id after it is resolved


class InvokePermissions:
    """The permissions of one function, or of its alias if versions are released."""

    def __init__(self, scope: Construct, function: LambdaFunction, name: str, released: Released | None) -> None:
        self._scope = scope
        self._function = function
        self._name = name
        self._released = released
        self._given: dict[tuple[str, str, str | None], LambdaPermission] = {}
        self._ids: set[str] = set()
        self._size = 0

    def add(
        self, id_: str, service: str, source_arn: str, account_id: str | None, source: Construct | None
    ) -> LambdaPermission:
        """The permission for a service and source: the existing one, or a new one."""
        wanted = (service, source_arn, account_id)
        if wanted in self._given:
            return self._given[wanted]
        self._size += STATEMENT_BYTES + len(self._name) + len(known_part(source_arn)) + REFERENCE_BYTES
        if self._size > POLICY_BYTES:
            raise ConfigurationError(
                f"{path(self._scope)}: {len(self._given) + 1} permissions to invoke it would be longer than the "
                f"{POLICY_BYTES} bytes that Lambda allows for them; give some of its callers a function of their own"
            )
        scope = self._scope if source is None or stack_of(source) is stack_of(self._scope) else source
        if scope is not self._scope:
            id_ = f"{id_}{digest(path(self._scope), self._scope)}"
        elif id_ in self._ids:  # two buckets with the same id in different constructs
            id_ += digest(path(source) if source else f"{service} {source_arn}", self._scope)
        self._ids.add(id_)
        permission = LambdaPermission(
            scope,
            id_,
            function_name=self._function.function_name,
            qualifier=self._released.alias_name if self._released else None,
            action="lambda:InvokeFunction",
            principal=service,
            source_arn=source_arn,
            source_account=account_id,
        )
        if scope is self._scope:  # Terraform has no references to resources of other stacks
            replace_with(permission, self._function)
        self._given[wanted] = permission
        return permission
