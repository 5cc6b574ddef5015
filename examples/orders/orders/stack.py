"""The stack: its resources, their permissions and connections, and its outputs."""

from pathlib import Path

from sluice import (  # first: it makes synth fast
    Key,
    LambdaAuthorizer,
    PythonFunction,
    Queue,
    RestApi,
    StateBackend,
    Table,
    Topic,
)

# isort: split
from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

FUNCTIONS = Path(__file__).parent.parent / "functions"
TAGS = {"Project": "orders", "ManagedBy": "cdktf"}


class OrdersStack(TerraformStack):
    """Customers place orders, each once, and read them; billing and shipping get a message for every new order.

    customer --> API --> api function --> table --new orders--> announcer --> topic --> queues of billing and shipping
                  |
                  +--> authorizer --> table of tokens
    """

    def __init__(self, scope: Construct, id_: str, *, region: str, state_bucket: str | None = None) -> None:
        super().__init__(scope, id_)
        if state_bucket:
            StateBackend(self, bucket=state_bucket, state_key=f"{id_}/terraform.tfstate", region=region)
        AwsProvider(self, "Aws", region=region, default_tags=[{"tags": TAGS}])
        key = Key(self, "Key", alias="alias/orders", description="Alarms of orders, and the logs of its API")
        self.alarms = Topic(self, "Alarms", name="orders-alarms", key=key)

        orders = Table(
            self, "Orders", name="orders", partition_key="customerId", sort_key="orderId", alarm_topic=self.alarms
        )
        requests = Table(
            self,
            "Requests",
            name="orders-requests",
            partition_key="id",
            expiry_attribute="expiresAt",
            alarm_topic=self.alarms,
        )
        tokens = Table(self, "Tokens", name="orders-tokens", partition_key="tokenHash", alarm_topic=self.alarms)

        authorizer = self._function("Authorizer", environment={"TOKENS_TABLE_NAME": tokens.name})
        tokens.grant_get(authorizer)

        api_function = self._function(
            "Api", environment={"ORDERS_TABLE_NAME": orders.name, "REQUESTS_TABLE_NAME": requests.name}
        )
        orders.grant_put(api_function)
        orders.grant_get(api_function)
        requests.grant_put(api_function)

        api = RestApi(
            self,
            "RestApi",
            name="orders",
            description="Orders: placed once, and read",
            alarm_topic=self.alarms,
            key=key,
        )
        customers = LambdaAuthorizer("customers", authorizer)
        api.on_request(api_function, "POST", "/orders", authorization=customers)
        api.on_request(api_function, "GET", "/orders/{orderId}", authorization=customers)

        announced = Topic(self, "Announced", name="orders-announced.fifo", fifo=True, alarm_topic=self.alarms)
        billing = Queue(self, "Billing", name="orders-billing.fifo", fifo=True)
        shipping = Queue(self, "Shipping", name="orders-shipping.fifo", fifo=True)
        announced.on_message(billing, raw=True)
        announced.on_message(shipping, raw=True)

        announcer = self._function("Announcer", environment={"TOPIC_ARN": announced.arn})
        announced.grant_publish(announcer)
        orders.on_change(announcer, filters=[{"eventName": ["INSERT"]}])

        for name, value in {
            "ApiUrl": api.url,
            "TokensTableName": tokens.name,
            "OrdersTableName": orders.name,
            "BillingQueueUrl": billing.url,
            "ShippingQueueUrl": shipping.url,
            "AlarmTopicArn": self.alarms.arn,
        }.items():
            TerraformOutput(self, name, value=value)

    def _function(self, id_: str, *, environment: dict[str, str]) -> PythonFunction:
        """A function whose code is in `functions/`, in the folder of its name."""
        name = id_.lower()
        return PythonFunction(
            self,
            id_,
            name=f"orders-{name}",
            packages=[FUNCTIONS / name],
            installed=["sluice-functions"],
            environment=environment,
            alarm_topic=self.alarms,
        )
