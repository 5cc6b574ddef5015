"""What a million events cost: derived from what the stack connects and grants.

Nobody's code is read. Where the project counted what an event takes (counts.py), that is priced. A function
that was not counted, and is not only run by a schedule, runs once for each event and does once whatever it is granted.
Code that calls more often, writes in transactions (twice the units) or larger items costs more; code that takes one of
several ways costs less. What is counted or assumed is the same before and after a change.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .counts import KINDS, WRITE_UNITS, Counted
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
    "Assumed, where nothing was counted: each event runs every function once, except those that only a schedule runs; "
    f"it takes {DURATION_MS} ms and writes {LOG_BYTES} bytes of log; a run does once what the function is granted, "
    "items up to 1 KB; nothing fails.",
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

    def __init__(
        self,
        side: Side,
        prices: Prices,
        counted: Mapping[str, Counted] | None = None,
        targets: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`counted`: functions by address; `targets`: by construct path, the resources that calls may go to."""
        self._side = side
        self._prices = prices
        self._counted = {address: one for address, one in (counted or {}).items() if address in side.values}
        self._targets_by_path = targets or {}
        self._not_read: dict[str, str] = {}
        self._functions = self._run_by_events()
        # By resource, how often an event does what to it.
        self._calls: dict[str, dict[str, float]] = {
            target: dict.fromkeys(kinds, 1.0) for target, kinds in self._granted().items()
        }
        self._add_counted()
        self._add_arrivals()

    def costs(self) -> tuple[dict[str, Amount], dict[str, str]]:
        """Amounts for a million events by address; and by address why an amount is unknown."""
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
        assumed = self._functions - self._counted.keys()
        roles = {role for function in assumed for role in side.linked(function, "role", types=["aws_iam_role"])}
        failures = self._failures()
        for policy in side.of("aws_iam_role_policy"):
            if not roles & side.linked(policy, "role", types=["aws_iam_role"]):
                continue
            try:
                for actions, targets in side.statements(policy):
                    for target in targets - failures:
                        calls[target] |= kinds_of(side.types[target], actions)
            except Untold as error:
                self._not_read[policy] = str(error)
        for mapping in side.of("aws_lambda_event_source_mapping"):
            for queue in side.linked(mapping, "event_source_arn", types=["aws_sqs_queue"]):
                calls[queue].add("write")
        return {target: kinds for target, kinds in calls.items() if kinds}

    def _add_counted(self) -> None:
        for counted in self._counted.values():
            for path, operations in counted.calls.items():
                for operation, number in operations.items():
                    type_, kind = KINDS[operation]
                    for target in self._targets_by_path.get(path, ()):
                        if target in self._side.values and self._side.types[target] == type_:
                            kinds = self._calls.setdefault(target, {})
                            kinds[kind] = kinds.get(kind, 0) + number

    def _add_arrivals(self) -> None:
        """Somebody puts the object that an event is about: once a run, unless a function that was counted does it."""
        side = self._side
        written = {target for target, kinds in self._calls.items() if "write" in kinds}
        for notification in side.of("aws_s3_bucket_notification"):
            functions = side.linked(
                notification, *TRIGGERS["aws_s3_bucket_notification"], types=["aws_lambda_function"]
            )
            counted = [self._counted[one].runs for one in functions if one in self._counted]
            for bucket in side.linked(notification, "bucket", types=["aws_s3_bucket"]) - written:
                self._calls.setdefault(bucket, {})["write"] = max(counted, default=1.0)

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
        side, price, kinds = self._side, self._prices.of, self._calls.get(address, {})
        match side.types[address]:
            case "aws_lambda_function":
                return self._function(address)
            case "aws_dynamodb_table":
                return self._table(address, kinds)
            case "aws_s3_bucket":
                cost = sum(price(f"s3_{kind}s") * number for kind, number in kinds.items())
                return Amount(
                    cost, " and ".join(_counted_words(kinds[kind], kind) for kind in sorted(kinds, reverse=True))
                )
            case "aws_sns_topic":
                return self._topic(address, kinds.get("write", 1))
            case "aws_sqs_queue":
                fifo = side.values[address].get("fifo_queue") is True
                # Sent, received and deleted, one by one.
                requests = 3 * kinds.get("write", 1)
                cost = requests * price("sqs_fifo_requests" if fifo else "sqs_requests")
                return Amount(cost, _counted_words(requests, "request"))
            case "aws_cloudwatch_event_bus":
                number = kinds.get("write", 1)
                return Amount(number * price("event_bus_events"), f"{_counted_words(number, 'event')} of up to 64 KB")
            case "aws_apigatewayv2_api" if side.text(address, "protocol_type") == "WEBSOCKET":
                raise Untold("messages and connections of WebSockets are not counted")
            case "aws_wafv2_web_acl":
                return Amount(price("waf_requests"), "1 request")
            case type_:
                return Amount(price(APIS[type_]), "1 request")

    def _function(self, address: str) -> Amount:
        price = self._prices.of
        counted = self._counted.get(address)
        runs = counted.runs if counted else 1
        milliseconds = (counted.duration_ms if counted else None) or DURATION_MS
        memory = self._side.number(address, "memory_size", 128)
        arm = is_arm(self._side, address)
        seconds = milliseconds / 1000 * memory / 1024
        cost = price("lambda_requests") + seconds * price("lambda_gb_seconds_arm" if arm else "lambda_gb_seconds")
        cost += LOG_GB * price("log_gigabytes")
        processor = " on arm64" if arm else ""
        how = f"{_counted_words(runs, 'run')}, {milliseconds:g} ms of {memory:,.0f} MB{processor}, its log"
        tracing = blocks(self._side.values[address].get("tracing_config"))
        if any(one.get("mode") == "Active" for one in tracing):
            return Amount(runs * (cost + TRACED * price("traces")), f"{how}, {TRACED:.0%} traced")
        return Amount(runs * cost, how)

    def _table(self, address: str, kinds: Mapping[str, float]) -> Amount:
        if self._side.text(address, "billing_mode", "PROVISIONED") != "PAY_PER_REQUEST":
            return Amount(0, "by its provisioned units")
        indexes = len(blocks(self._side.values[address].get("global_secondary_index")))
        # Counted units have the indexes' in them.
        units = kinds[WRITE_UNITS] if WRITE_UNITS in kinds else kinds.get("write", 0) * (1 + indexes)
        reads = kinds.get("read", 0)
        cost = units * self._prices.of("dynamodb_writes") + reads * self._prices.of("dynamodb_reads")
        words = [f"{_counted_words(units, 'write unit')}, indexes included"] if units else []
        words += [_counted_words(reads, "read unit")] if reads else []
        return Amount(cost, " and ".join(words))

    def _topic(self, address: str, publishes: float) -> Amount:
        cost, how = publishes * self._prices.of("sns_publishes"), [f"{publishes:g} publish"]
        for subscription in self._side.of("aws_sns_topic_subscription"):
            if address in self._side.linked(subscription, "topic_arn", types=["aws_sns_topic"]):
                protocol = self._side.text(subscription, "protocol")
                if protocol in DELIVERIES:
                    cost += publishes * self._prices.of(DELIVERIES[protocol])
                    how.append(f"{publishes:g} delivery by {protocol}")
                elif protocol not in ("sqs", "lambda"):
                    raise Untold("deliveries other than to e-mail, HTTP, SQS and Lambda are not counted")
        return Amount(cost, ", ".join(how))


def _counted_words(number: float, what: str) -> str:
    return f"{number:g} {what}{'s' * (number != 1)}"


def kinds_of(type_: str, actions: list[str]) -> set[str]:
    """What these actions do to a resource of a type: `write`, `read`."""
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
