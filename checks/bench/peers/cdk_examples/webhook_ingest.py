"""examples/webhook-ingest with the AWS CDK: `python webhook_ingest.py FUNCTIONS`."""

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from operations import MINUTE, OperatedStack

ANSWER = '{"id": "$input.path(\'$.SendMessageResponse.SendMessageResult.MessageId\')"}'
TEXT = apigateway.JsonSchema(type=apigateway.JsonSchemaType.STRING, min_length=1, max_length=200)
WEBHOOK = apigateway.JsonSchema(
    type=apigateway.JsonSchemaType.OBJECT, required=["id", "type"], properties={"id": TEXT, "type": TEXT}
)
# The body becomes the message, and two parts of the request its attributes.
MESSAGE = "&".join(
    [
        "Action=SendMessage",
        "MessageBody=$util.urlEncode($input.body)",
        "MessageAttribute.1.Name=sender",
        "MessageAttribute.1.Value.DataType=String",
        "MessageAttribute.1.Value.StringValue=$util.urlEncode($input.params().path.get('sender'))",
        "MessageAttribute.2.Name=signature",
        "MessageAttribute.2.Value.DataType=String",
        "MessageAttribute.2.Value.StringValue=$util.urlEncode($input.params().header.get('X-Signature'))",
    ]
)


class WebhookIngest(OperatedStack):
    def __init__(self, scope: Construct, id_: str, *, functions: Path) -> None:
        super().__init__(scope, id_, notifies=False)
        secrets = secretsmanager.Secret(self, "SigningSecrets")
        table = self.table("Table", "webhookId", time_to_live_attribute="expiresAt")
        ingest = self.function(
            "Ingest",
            code=str(functions / "ingest"),
            handler="handler.handle",
            environment={"SECRETS_ARN": secrets.secret_arn, "TABLE_NAME": table.table_name},
        )
        secrets.grant_read(ingest)
        table.grant_write_data(ingest)

        live = lambda_.Alias(self, "Live", alias_name="live", version=ingest.current_version)
        codedeploy.LambdaDeploymentGroup(
            self,
            "Release",
            alias=live,
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
            alarms=[self.alarm("LiveErrors", live.metric_errors(period=MINUTE))],
        )

        webhooks = self.queue(
            "Webhooks",
            visibility_timeout=Duration.seconds(181),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.failure_queue("DeadLetters"), max_receive_count=5),
        )
        live.add_event_source(
            sources.SqsEventSource(
                webhooks,
                batch_size=100,
                max_batching_window=Duration.seconds(1),
                max_concurrency=10,
                report_batch_item_failures=True,
            )
        )

        sender = iam.Role(self, "Sender", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        webhooks.grant_send_messages(sender)
        api = apigateway.RestApi(
            self,
            "Api",
            cloud_watch_role=False,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            deploy_options=apigateway.StageOptions(
                stage_name="live",
                tracing_enabled=True,
                metrics_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                throttling_rate_limit=100,
                throttling_burst_limit=200,
                access_log_destination=apigateway.LogGroupLogDestination(
                    logs.LogGroup(self, "AccessLog", retention=logs.RetentionDays.ONE_YEAR)
                ),
            ),
        )
        api.root.add_resource("webhooks").add_resource("{sender}").add_method(
            "POST",
            apigateway.AwsIntegration(
                service="sqs",
                path=f"{self.account}/{webhooks.queue_name}",
                integration_http_method="POST",
                options=apigateway.IntegrationOptions(
                    credentials_role=sender,
                    passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                    request_parameters={
                        "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
                    },
                    request_templates={"application/json": MESSAGE},
                    integration_responses=[
                        apigateway.IntegrationResponse(
                            status_code="202",
                            response_templates={"application/json": ANSWER},
                        ),
                        apigateway.IntegrationResponse(status_code="400", selection_pattern=r"4\d{2}"),
                        apigateway.IntegrationResponse(status_code="502", selection_pattern=r"5\d{2}"),
                    ],
                ),
            ),
            request_parameters={"method.request.path.sender": True, "method.request.header.X-Signature": False},
            request_models={"application/json": api.add_model("Webhook", schema=WEBHOOK)},
            request_validator=api.add_request_validator("Body", validate_request_body=True),
            method_responses=[apigateway.MethodResponse(status_code=code) for code in ("202", "400", "502")],
        )
        self.alarm("ServerErrors", api.metric_server_error(period=MINUTE))

        for name, value in {"SecretArn": secrets.secret_arn, "TableName": table.table_name}.items():
            cdk.CfnOutput(self, name, value=value)


if __name__ == "__main__":
    app = cdk.App()
    WebhookIngest(app, "webhook-ingest", functions=Path(sys.argv[1]))
    app.synth()
