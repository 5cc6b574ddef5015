"""The deployment of an API; a new one is created whenever a part of the API changes."""

import hashlib
import json

import jsii
from cdktf import (
    Fn,
    IResolveContext,
    IStringProducer,
    Lazy,
    TerraformResource,
    TerraformResourceLifecycle,
)
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from constructs import Construct

from ._dependencies import depends_on

# Not part of a deployment: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html
NOT_DEPLOYED = ("_deployment", "_stage", "_domain_name", "_base_path_mapping")


class ApiDeployment:
    """API Gateway's deployment of all routes that are passed to `add`."""

    def __init__(self, api: Construct, *, rest_api_id: str) -> None:
        self.resource = ApiGatewayDeployment(
            api,
            "Deployment",
            rest_api_id=rest_api_id,
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self._api = api
        self._invoke_arns: list[str] = []

    def wait_for(self, *resources: TerraformResource) -> None:
        """Deploy after these resources."""
        depends_on(self.resource, *resources)

    def add(self, *resources: TerraformResource, invoke_arn: str | None = None) -> None:
        """Include resources of the API; `invoke_arn` is the function that they integrate."""
        depends_on(self.resource, *resources)
        if invoke_arn:
            self._invoke_arns.append(invoke_arn)
        self.resource.triggers = {
            "routes": Lazy.string_value(_Fingerprint(self)),
            # A replaced function has another ARN although the reference stays the same.
            **({"functions": Fn.sha1(Fn.join(",", self._invoke_arns))} if self._invoke_arns else {}),
        }

    def fingerprint(self, context: IResolveContext) -> str:
        if context.preparing:  # routes can be added until the stack is synthesized
            return ""
        parts = [
            child.to_terraform()
            for child in self._api.node.find_all()
            if isinstance(child, TerraformResource) and _is_deployed(child)
        ]
        return hashlib.sha256(json.dumps(context.resolve(parts), sort_keys=True).encode()).hexdigest()


def _is_deployed(child: TerraformResource) -> bool:
    # The binding's submodule has the name of the resource type, in JavaScript's form.
    kind = type(child).__module__.rpartition(".")[2]
    return kind.startswith("api_gateway_") and not kind.endswith(NOT_DEPLOYED)


@jsii.implements(IStringProducer)
class _Fingerprint:
    """A hash of every part of the API that belongs to a deployment, computed when the stack is synthesized."""

    def __init__(self, deployment: ApiDeployment) -> None:
        self._deployment = deployment

    def produce(self, context: IResolveContext) -> str:
        return self._deployment.fingerprint(context)
