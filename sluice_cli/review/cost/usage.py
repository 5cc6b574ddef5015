"""What a million events cost: derived from what the stack connects and grants.

Nobody's code is read. A function that is not only run by a schedule runs once for each event; whatever it is granted,
it does once in a run. Code that calls more often, writes in transactions (twice the units) or larger items costs more;
code that takes one of several ways costs less. What is assumed is the same before and after a change.
"""

from collections import defaultdict
from collections.abc import Mapping

from .fixed import Amount, collected, is_arm
from .model import MILLION
from .prices import Prices, Untold
from .sides import Side, blocks

# What is assumed of an invocation. The time is that of docs/scaling.md's systems, rounded up; the log bytes are theirs.
DURATION_MS = 100
LOG_BYTES = 900
LOG_GB = LOG_BYTES / 1e9
TRACED = 0.05  # https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html: 5 %, after one a second

ASSUMED = (
    "Assumed: each event runs every function once, except those that only a schedule runs; it takes "
    f"{DURATION_MS} ms and writes {LOG_BYTES} bytes of log; a run does once what the function is granted, items up to "
    "1 KB; nothing fails.",
    "In no total: storage, transfer, KMS requests (data keys are reused), free tiers, discounts.",
)

# What a granted action does to its target, by the prefix of the action.
CALLS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "aws_dynamodb_table": {
        "write": ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWrite"),
        "read": ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGet"),
    },
    "aws_s3_bucket": {"write": ("s3:PutObject",), "read": ("s3:GetObject",)},
    "aws_sns_topic": {"write": ("sns:Publish",)},
    "aws_sqs_queue": {"write": ("sqs:SendMessage",)},
    "aws_cloudwatch_event_bus": {"write": ("events:PutEvents",)},
}
# These say more than what an event does.
BESIDE = ("s3:PutObjectTagging", "s3:PutObjectAcl", "s3:GetObjectTagging", "s3:GetObjectAcl", "s3:GetObjectAttributes")
APIS = {"aws_api_gateway_rest_api": "rest_requests", "aws_apigatewayv2_api": "http_requests"}
# What brings an event to a function, and by which attributes.
TRIGGERS = {
    "aws_s3_bucket_notification": ("lambda_function",),
    "aws_lambda_event_source_mapping": ("function_name",),
    "aws_api_gateway_integration": ("uri",),
    "aws_apigatewayv2_integration": ("integration_uri",),
    "aws_sns_topic_subscription": ("endpoint",),
    "aws_cloudwatch_event_target": ("arn",),
    "aws_lambda_function_url": ("function_name",),
}
WEB_ACL = "aws_wafv2_web_acl"
DELIVERIES = {"email": "sns_emails", "email-json": "sns_emails", "http": "sns_http", "https": "sns_http"}


