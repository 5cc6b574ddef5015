"""Routes of an API: paths and methods that API Gateway accepts, and errors with advice for others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack, TerraformVariable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import Authorization, CognitoAuthorizer, ConfigurationError, LambdaAuthorizer, PythonFunction, RestApi

from .synthesized import Terraform

API = "${aws_api_gateway_rest_api.Api/Api.id}"
ROOT = "${aws_api_gateway_rest_api.Api/Api.root_resource_id}"
ARN = "${aws_api_gateway_rest_api.Api/Api.execution_arn}"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"


@pytest.fixture
def api(stack: TerraformStack) -> RestApi:
    return RestApi(stack, "Api", name="api", description="Answers")


@pytest.mark.parametrize(
    ("method", "path", "permitted"),
    [
        ("ANY", "/items", "*/items"),
        ("GET", "/", "GET/"),
        ("ANY", "/", "*/"),
        ("GET", "/items/{id}", "GET/items/*"),
        ("POST", "/items/{id}/parts/{part}", "POST/items/*/parts/*"),
        ("ANY", "/{proxy+}", "*/*"),
        ("GET", "/files/{path+}", "GET/files/*"),
        ("GET", "/v1.2/a_b-c:d", "GET/v1.2/a_b-c:d"),
    ],
)
def test_the_permission_names_method_and_path_as_a_request_has_them(
    stack: TerraformStack, worker: PythonFunction, api: RestApi, method: str, path: str, permitted: str
) -> None:
    api.on_request(worker, method, path)
    made = Terraform(stack)
    assert made.one("aws_lambda_permission")["source_arn"] == f"{ARN}/live/{permitted}"
    assert made.one("aws_api_gateway_method")["http_method"] == method


def test_the_root_is_the_apis_own_resource(stack: TerraformStack, worker: PythonFunction, api: RestApi) -> None:
    api.on_request(worker, "GET", "/")
    made = Terraform(stack)
    assert made.all("aws_api_gateway_resource") == {}
    assert made.all("aws_api_gateway_method") == {
        "Api/GetMethod": {
            "rest_api_id": API,
            "resource_id": ROOT,
            "http_method": "GET",
            "authorization": "AWS_IAM",
        }
    }


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("get", "/items", "method is 'get', allowed are ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT; write GET"),
        ("FETCH", "/items", "method is 'FETCH', allowed are"),
        ("GET", "items", "path is 'items'; a path begins with a slash and does not end with one: /items"),
        ("GET", "/items/", "path is '/items/'; a path begins with a slash and does not end with one: /items"),
        ("GET", "", "path is ''; a path begins with a slash and does not end with one: /"),
        ("GET", "/a//b", "has the part ''"),
        ("GET", "/a b", "has the part 'a b'"),
        ("GET", "/größe", "has the part 'größe'"),
        ("GET", "/items/{id", "has the part '{id'"),
        ("GET", "/items/x{id}", "has the part 'x{id}'"),
        ("GET", "/{proxy+}/x", "goes on after {proxy+}, which takes the rest of a path"),
    ],
)
def test_values_that_api_gateway_refuses_are_rejected(
    worker: PythonFunction, api: RestApi, method: str, path: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        api.on_request(worker, method, path)
    assert said in str(refused.value)


def test_a_path_that_only_terraform_knows_is_refused(
    stack: TerraformStack, worker: PythonFunction, api: RestApi
) -> None:
    variable = TerraformVariable(stack, "Path", type="string")
    with pytest.raises(ConfigurationError, match="give a text that is known at synth"):
        api.on_request(worker, "GET", f"/{variable.string_value}")


def test_an_api_has_300_resources_at_most(worker: PythonFunction, api: RestApi) -> None:
    for number in range(149):
        api.on_request(worker, "GET", f"/teams/{number}/players")
    api.on_request(worker, "POST", "/teams")
    api.on_request(worker, "GET", "/players")
    with pytest.raises(ConfigurationError, match=r"stack/Api: on_request has 301, AWS allows 0 to 300 .*\{proxy\+\}"):
        api.on_request(worker, "GET", "/coaches")


def test_two_parameters_in_one_place_are_refused(worker: PythonFunction, api: RestApi) -> None:
    api.on_request(worker, "GET", "/items/{id}")
    api.on_request(worker, "GET", "/items/{id}/parts")
    with pytest.raises(ConfigurationError, match=r"has \{other\} where another route has \{id\}"):
        api.on_request(worker, "DELETE", "/items/{other}")


def test_a_route_has_one_target(worker: PythonFunction, api: RestApi) -> None:
    api.on_request(worker, "GET", "/items")
    with pytest.raises(ConfigurationError, match="GET /items has a target already"):
        api.on_request(worker, "GET", "/items")


def test_paths_that_read_alike_are_different_resources(
    stack: TerraformStack, worker: PythonFunction, api: RestApi
) -> None:
    alike = ("/items/{id}", "/items/id", "/items/Id", "/itemsid", "/items-id", "/items.id", "/items_id")
    for path in alike:
        api.on_request(worker, "POST", path, body_schema={"type": "object"})
    made = Terraform(stack)
    parts = [one["path_part"] for one in made.all("aws_api_gateway_resource").values()]
    assert sorted(parts) == sorted(["items", "{id}", "id", "Id", "itemsid", "items-id", "items.id", "items_id"])
    models = [one["name"] for one in made.all("aws_api_gateway_model").values()]
    assert len(set(models)) == len(alike)
    assert [name for name in models if not name.isalnum()] == []


SEGMENTS = st.one_of(
    st.from_regex(r"\A[A-Za-z0-9._:-]{1,8}\Z"), st.sampled_from(["{id}", "{proxy+}", "{Id}"]), st.text(max_size=3)
)
PATHS = st.lists(SEGMENTS, max_size=3).map(lambda parts: "/" + "/".join(parts))
ROUTES = st.lists(st.tuples(st.sampled_from(["GET", "POST", "ANY", "get"]), PATHS), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(ROUTES)
def test_whatever_routes_are_asked_for_there_is_terraform_or_a_configuration_error(
    new_stack: Callable[[], TerraformStack], code: Path, routes: list[tuple[str, str]]
) -> None:
    stack = new_stack()
    worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
    api = RestApi(stack, "Api", name="api", description="Answers")
    taken = set()
    for method, path in routes:
        try:
            api.on_request(worker, method, path)
        except ConfigurationError:
            continue
        taken.add((method, path))
    made = Terraform(stack)
    assert len(made.all("aws_api_gateway_method")) == len(taken)
    siblings = [(one["parent_id"], one["path_part"]) for one in made.all("aws_api_gateway_resource").values()]
    assert len(set(siblings)) == len(siblings)


def test_a_schema_keeps_text_that_looks_like_a_terraform_expression(
    stack: TerraformStack, worker: PythonFunction, api: RestApi
) -> None:
    api.on_request(worker, "POST", "/items", body_schema={"pattern": "^${a}%{b}$"})
    assert Terraform(stack).one("aws_api_gateway_model")["schema"] == '{"pattern": "^$${a}%%{b}$"}'


def test_a_schema_that_is_no_json_is_refused(worker: PythonFunction, api: RestApi) -> None:
    with pytest.raises(ConfigurationError, match="body_schema is no JSON"):
        api.on_request(worker, "POST", "/items", body_schema={"maximum": float("nan")})


class TestAuthorizers:
    def test_a_route_can_ask_for_a_token_of_a_user_pool(
        self, stack: TerraformStack, worker: PythonFunction, api: RestApi
    ) -> None:
        people = CognitoAuthorizer("people", [POOL], scopes=["items/read"])
        api.on_request(worker, "GET", "/items", authorization=people)
        api.on_request(worker, "POST", "/items", authorization=people)
        api.on_request(worker, "GET", "/health", authorization=Authorization.NONE)
        made = Terraform(stack)
        ((authorizer, of_people),) = made.all("aws_api_gateway_authorizer").items()
        assert of_people == {
            "name": "people",
            "rest_api_id": API,
            "type": "COGNITO_USER_POOLS",
            "provider_arns": [POOL],
            "identity_source": "method.request.header.Authorization",
        }
        asked = {
            "authorization": "COGNITO_USER_POOLS",
            "authorizer_id": f"${{aws_api_gateway_authorizer.{authorizer}.id}}",
            "authorization_scopes": ["items/read"],
        }
        names = ("authorization", "authorizer_id", "authorization_scopes")
        assert {
            path: {name: one[name] for name in names if name in one}
            for path, one in made.all("aws_api_gateway_method").items()
        } == {
            "Api/GetItemsMethod": asked,
            "Api/PostItemsMethod": asked,
            "Api/GetHealthMethod": {"authorization": "NONE"},
        }
        assert f"aws_api_gateway_authorizer.{authorizer}" in made.one("aws_api_gateway_deployment")["depends_on"]

    def test_a_function_can_decide_and_only_that_authorizer_may_invoke_it(
        self, stack: TerraformStack, worker: PythonFunction, api: RestApi, code: Path
    ) -> None:
        judge = PythonFunction(stack, "Judge", name="judge", packages=[code])
        api.on_request(worker, "GET", "/items", authorization=LambdaAuthorizer("judge", judge, headers=["X-Token"]))
        made = Terraform(stack)
        ((path, authorizer),) = made.all("aws_api_gateway_authorizer").items()
        assert authorizer == {
            "name": "judge",
            "rest_api_id": API,
            "type": "REQUEST",
            "authorizer_uri": "${aws_lambda_function.Judge/Function.invoke_arn}",
            "authorizer_result_ttl_in_seconds": 0,
            "identity_source": "method.request.header.X-Token",
        }
        sources = {
            one["source_arn"]
            for one in made.all("aws_lambda_permission").values()
            if one["function_name"] == "${aws_lambda_function.Judge/Function.function_name}"
        }
        assert sources == {f"{ARN}/authorizers/${{aws_api_gateway_authorizer.{path}.id}}"}

    def test_two_authorizers_of_one_name_are_refused(self, worker: PythonFunction, api: RestApi) -> None:
        api.on_request(worker, "GET", "/a", authorization=CognitoAuthorizer("people", [POOL]))
        with pytest.raises(ConfigurationError, match="two authorizers of the name 'people'"):
            api.on_request(
                worker, "GET", "/b", authorization=CognitoAuthorizer("people", [POOL.replace("_abc", "_xyz")])
            )

    def test_two_routes_ask_one_authorizer_for_different_scopes(
        self, stack: TerraformStack, worker: PythonFunction, api: RestApi
    ) -> None:
        for scope in ("read", "write"):
            people = CognitoAuthorizer("people", [POOL], scopes=[f"orders/{scope}"])
            api.on_request(worker, "GET", f"/{scope}", authorization=people)
        made = Terraform(stack)
        (authorizer,) = made.all("aws_api_gateway_authorizer")
        methods = made.all("aws_api_gateway_method").values()
        assert [(one["authorizer_id"], one["authorization_scopes"]) for one in methods] == [
            (f"${{aws_api_gateway_authorizer.{authorizer}.id}}", [f"orders/{scope}"]) for scope in ("read", "write")
        ]

    @pytest.mark.parametrize(
        ("authorizer", "said"),
        [
            (CognitoAuthorizer("", [POOL]), "authorizer's name is ''"),
            (CognitoAuthorizer("a b", [POOL]), "authorizer's name is 'a b'"),
            (CognitoAuthorizer("people", []), "user_pool_arns has 0"),
        ],
    )
    def test_authorizer_arguments_that_api_gateway_refuses_are_rejected(
        self, worker: PythonFunction, api: RestApi, authorizer: CognitoAuthorizer, said: str
    ) -> None:
        with pytest.raises(ConfigurationError) as refused:
            api.on_request(worker, "GET", "/items", authorization=authorizer)
        assert said in str(refused.value)

    def test_a_route_cannot_require_a_key_of_an_api_without_keys(self, worker: PythonFunction, api: RestApi) -> None:
        with pytest.raises(ConfigurationError, match="a route asks for API keys, and the API has none"):
            api.on_request(worker, "GET", "/items", authorization=Authorization.API_KEY)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate_limit": -5}, "rate_limit is -5"),
        ({"burst_limit": 1.5}, "burst_limit is 1.5"),
        ({"execution_log_level": "DEBUG"}, "execution_log_level is 'DEBUG'"),
        ({"log_retention_days": 77}, "log_retention_days is 77"),
        ({"name": ""}, "name is ''"),
    ],
)
def test_api_arguments_that_api_gateway_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        RestApi(stack, "Api", **{"name": "api", "description": "Answers", **options})
    assert said in str(refused.value)


def sources(made: Terraform) -> list[str]:
    return [one["source_arn"] for one in made.all("aws_lambda_permission").values()]


def test_many_routes_to_one_function_share_a_permission(
    stack: TerraformStack, worker: PythonFunction, api: RestApi
) -> None:
    for number in range(60):
        api.on_request(worker, "GET", f"/items{number}")
    first = [f"{ARN}/live/GET/items{number}" for number in range(12)]
    assert sorted(sources(Terraform(stack))) == sorted([*first, f"{ARN}/live/*/*"])


def test_a_function_can_stand_behind_two_apis(stack: TerraformStack, worker: PythonFunction, api: RestApi) -> None:
    other = RestApi(stack, "Other", name="other", description="Answers as well")
    api.on_request(worker, "GET", "/items")
    other.on_request(worker, "GET", "/items")
    made = Terraform(stack)
    assert sorted(sources(made)) == [f"{ARN}/live/GET/items", ARN.replace("Api/Api", "Other/Api") + "/live/GET/items"]
    assert "Worker/InvokeForGetItems" in made.all("aws_lambda_permission")


def test_an_api_can_call_a_function_of_another_stack(new_app: Callable[[], App], code: Path) -> None:
    app = new_app()
    functions, apis = TerraformStack(app, "functions"), TerraformStack(app, "apis")
    worker = PythonFunction(functions, "Worker", name="worker", packages=[code])
    RestApi(apis, "Api", name="api", description="Answers").on_request(worker, "GET", "/items")
    assert Terraform(functions).all("aws_lambda_permission") == {}
    assert sources(Terraform(apis)) == [f"{ARN}/live/GET/items"]


def test_an_api_without_routes_is_an_error_at_synth(new_app: Callable[[], App], code: Path) -> None:
    app = new_app()
    stack = TerraformStack(app, "stack")
    api = RestApi(stack, "Api", name="api", description="Answers")
    with pytest.raises(ConfigurationError, match="stack/Api: the API has no route; add one by on_request"):
        app.synth()
    api.on_request(PythonFunction(stack, "Worker", name="worker", packages=[code]), "GET", "/")
    AwsProvider(stack, "Aws", region="us-east-1")
    app.synth()
