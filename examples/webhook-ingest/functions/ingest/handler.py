"""Writes a batch of webhooks to the table. A webhook that is sent or delivered again changes nothing."""

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities import parameters
from sluice_functions import environment, sqs
from sluice_functions.observability import MetricUnit, instrumented, logger, metrics

from . import webhooks
from .store import Store

SECRETS_SECONDS = 300  # a new secret is used after that time at the latest


@dataclass(frozen=True)
class Environment:
    secrets_arn: str
    table_name: str


ENVIRONMENT = environment.read(Environment)
STORE = Store(ENVIRONMENT.table_name)


@instrumented
def handle(event: dict[str, Any], context: object) -> Any:
    """Failed messages are reported: SQS delivers them again, and finally moves them to the dead letters."""
    return sqs.for_each_message(event, ingest)


def ingest(message: sqs.QueueMessage) -> None:
    sender = str(message.message_attributes["sender"])
    try:
        webhook = webhooks.read(sender, str(message.message_attributes["signature"]), message.body, secrets())
    except webhooks.Refused as refused:
        # Not a failure: a retry would refuse the same message again.
        logger.warning("webhook refused", extra={"sender": sender, "reason": str(refused)})
        metrics.add_metric("WebhooksRefused", MetricUnit.Count, 1)
        return
    if not STORE.add(webhook):
        logger.info("webhook repeated", extra={"sender": sender, "webhook_id": webhook.id})


def secrets() -> dict[str, str]:
    """The signing secret of each sender."""
    return dict(parameters.get_secret(ENVIRONMENT.secrets_arn, transform="json", max_age=SECRETS_SECONDS))