class Usage:
    """One side of a plan, and what an event does in it."""

    def __init__(self, side: Side, prices: Prices) -> None:
        self._side = side
        self._prices = prices
        self._not_read: dict[str, str] = {}
        self._functions = self._run_by_events()
        self._calls = self._granted()

    def costs(self) -> tuple[dict[str, Amount], dict[str, str]]:
        """Amounts for a million events by address; and by address why an amount cannot be told."""
        addresses = [*sorted(self._functions), *self._calls, *self._side.of(WEB_ACL, *APIS)]
        found, untold = collected(list(dict.fromkeys(addresses)), self._amount)
        return {key: Amount(one.dollars * MILLION, one.how) for key, one in found.items()}, {
            **untold,
            **self._not_read,
        }

    def _run_by_events(self) -> set[str]:
        functions = set(self._side.of("aws_lambda_function"))
        scheduled = self._targets({"aws_scheduler_schedule": ("target",)})
        return functions - (scheduled - self._targets(TRIGGERS))

    def _targets(self, triggers: Mapping[str, tuple[str, ...]]) -> set[str]:
        return {
            function
            for type_, attributes in triggers.items()
            for address in self._side.of(type_)
            for function in self._side.linked(address, *attributes, types=["aws_lambda_function"])
        }

    def _granted(self) -> dict[str, set[str]]:
        """By resource, what an event does to it: `write`, `read`."""
        side = self._side
        calls: dict[str, set[str]] = defaultdict(set)
        roles = {role for function in self._functions for role in side.linked(function, "role", types=["aws_iam_role"])}
        failures = self._failures()
        for policy in side.of("aws_iam_role_policy"):
            if not roles & side.linked(policy, "role", types=["aws_iam_role"]):
                continue
            try:
                for actions, targets in side.statements(policy):
                    for target in targets - failures:
                        calls[target] |= _kinds(side.types[target], actions)
            except Untold as error:
                self._not_read[policy] = str(error)
        for notification in side.of("aws_s3_bucket_notification"):
            for bucket in side.linked(notification, "bucket", types=["aws_s3_bucket"]):
                calls[bucket].add("write")
        for mapping in side.of("aws_lambda_event_source_mapping"):
            for queue in side.linked(mapping, "event_source_arn", types=["aws_sqs_queue"]):
                calls[queue].add("write")
        return {target: kinds for target, kinds in calls.items() if kinds}

    def _failures(self) -> set[str]:
        """Where failed events go: nothing, as long as nothing fails."""
        places = (
            ("aws_lambda_function_event_invoke_config", "destination_config"),
            ("aws_lambda_event_source_mapping", "destination_config"),
            ("aws_lambda_function", "dead_letter_config"),
        )
        return {
            target
            for type_, attribute in places
            for address in self._side.of(type_)
            for target in self._side.linked(address, attribute, types=["aws_sqs_queue", "aws_sns_topic"])
        }

    def _amount(self, address: str) -> Amount:
        side, price, kinds = self._side, self._prices.of, self._calls.get(address, set())
        match side.types[address]:
            case "aws_lambda_function":
                return self._function(address)
            case "aws_dynamodb_table":
                return self._table(address, kinds)
            case "aws_s3_bucket":
                cost = sum(price(f"s3_{kind}s") for kind in kinds)
                return Amount(cost, " and ".join(f"1 {kind}" for kind in sorted(kinds, reverse=True)))
            case "aws_sns_topic":
                return self._topic(address)
            case "aws_sqs_queue":
                fifo = side.values[address].get("fifo_queue") is True
                # Sent, received and deleted, one by one.
                return Amount(3 * price("sqs_fifo_requests" if fifo else "sqs_requests"), "3 requests")
            case "aws_cloudwatch_event_bus":
                return Amount(price("event_bus_events"), "1 event of up to 64 KB")
            case "aws_apigatewayv2_api" if side.text(address, "protocol_type") == "WEBSOCKET":
                raise Untold("messages and connections of WebSockets are not counted")
            case "aws_wafv2_web_acl":
                return Amount(price("waf_requests"), "1 request")
            case type_:
                return Amount(price(APIS[type_]), "1 request")

    def _function(self, address: str) -> Amount:
        price = self._prices.of
        memory = self._side.number(address, "memory_size", 128)
        arm = is_arm(self._side, address)
        seconds = DURATION_MS / 1000 * memory / 1024
        cost = price("lambda_requests") + seconds * price("lambda_gb_seconds_arm" if arm else "lambda_gb_seconds")
        cost += LOG_GB * price("log_gigabytes")
        how = f"1 run, {DURATION_MS} ms of {memory:,.0f} MB{' on arm64' if arm else ''}, its log"
        tracing = blocks(self._side.values[address].get("tracing_config"))
        if any(one.get("mode") == "Active" for one in tracing):
            return Amount(cost + TRACED * price("traces"), f"{how}, {TRACED:.0%} traced")
        return Amount(cost, how)

    def _table(self, address: str, kinds: set[str]) -> Amount:
        if self._side.text(address, "billing_mode", "PROVISIONED") != "PAY_PER_REQUEST":
            return Amount(0, "by its provisioned units")
        indexes = len(blocks(self._side.values[address].get("global_secondary_index")))
        units = 1 + indexes
        cost = ("write" in kinds) * units * self._prices.of("dynamodb_writes")
        cost += ("read" in kinds) * self._prices.of("dynamodb_reads")
        words = {"write": f"{units} write unit{'s' * (units != 1)}, indexes included", "read": "1 read unit"}
        return Amount(cost, " and ".join(words[kind] for kind in ("write", "read") if kind in kinds))

    def _topic(self, address: str) -> Amount:
        cost, how = self._prices.of("sns_publishes"), ["1 publish"]
        for subscription in self._side.of("aws_sns_topic_subscription"):
            if address in self._side.linked(subscription, "topic_arn", types=["aws_sns_topic"]):
                protocol = self._side.text(subscription, "protocol")
                if protocol in DELIVERIES:
                    cost += self._prices.of(DELIVERIES[protocol])
                    how.append(f"1 delivery by {protocol}")
                elif protocol not in ("sqs", "lambda"):
                    raise Untold("deliveries other than to e-mail, HTTP, SQS and Lambda are not counted")
        return Amount(cost, ", ".join(how))


def _kinds(type_: str, actions: list[str]) -> set[str]:
    return {
        kind
        for kind, prefixes in CALLS.get(type_, {}).items()
        for action in actions
        if action not in BESIDE and (action.startswith(prefixes) or _covers(action, prefixes))
    }


def _covers(action: str, prefixes: tuple[str, ...]) -> bool:
    """Whether an action with a `*` stands for one of these, too."""
    begin, star, _ = action.partition("*")
    return bool(star) and any(one.startswith(begin) for one in prefixes)
