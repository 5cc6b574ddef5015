"""examples/orders with the AWS CDK: `python orders.py FUNCTIONS`."""

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct
from operations import MINUTE, OperatedStack


class Orders(OperatedStack):
    def __init__(self, scope: Construct, id_: str, *, functions: Path) -> None:
        super().__init__(scope, id_, notifies=True)
        orders = self.table("Orders", "customerId", "orderId", dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE)
        requests = self.table("Requests", "id", time_to_live_attribute="expiresAt")
        tokens = self.table("Tokens", "tokenHash")

        authorizer = self.function(
            "Authorizer",
            code=str(functions / "authorizer"),
            handler="handler.handle",
            environment={"TOKENS_TABLE_NAME": tokens.table_name},
        )
        tokens.grant_read_data(authorizer)
        api_function = self.function(
            "ApiFunction",
            code=str(functions / "api"),
            handler="handler.handle",
            environment={"ORDERS_TABLE_NAME": orders.table_name, "REQUESTS_TABLE_NAME": requests.table_name},
        )
        orders.grant_read_write_data(api_function)
        requests.grant_read_write_data(api_function)

        api = apigateway.RestApi(
            self,
            "Api",
            cloud_watch_role=False,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            default_method_options=apigateway.MethodOptions(
                authorizer=apigateway.RequestAuthorizer(
                    self,
                    "Customers",
                    handler=authorizer,
                    identity_sources=[apigateway.IdentitySource.header("Authorization")],
                    results_cache_ttl=Duration.seconds(0),
                )
            ),
            default_integration=apigateway.LambdaIntegration(api_function),
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
                access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                    caller=True,
                    http_method=True,
                    ip=True,
                    protocol=True,
                    request_time=True,
                    resource_path=True,
                    response_length=True,
                    status=True,
                    user=True,
                ),
            ),
        )
        resource = api.root.add_resource("orders")
        resource.add_method("POST")
        resource.add_resource("{orderId}").add_method("GET")
        self.alarm("ServerErrors", api.metric_server_error(period=MINUTE))

        announced = sns.Topic(
            self,
            "Announced",
            topic_name="orders-announced.fifo",
            fifo=True,
            content_based_deduplication=True,
            enforce_ssl=True,
            master_key=kms.Alias.from_alias_name(self, "SnsKey", "alias/aws/sns"),
        )
        undelivered = self.failure_queue("Undelivered", fifo=True)
        billing, shipping = (self.queue(name, fifo=True) for name in ("Billing", "Shipping"))
        for queue in (billing, shipping):
            announced.add_subscription(
                subscriptions.SqsSubscription(queue, raw_message_delivery=True, dead_letter_queue=undelivered)
            )

        announcer = self.function(
            "Announcer",
            code=str(functions / "announcer"),
            handler="handler.handle",
            environment={"TOPIC_ARN": announced.topic_arn},
        )
        announced.grant_publish(announcer)
        announcer.add_event_source(
            sources.DynamoEventSource(
                orders,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                filters=[lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.is_equal("INSERT")})],
                retry_attempts=10,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                on_failure=sources.SqsDlq(self.failure_queue("UnreadChanges")),
            )
        )

        for name, value in {
            "TokensTableName": tokens.table_name,
            "OrdersTableName": orders.table_name,
            "BillingQueueUrl": billing.queue_url,
            "ShippingQueueUrl": shipping.queue_url,
            "AlarmTopicArn": self.alarms.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)


if __name__ == "__main__":
    app = cdk.App()
    Orders(app, "orders", functions=Path(sys.argv[1]))
    app.synth()
