"""The stack: its resources, their permissions and connections, and its outputs."""

from pathlib import Path

from sluice import Authorization, PythonFunction, Queue, Release, RestApi, Secret, StateBackend, Table, accept  # first

# isort: split
from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

FUNCTIONS = Path(__file__).parent.parent / "functions"
TAGS = {"Project": "webhook-ingest", "ManagedBy": "cdktf"}

# A webhook without them is refused by the API. JSON Schema draft 4.
WEBHOOK = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "type": {"type": "string", "minLength": 1, "maxLength": 200},
    },
}


class WebhookIngestStack(TerraformStack):
    """Each webhook of another system becomes one row of a table, however often it is sent.

    POST /webhooks/{sender} --> queue --batches--> function (alias `live`) --> table
    """

    def __init__(self, scope: Construct, id_: str, *, region: str, state_bucket: str | None = None) -> None:
        super().__init__(scope, id_)
        if state_bucket:
            StateBackend(self, bucket=state_bucket, state_key=f"{id_}/terraform.tfstate", region=region)
        AwsProvider(self, "Aws", region=region, default_tags=[{"tags": TAGS}])

        # JSON with each sender's signing secret: {"shop": "..."}. People put it in; it is never in Terraform.
        secrets = Secret(self, "SigningSecrets", name="webhook-ingest-signing-secrets")
        webhooks = Queue(self, "Webhooks", name="webhook-ingest")
        table = Table(self, "Table", name="webhook-ingest", partition_key="webhookId", expiry_attribute="expiresAt")
        ingest = PythonFunction(
            self,
            "Ingest",
            name="webhook-ingest",
            packages=[FUNCTIONS / "ingest"],
            installed=["sluice-functions"],
            environment={"SECRETS_ARN": secrets.arn, "TABLE_NAME": table.name},
            # A new version gets a tenth of the batches, and all after five minutes; an alarm takes it back.
            release=Release(10, minutes=5),
        )
        secrets.grant_read(ingest)
        table.grant_put(ingest)
        webhooks.on_messages(ingest, batch_size=100, window_seconds=1, max_concurrency=10)

        # Senders have no AWS credentials: they sign the body, and the function checks the signature.
        api = RestApi(
            self,
            "Api",
            name="webhook-ingest",
            description="Takes webhooks",
            authorization=Authorization.NONE,
        )
        accept(api.stage, {"CKV2_AWS_29": "requests are throttled, checked and signed; `web_acl_arn` adds a firewall"})
        api.on_request(
            webhooks,
            "POST",
            "/webhooks/{sender}",
            body_schema=WEBHOOK,
            message_attributes={
                "sender": "method.request.path.sender",
                "signature": "method.request.header.X-Signature",
            },
        )

        TerraformOutput(self, "ApiUrl", value=api.url)
        TerraformOutput(self, "SecretArn", value=secrets.arn)
        TerraformOutput(self, "TableName", value=table.name)
