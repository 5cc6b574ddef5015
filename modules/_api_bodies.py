"""Validation of requests by API Gateway: bodies against a JSON Schema, and parameters that have to be there."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from cdktf_cdktf_provider_aws.api_gateway_gateway_response import ApiGatewayGatewayResponse
from cdktf_cdktf_provider_aws.api_gateway_model import ApiGatewayModel
from cdktf_cdktf_provider_aws.api_gateway_request_validator import ApiGatewayRequestValidator
from constructs import Construct

from . import _limits as limits
from ._api_deployment import ApiDeployment
from ._body_schema import check_body_schema
from ._checks import check_known, refuse
from ._expressions import as_written
from ._identifiers import digest
from ._paths import path as place_of
from .cors import Cors
from .errors import ConfigurationError

DRAFT = "http://json-schema.org/draft-04/schema"
# Valid JSON for any body: API Gateway escapes quotes and backslashes in both variables. The first is a fixed text; the
# second names every violation of the schema, and is empty if the body is not JSON.
BODY_REFUSAL = "$context.error.message: $context.error.validationErrorString"


class BodyChecks:
    """The models and request validators of one API."""

    def __init__(self, api: Construct, *, rest_api_id: str, deployment: ApiDeployment, cors: Cors | None) -> None:
        self._api = api
        self._rest_api_id = rest_api_id
        self._deployment = deployment
        self._cors = cors
        self._refusal: ApiGatewayGatewayResponse | None = None

    def of_method(self, id_: str, schema: Mapping[str, Any] | None, parameters: Collection[str] = ()) -> dict[str, Any]:
        """The arguments of a method that validates its bodies, and asks for parameters (`method.request.header.X`)."""
        if schema is None and not parameters:
            return {}
        models = {} if schema is None else {"request_models": {"application/json": self._model(id_, schema)}}
        validator = ApiGatewayRequestValidator(
            self._api,
            f"{id_}Validator",
            rest_api_id=self._rest_api_id,
            name=f"{id_}Body",
            validate_request_body=True if schema is not None else None,
            validate_request_parameters=True if parameters else None,
        )
        if schema is not None:
            self._name_violations()
        required = {"request_parameters": dict.fromkeys(parameters, True)} if parameters else {}
        return {**models, **required, "request_validator_id": validator.id}

    def _model(self, id_: str, schema: Mapping[str, Any]) -> str:
        """The name of a model for the bodies of one method."""
        model = ApiGatewayModel(
            self._api,
            f"{id_}Model",
            rest_api_id=self._rest_api_id,
            name=self._model_name(id_),
            content_type="application/json",
            schema=self._as_json(schema),
        )
        return str(model.name)

    def _name_violations(self) -> None:
        """Let refusals name the violations of the schema; API Gateway's default message does not."""
        if self._refusal is None:
            self._refusal = ApiGatewayGatewayResponse(
                self._api,
                "BodyRefusal",
                rest_api_id=self._rest_api_id,
                response_type="BAD_REQUEST_BODY",
                status_code="400",
                response_parameters=self._cors.error_parameters if self._cors else None,
                response_templates={"application/json": json.dumps({"message": BODY_REFUSAL})},
            )
            self._deployment.wait_for(self._refusal)

    def _model_name(self, id_: str) -> str:
        # https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html
        plain = re.sub("[^A-Za-z0-9]", "", id_)
        return f"{plain}Body" if plain == id_ else f"{plain}{digest(id_, self._api)}Body"

    def _as_json(self, schema: Mapping[str, Any]) -> str:
        where = place_of(self._api)
        check_known(where, "body_schema", schema)
        draft = schema.get("$schema", DRAFT)
        if str(draft).removesuffix("#") != DRAFT:
            raise ConfigurationError(f"{where}: body_schema is of {draft}; API Gateway knows {DRAFT}# only")
        check_body_schema(where, schema)
        try:
            text = json.dumps(schema, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{where}: body_schema is no JSON: {error}") from error
        if len(text) > limits.MODEL_CHARACTERS:
            raise refuse(where, "body_schema", text, f"{limits.MODEL_CHARACTERS} characters of JSON")
        # Terraform would interpret a pattern such as ^${a}$ as an expression.
        return as_written(self._api, text.replace("${", "$${").replace("%{", "%%{"))
