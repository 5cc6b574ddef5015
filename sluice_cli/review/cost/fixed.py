"""What a resource costs a month without a single event."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .prices import Prices, Untold
from .sides import Side, blocks, read_number

HOURS = 730  # a month, as AWS counts it
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
RATE = re.compile(r"rate\((\d{1,9}) (minute|hour|day)s?\)")


@dataclass(frozen=True)
class Amount:
    """US dollars, and how they come about."""

    dollars: float
    how: str


FixedCost = Callable[[Side, str, Prices], Amount]


def _each(price: str, how: str) -> FixedCost:
    return lambda _side, _address, prices: Amount(prices.of(price), how)


def _hourly(price: str, how: str) -> FixedCost:
    return lambda _side, _address, prices: Amount(prices.of(price) * HOURS, how)


def _alarm(side: Side, address: str, prices: Prices) -> Amount:
    values = side.values[address]
    queries = blocks(values.get("metric_query"))
    metrics = [one for query in queries for one in blocks(query.get("metric"))]
    if any("SELECT" in str(one.get("expression")).upper().split() for one in queries):
        raise Untold("its query names no fixed number of metrics")
    # https://aws.amazon.com/cloudwatch/pricing/: a band of anomaly detection counts as two metrics more.
    bands = sum("ANOMALY_DETECTION_BAND" in str(one.get("expression")) for one in queries)
    number = (len(metrics) if queries else 1) + 2 * bands
    periods = [read_number(one, "period", 60) for one in metrics] or [side.number(address, "period", 60)]
    fast = min(periods) < 60
    price = prices.of("alarms_high_resolution" if fast else "alarms")
    return Amount(price * number, f"{number} metric{'s' * (number != 1)}{', below a minute' if fast else ''}")


def _table(side: Side, address: str, prices: Prices) -> Amount:
    values = side.values[address]
    if side.text(address, "billing_mode", "PROVISIONED") == "PAY_PER_REQUEST":
        return Amount(0, "on demand")
    reads, writes = side.number(address, "read_capacity"), side.number(address, "write_capacity")
    for index in blocks(values.get("global_secondary_index")):
        reads += read_number(index, "read_capacity", 0)
        writes += read_number(index, "write_capacity", 0)
    hour = reads * prices.of("dynamodb_read_capacity") + writes * prices.of("dynamodb_write_capacity")
    return Amount(hour * HOURS, f"{reads:,.0f} read and {writes:,.0f} write units, indexes included")


def _provisioned_concurrency(side: Side, address: str, prices: Prices) -> Amount:
    functions = side.linked(address, "function_name", types=["aws_lambda_function"])
    if len(functions) != 1:
        raise Untold("its function is not in this plan")
    (function,) = functions
    environments = side.number(address, "provisioned_concurrent_executions")
    memory = side.number(function, "memory_size", 128)
    price = prices.of("lambda_provisioned_arm" if is_arm(side, function) else "lambda_provisioned")
    cost = environments * memory / 1024 * HOURS * 3600 * price
    return Amount(cost, f"{environments:,.0f} environments of {memory:,.0f} MB, all month")


def _parameter(side: Side, address: str, prices: Prices) -> Amount:
    tier = side.text(address, "tier", "Standard")
    if tier == "Standard":
        return Amount(0, "standard")
    if tier != "Advanced":
        raise Untold("its tier is chosen by AWS")
    return Amount(prices.of("advanced_parameters"), "advanced")


def _stage(side: Side, address: str, prices: Prices) -> Amount:
    if side.values[address].get("cache_cluster_enabled") is not True:
        return Amount(0, "no cache")
    size = side.number(address, "cache_cluster_size")
    return Amount(prices.of(f"api_cache_{size:g}".replace(".", "_")) * HOURS, f"a cache of {size:g} GB")


def _web_acl(side: Side, address: str, prices: Prices) -> Amount:
    rules = len(blocks(side.values[address].get("rule")))
    return Amount(prices.of("waf_acls") + rules * prices.of("waf_rules"), f"web ACL with {rules} rules")


def _metric_filter(side: Side, address: str, prices: Prices) -> Amount:
    transformations = blocks(side.values[address].get("metric_transformation"))
    if any(one.get("dimensions") for one in transformations):
        raise Untold("its dimensions make an unknown number of metrics")
    return Amount(prices.of("custom_metrics") * len(transformations), "custom metric")


def _endpoint(side: Side, address: str, prices: Prices) -> Amount:
    if side.text(address, "vpc_endpoint_type", "Gateway") == "Gateway":
        return Amount(0, "gateway endpoint")
    if side.unknown(address, "subnet_ids"):
        raise Untold("its subnets are known only after apply")
    zones = len(side.values[address].get("subnet_ids") or [])
    return Amount(zones * HOURS * prices.of("interface_endpoints"), f"{zones} Availability Zones, data not counted")


def _stream(side: Side, address: str, prices: Prices) -> Amount:
    modes = blocks(side.values[address].get("stream_mode_details"))
    if any(one.get("stream_mode") == "ON_DEMAND" for one in modes):
        raise Untold("on demand, it costs by its data")
    shards = side.number(address, "shard_count")
    return Amount(shards * HOURS * prices.of("kinesis_shards"), f"{shards:,.0f} shards")


def _schedule(side: Side, address: str, prices: Prices) -> Amount:
    if side.text(address, "state", "ENABLED") == "DISABLED":
        return Amount(0, "disabled")
    runs = runs_a_month(side, address)
    return Amount(runs * prices.of("scheduler_invocations"), f"{runs:,.0f} invocations a month")


def runs_a_month(side: Side, address: str) -> float:
    """How often a schedule runs. Raises `Untold` for what is no `rate(...)`."""
    expression = side.text(address, "schedule_expression")
    found = RATE.fullmatch(expression)
    if expression.startswith("at("):
        return 1
    if not found or not int(found[1]):
        raise Untold("how often it runs is not counted: it has no rate(...)")
    return HOURS * 60 / (int(found[1]) * MINUTES[found[2]])


def is_arm(side: Side, function: str) -> bool:
    return "arm64" in (side.values[function].get("architectures") or [])


FIXED: Mapping[str, FixedCost] = {
    "aws_api_gateway_stage": _stage,
    "aws_cloudwatch_composite_alarm": _each("alarms_composite", "1 composite alarm"),
    "aws_cloudwatch_dashboard": _each("dashboards", "1 dashboard"),
    "aws_cloudwatch_log_metric_filter": _metric_filter,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_dynamodb_table": _table,
    "aws_kinesis_stream": _stream,
    "aws_kms_key": _each("kms_keys", "1 key; each of its first two rotations adds as much"),
    "aws_kms_replica_key": _each("kms_keys", "1 key; each of its first two rotations adds as much"),
    "aws_lambda_provisioned_concurrency_config": _provisioned_concurrency,
    "aws_nat_gateway": _hourly("nat_gateways", "1 NAT gateway, data not counted"),
    "aws_route53_zone": _each("hosted_zones", "1 hosted zone"),
    "aws_scheduler_schedule": _schedule,
    "aws_secretsmanager_secret": _each("secrets", "1 secret"),
    "aws_ssm_parameter": _parameter,
    "aws_vpc_endpoint": _endpoint,
    "aws_wafv2_web_acl": _web_acl,
}


def fixed_costs(side: Side, prices: Prices) -> tuple[dict[str, Amount], dict[str, str]]:
    """Amounts by address; and by address why an amount is unknown."""
    return collected(list(side.of(*FIXED)), lambda address: FIXED[side.types[address]](side, address, prices))


def collected(addresses: Sequence[str], amount_of: Callable[[str], Amount]) -> tuple[dict[str, Amount], dict[str, str]]:
    found, untold = {}, {}
    for address in addresses:
        try:
            found[address] = amount_of(address)
        except Untold as error:
            untold[address] = str(error)
        except (TypeError, AttributeError, ValueError, KeyError, OverflowError):
            untold[address] = "it has values of a form that is not known"
    return found, untold
