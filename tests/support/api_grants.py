"""What API Gateway does for the deployed stack `grants`, by the statement that lets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

from botocore.awsrequest import AWSRequest

from checks.least_privilege.outcomes import Failed
from sluice_cli.local_aws.signed_request import session, signed_request
from tests.support.bare_aws import ACCOUNT, REGION
from tests.support.connected import Connections
from tests.support.service_grants import Case, ConnectedSystem, Delivery

SENDER = f"arn:aws:iam::{ACCOUNT}:role/grants-api-send"
QUEUE_BODY = {"application/json": "Action=SendMessage&MessageBody=x"}


class ApiGrants:
    """As a context manager it makes an API of somebody else's, with the connections that the stack's API has."""

    def __init__(self, connections: Connections, system: ConnectedSystem) -> None:
        self.connections, self.system = connections, system
        self.client = connections.local.client
        self._cleanup = ExitStack()

    def __enter__(self) -> ApiGrants:
        gateway, sqs = self.client("apigateway"), self.client("sqs")
        self.client("secretsmanager").put_secret_value(SecretId="grants-secret", SecretString="secret")
        self._api = gateway.create_rest_api(name=f"test-{uuid4().hex[:8]}")["id"]
        self._cleanup.callback(gateway.delete_rest_api, restApiId=self._api)
        queue = f"test-{uuid4().hex[:8]}"
        url = sqs.create_queue(QueueName=queue)["QueueUrl"]
        self._cleanup.callback(sqs.delete_queue, QueueUrl=url)
        to_queue = f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/{queue}"
        authorizer = gateway.create_authorizer(
            restApiId=self._api,
            name="deciding",
            type="REQUEST",
            authorizerUri=_uri("grants-deciding"),
            authorizerResultTtlInSeconds=0,
            identitySource="method.request.header.X-Token",
        )["id"]
        self._route("answering", {"type": "AWS_PROXY", "uri": _uri("grants-answering")})
        self._route(
            "deciding", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}, authorizer
        )
        self._route("queue", {"type": "AWS", "uri": to_queue, "credentials": SENDER, "requestTemplates": QUEUE_BODY})
        gateway.create_deployment(restApiId=self._api, stageName="live")
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def cases(self) -> dict[tuple[str, str], Case]:
        """By the statement's holder and Sid. Authorizers have an id in the names of their permissions."""
        tokens = self.connections.signed_in(self.system.outputs["PoolId"], self.system.outputs["ClientId"])
        routes: dict[str, Delivery] = {
            "GetOwn": Delivery(lambda text: self._get("own", {"X-Token": f"good-{text}"})),
            "GetCached": Delivery(lambda text: self._get("cached", {"X-Token": f"good-{text}"})),
            "GetCachedFurther": Delivery(lambda text: self._get("cached/further", {"X-Token": f"good-{text}"})),
            "GetPeople": Delivery(lambda _: self._get("people", {"Authorization": tokens["IdToken"]})),
            "GetMembers": Delivery(lambda _: self._get("members", {"Authorization": tokens["AccessToken"]})),
            "AnyFilesProxy": Delivery(lambda _: self._signed("GET", "files/a")),
        }
        answering = Delivery(lambda _: self._get("answering", {}, api=self._api))
        deciding = Delivery(lambda text: self._get("deciding", {"X-Token": f"good-{text}"}, api=self._api))
        sent = Delivery(lambda _: self._signed("POST", "orders"))
        elsewhere = Delivery(lambda _: self._get("queue", {}, api=self._api, reached=range(200, 300)))
        return {
            **{
                (f"Answering/InvokeFor{name}", f"InvokeFor{name}"): Case(use, answering) for name, use in routes.items()
            },
            ("Deciding/InvokeForAuthorizerOwn", "InvokeForAuthorizerOwn"): Case(routes["GetOwn"], deciding),
            ("Deciding/InvokeForAuthorizerCached", "InvokeForAuthorizerCached"): Case(routes["GetCached"], deciding),
            ("Api/QueueSender/Role", "ApiGatewayService"): Case(sent),
            ("Api/QueueSender/SendOrders/RolePolicy", "Send"): Case(sent, elsewhere),
        }

    def _route(self, path: str, integration: Mapping[str, Any], authorizer: str = "") -> None:
        gateway = self.client("apigateway")
        (root,) = [one for one in gateway.get_resources(restApiId=self._api)["items"] if one["path"] == "/"]
        made = gateway.create_resource(restApiId=self._api, parentId=root["id"], pathPart=path)["id"]
        of_method = {"restApiId": self._api, "resourceId": made, "httpMethod": "GET"}
        asked = {"authorizerId": authorizer} if authorizer else {}
        gateway.put_method(**of_method, authorizationType="CUSTOM" if authorizer else "NONE", **asked)
        gateway.put_integration(**of_method, integrationHttpMethod="POST", **integration)
        for status, pattern in (("200", ""), ("400", r"4\d{2}")) if integration["type"] != "AWS_PROXY" else ():
            gateway.put_method_response(**of_method, statusCode=status)
            gateway.put_integration_response(**of_method, statusCode=status, selectionPattern=pattern)

    def _url(self, api: str, path: str) -> str:
        running = self.connections.local.running()
        return f"{running.url if running else ''}/_aws/execute-api/{api or self.system.outputs['ApiId']}/live/{path}"

    def _get(self, path: str, headers: Mapping[str, str], *, api: str = "", reached: range = range(200, 500)) -> None:
        request = AWSRequest("GET", self._url(api, path), headers=headers).prepare()
        answer = session(str(self.connections.local.folder / "client.pem"), timeout=30).send(request)
        if answer.status_code not in reached:
            raise Failed(f"{answer.status_code}: {answer.content.decode()}")

    def _signed(self, method: str, path: str) -> None:
        body = json.dumps({}).encode() if method == "POST" else None
        status, answer = signed_request(self.connections.local, method, self._url("", path), body)
        if status not in (200, 202):
            raise Failed(f"{status}: {answer.decode()}")


def _uri(function: str) -> str:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
