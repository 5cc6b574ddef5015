"""A stack with every grant of every class, and an API with each kind of authorizer, a route to a queue and a domain."""

from pathlib import Path
from typing import Any

from modules import (  # first
    Bucket,
    CognitoAuthorizer,
    Cors,
    Index,
    Key,
    LambdaAuthorizer,
    Parameter,
    PythonFunction,
    Queue,
    Release,
    RestApi,
    Secret,
    Table,
    Topic,
)

# isort: split
from cdktf import App, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.cognito_user_pool import CognitoUserPool
from cdktf_cdktf_provider_aws.cognito_user_pool_client import CognitoUserPoolClient
from cdktf_cdktf_provider_aws.provider import AwsProvider

GATE = Path(__file__).parent / "code" / "gate"
RELEASED = Path(__file__).parent / "code" / "released"
Authorizer = CognitoAuthorizer | LambdaAuthorizer
PAGE = "https://app.example.com"
DOMAIN = "api.grants.example.com"
CACHE_SECONDS = 2
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012"


class Grants(TerraformStack):
    """`Grantee` has each grant, but for those that share actions with others, which `Writer` has."""

    def __init__(self, scope: App, name: str) -> None:
        super().__init__(scope, name)
        AwsProvider(self, "Aws", region="us-east-1")
        self.key = Key(self, "Key", alias="alias/grants", description="Encrypts what is granted")
        options: dict[str, Any] = {"key": self.key}
        files = Bucket(self, "Files", name="grants-files", emptied_on_destroy=True, **options)
        rows = Table(
            self, "Rows", name="grants-rows", partition_key="id", indexes=[Index("by-kind", "kind")], **options
        )
        work = Queue(self, "Work", name="grants-work", **options)
        news = Topic(self, "News", name="grants-news", **options)
        secret = Secret(self, "Secret", name="grants-secret", recovery_days=0, **options)
        limit = Parameter(self, "Limit", name="/grants/limit", **options)
        grantee, writer = (self.function(id_, "answer") for id_ in ("Grantee", "Writer"))

        files.grant_read(grantee, prefix="in/")
        files.grant_list(grantee, prefix="in/")
        files.grant_write(grantee, prefix="out/")
        files.grant_presigned_write(grantee, prefix="presigned/")
        files.grant_delete(grantee, prefix="out/")
        files.grant_read_tags(grantee, prefix="in/")
        files.grant_write_tags(grantee, prefix="in/")
        for grant in (
            rows.grant_get,
            rows.grant_batch_get,
            rows.grant_put,
            rows.grant_update,
            rows.grant_delete,
            rows.grant_batch_write,
            rows.grant_condition_check,
            rows.grant_query,
            rows.grant_scan,
            rows.grant_stream,
        ):
            grant(grantee)
        rows.grant_query(grantee, index="by-kind")
        rows.grant_scan(grantee, index="by-kind")
        rows.grant_transact_write(writer)
        work.grant_send(grantee)
        work.grant_receive(grantee)
        news.grant_publish(grantee)
        secret.grant_read(grantee)
        limit.grant_read(grantee)
        PythonFunction(
            self,
            "Released",
            name="grants-released",
            packages=[RELEASED],
            release=Release(10, minutes=1),
        )
        self.add_api(Queue(self, "Orders", name="grants-orders"))
        for output, value in {"Stream": rows.stream_arn, "Secret": secret.arn}.items():
            TerraformOutput(self, f"{output}Arn", value=value)

    def function(self, id_: str, handler: str) -> PythonFunction:
        return PythonFunction(
            self, id_, name=f"grants-{id_.lower()}", packages=[GATE], handler=f"gate.handler.{handler}"
        )

    def add_api(self, orders: Queue) -> None:
        pool = CognitoUserPool(self, "People", name="grants-people")
        client = CognitoUserPoolClient(
            self,
            "Client",
            name="grants-client",
            user_pool_id=pool.id,
            explicit_auth_flows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        answering = self.function("Answering", "answer")
        api = RestApi(self, "Api", name="grants-api", description="Every way in", cors=Cors([PAGE]))
        api.on_request(orders, "POST", "/orders")
        deciding = self.function("Deciding", "decide")
        cached = LambdaAuthorizer("cached", deciding, headers=["X-Token"], cache_seconds=CACHE_SECONDS)
        members = CognitoAuthorizer("members", [pool.arn], scopes=["aws.cognito.signin.user.admin"])
        routes: dict[str, Authorizer] = {
            "/own": LambdaAuthorizer("own", deciding, headers=["X-Token"]),
            "/cached": cached,
            "/cached/further": cached,
            "/people": CognitoAuthorizer("people", [pool.arn]),
            "/members": members,
        }
        for path, authorizer in routes.items():
            api.on_request(answering, "GET", path, authorization=authorizer)
        api.on_request(answering, "ANY", "/files/{proxy+}")
        api.add_domain(DOMAIN, certificate_arn=CERTIFICATE, base_path="v1")
        for output, value in {"ApiId": api.id, "PoolId": pool.id, "ClientId": client.id}.items():
            TerraformOutput(self, output, value=value)
