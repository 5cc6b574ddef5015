"""Who may call an API, and its domains, on the local AWS: each test fails without
sluice_cli/local_aws/emulator/authorizers.py or domains.py."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest

from sluice_cli.local_aws.signed_request import send
from tests.support.bare_aws import ACCOUNT, REGION, BareAws, allow

ANSWER = """
import json

def handle(event, context):
    if "methodArn" not in event:
        return {"statusCode": 200, "body": json.dumps(event)}
    return {
        "principalId": "somebody",
        "policyDocument": {"Statement": [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        ]},
        "context": {"asked": f"{event['path']} of {event['requestContext']['domainName']}"},
    }
"""
SIGN_IN = "Not-a-secret-1"
SCOPE = "aws.cognito.signin.user.admin"  # of every access token that comes from a sign-in
DOMAIN = "api.example.com"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
UNAUTHORIZED, FORBIDDEN = (401, {"message": "Unauthorized"}), (403, {"message": "Forbidden"})


@dataclass(frozen=True)
class Api:
    """An API with a route for each authorizer; `open` has none."""

    aws: BareAws
    id: str
    pool: str

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, domain: str = "") -> tuple[int, Any]:
        running = self.aws.local.running()
        assert running
        base = running.url if domain else f"{running.url}/_aws/execute-api/{self.id}/live"
        host = {"Host": domain} if domain else {}
        status, body = send(self.aws.local, "GET", f"{base}/{path}", None, {**(headers or {}), **host})
        return status, json.loads(body)

    def tokens(self, **validity: Any) -> dict[str, str]:
        """Tokens of a person who signs in by a client of their own."""
        cognito, name = self.aws.client("cognito-idp"), f"client-{time.monotonic_ns()}"
        flow = "ADMIN_USER_PASSWORD_AUTH"
        client = cognito.create_user_pool_client(
            UserPoolId=self.pool, ClientName=name, ExplicitAuthFlows=[f"ALLOW_{flow}"], **validity
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=self.pool, Username=name)
        cognito.admin_set_user_password(UserPoolId=self.pool, Username=name, Password=SIGN_IN, Permanent=True)
        answer = cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=client,
            AuthFlow=flow,
            AuthParameters={"USERNAME": name, "PASSWORD": SIGN_IN},
        )
        return dict(answer["AuthenticationResult"])


@pytest.fixture(scope="module")
def api(aws: BareAws) -> Api:
    gateway = aws.client("apigateway")
    answering = aws.function("answering", aws.role("answering", allow(["logs:*"])), ANSWER)
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{answering}/invocations"
    pool = aws.client("cognito-idp").create_user_pool(PoolName=f"{aws.prefix}-people")["UserPool"]
    aws.cleanup(aws.client("cognito-idp").delete_user_pool, UserPoolId=pool["Id"])
    api = gateway.create_rest_api(name=f"{aws.prefix}-api")["id"]
    aws.cleanup(gateway.delete_rest_api, restApiId=api)
    aws.permit(answering, "apigateway", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*")
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    asked = {"type": "REQUEST", "authorizerUri": uri, "authorizerResultTtlInSeconds": 0}
    own = gateway.create_authorizer(
        restApiId=api, name="own", identitySource="method.request.header.X-Token, method.request.querystring.q", **asked
    )["id"]
    anybody = gateway.create_authorizer(restApiId=api, name="anybody", identitySource="", **asked)["id"]
    people = gateway.create_authorizer(
        restApiId=api, name="people", type="COGNITO_USER_POOLS", providerARNs=[pool["Arn"]]
    )["id"]
    parents: dict[str, str] = {}
    for part, kind, options in (
        ("open", "NONE", {}),
        ("own", "CUSTOM", {"authorizerId": own}),
        ("anybody", "CUSTOM", {"authorizerId": anybody}),
        ("anybody/{key}", "CUSTOM", {"authorizerId": anybody}),
        ("people", "COGNITO_USER_POOLS", {"authorizerId": people}),
        ("scoped", "COGNITO_USER_POOLS", {"authorizerId": people, "authorizationScopes": [SCOPE]}),
    ):
        above, _, name = part.rpartition("/")
        resource = gateway.create_resource(restApiId=api, parentId=parents.get(above, root), pathPart=name)["id"]
        parents[part] = resource
        route = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        gateway.put_method(**route, authorizationType=kind, **options)
        gateway.put_integration(**route, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="live")
    gateway.create_domain_name(
        domainName=DOMAIN, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]}
    )
    aws.cleanup(gateway.delete_domain_name, domainName=DOMAIN)
    gateway.create_base_path_mapping(domainName=DOMAIN, basePath="v1", restApiId=api, stage="live")
    return Api(aws, api, pool["Id"])


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("own", {}),
        ("own?q=1", {}),
        ("own", {"X-Token": "a"}),
        ("own?q=1", {"X-Token": ""}),
        ("own?q=", {"X-Token": "a"}),
    ],
)
def test_a_request_without_all_identity_sources_is_unauthorized_without_a_call_of_the_authorizer(
    api: Api, path: str, headers: dict[str, str]
) -> None:
    assert api.get(path, headers) == UNAUTHORIZED


def test_an_authorizer_is_asked_about_a_request_with_all_identity_sources(api: Api) -> None:
    for path, headers in (("own?q=1", {"x-TOKEN": "a"}), ("anybody", {})):
        status, event = api.get(path, headers)
        asked = f"/{path.partition('?')[0]} of {api.id}.execute-api.{REGION}.amazonaws.com"
        assert (status, event["requestContext"]["authorizer"]) == (200, {"asked": asked, "principalId": "somebody"})


def test_a_token_of_the_user_pool_is_known_and_its_claims_reach_the_function(api: Api) -> None:
    tokens = api.tokens()
    for prefix in ("", "Bearer "):
        status, event = api.get("people", {"Authorization": prefix + tokens["IdToken"]})
        claims = event["requestContext"]["authorizer"]["claims"]
        assert (status, claims["token_use"]) == (200, "id")
        assert claims["cognito:username"].startswith("client-")
    status, event = api.get("scoped", {"Authorization": tokens["AccessToken"]})
    assert (status, event["requestContext"]["authorizer"]["claims"]["scope"]) == (200, SCOPE)


def test_an_access_token_opens_only_methods_with_scopes_and_an_identity_token_only_those_without(api: Api) -> None:
    tokens = api.tokens()
    assert api.get("people", {"Authorization": tokens["AccessToken"]}) == UNAUTHORIZED
    assert api.get("scoped", {"Authorization": tokens["IdToken"]}) == UNAUTHORIZED


def test_a_garbled_token_is_unauthorized_and_an_expired_one_is_named(api: Api) -> None:
    token = api.tokens(IdTokenValidity=1, TokenValidityUnits={"IdToken": "seconds"})["IdToken"]
    time.sleep(1.1)
    assert api.get("people", {"Authorization": token}) == (401, {"message": "The incoming token has expired"})
    head, claims, _ = api.tokens()["IdToken"].split(".")
    for garbled in ("a", "a.b.c", f"{head}.{claims}.AAAA", "Bearer", ""):
        assert api.get("people", {"Authorization": garbled}) == UNAUTHORIZED


def test_events_that_come_by_a_domain_name_it_and_have_its_base_path(api: Api) -> None:
    for domain in (DOMAIN, DOMAIN.upper()):
        status, event = api.get("v1/open", domain=domain)
        context = event["requestContext"]
        assert (status, event["path"], event["resource"]) == (200, "/v1/open", "/open")
        assert (context["path"], context["domainName"], context["domainPrefix"]) == ("/v1/open", DOMAIN, "api")
    _, event = api.get("v1/own?q=1", {"X-Token": "a"}, domain=DOMAIN)
    assert event["requestContext"]["authorizer"]["asked"] == f"/v1/own of {DOMAIN}"
    status, event = api.get("open")
    default = f"{api.id}.execute-api.{REGION}.amazonaws.com"
    context = event["requestContext"]
    assert (status, event["path"], context["path"], context["domainName"]) == (200, "/open", "/live/open", default)


@pytest.mark.parametrize("path", ["", "open", "v2/open", "v1x/open"])
def test_a_path_of_a_domain_that_is_mapped_to_no_api_is_forbidden(api: Api, path: str) -> None:
    assert api.get(path, domain=DOMAIN) == FORBIDDEN


def test_an_api_without_default_endpoint_answers_its_domain_only(api: Api) -> None:
    gateway = api.aws.client("apigateway")

    def set_disabled(value: str) -> None:
        operation = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": value}
        gateway.update_rest_api(restApiId=api.id, patchOperations=[operation])

    set_disabled("true")
    assert api.get("open") == FORBIDDEN
    assert api.get("v1/open", domain=DOMAIN)[0] == 200
    set_disabled("false")
    assert api.get("open")[0] == 200


def test_a_domain_and_its_base_paths_can_be_changed_and_have_nothing_that_was_not_given(api: Api) -> None:
    gateway, name = api.aws.client("apigateway"), "other.example.com"
    made = gateway.create_domain_name(
        domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]}
    )
    api.aws.cleanup(gateway.delete_domain_name, domainName=name)
    assert "mutualTlsAuthentication" not in made
    renewed = CERTIFICATE.replace("1234-1234", "5678-5678", 1)
    changed = {"op": "replace", "path": "/regionalCertificateArn", "value": renewed}
    gateway.update_domain_name(domainName=name, patchOperations=[changed])
    assert gateway.get_domain_name(domainName=name)["regionalCertificateArn"] == renewed
    arn = f"arn:aws:apigateway:{REGION}::/domainnames/{name}"
    gateway.tag_resource(resourceArn=arn, tags={"Project": "a"})
    assert gateway.get_domain_name(domainName=name)["tags"] == {"Project": "a"}

    gateway.create_base_path_mapping(domainName=name, basePath="v1", restApiId="another", stage="other")
    operations = {"/basePath": "v2", "/restapiId": api.id, "/stage": "live"}
    gateway.update_base_path_mapping(
        domainName=name,
        basePath="v1",
        patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in operations.items()],
    )
    assert api.get("v2/open", domain=name)[0] == 200
    assert api.get("v1/open", domain=name) == FORBIDDEN


@pytest.mark.parametrize("key", ["a%2Fb", "%2F", "..%2f..", "a%252Fb", "%C3%A4%20%2F%E2%82%AC", "a+b@c", "%00"])
@pytest.mark.parametrize("domain", ["", DOMAIN], ids=["default endpoint", "domain"])
def test_a_parameter_of_a_path_may_have_an_encoded_slash(api: Api, key: str, domain: str) -> None:
    status, event = api.get(f"{'v1/' if domain else ''}anybody/{key}", domain=domain)
    assert status == 200, event
    assert unquote(event["pathParameters"]["key"]) == unquote(key)
    assert "/" not in event["pathParameters"]["key"]
    asked = event["requestContext"]["authorizer"]["asked"].partition(" of ")[0]
    assert (event["resource"], asked) == ("/anybody/{key}", event["path"])
    assert unquote(event["path"]) == f"{'/v1' if domain else ''}/anybody/{unquote(key)}"
