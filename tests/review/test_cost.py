"""What a change costs: fixed and usage, before and after, from a dated list of prices."""

import json
from datetime import date
from pathlib import Path

import pytest

from scripts.renew_prices import renewed
from sluice_cli.__main__ import VERBS
from sluice_cli.command_line import run
from sluice_cli.review.classification import classified
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.cost.costing import BY_USE, cost_of
from sluice_cli.review.cost.fixed import FIXED
from sluice_cli.review.cost.model import Cost, line_words
from sluice_cli.review.cost.prices import PRICES, PriceListError, read_prices
from sluice_cli.review.markdown import to_markdown
from sluice_cli.review.model import StackReview
from sluice_cli.review.page import to_html
from sluice_cli.review.pages import as_json
from sluice_cli.review.plan import read_plan
from sluice_cli.review.reviewing import review_stack
from sluice_cli.review.words import ConstructNames
from tests.review.plans import ACCOUNT, Values, allow, change, document, policy, review
from tests.review.shop import SHOP
from tests.review.test_formats import EVIL, Elements, page_of_evil, terminal
from tests.support.commands import sluice_here

KEY = "aws_kms_key.Key_Key_00000000"
TABLE = "aws_dynamodb_table.Records_Table_00000000"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/records"
ON_DEMAND = {"name": "records", "arn": TABLE_ARN, "billing_mode": "PAY_PER_REQUEST"}
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/worker"
FUNCTION = {"function_name": "worker", "memory_size": 256, "role": ROLE_ARN}


def cost(*changes: Values, configuration: Values | None = None) -> Cost:
    found = review(*changes, configuration=configuration).cost
    assert found
    return found


def fixed(*changes: Values) -> list[str]:
    return [line_words(one) for one in cost(*changes).fixed]


def usage(*changes: Values, configuration: Values | None = None) -> list[str]:
    return [line_words(one) for one in cost(*changes, configuration=configuration).usage]


def worker(before: Values | None, after: Values | None, *more: Values) -> list[Values]:
    """A function that puts records: with what is there before and after, where that is not the same."""
    put = {"role": "worker", "policy": policy(allow("dynamodb:PutItem", TABLE_ARN))}
    return [
        change("aws_lambda_function.Worker_Function_00000000", before, after),
        change("aws_iam_role.Worker_Role_00000000", *[{"name": "worker", "arn": ROLE_ARN}] * 2),
        change("aws_iam_role_policy.Worker_Put_00000000", *[put] * 2),
        *more,
    ]


@pytest.mark.parametrize(
    ("address", "values", "said"),
    [
        ("aws_kms_key.K", {}, "K key: $0.00 → $1.00 (+$1.00); 1 key; each of its first two rotations adds as much"),
        (
            "aws_dynamodb_table.T",
            {
                "billing_mode": "PROVISIONED",
                "read_capacity": 5,
                "write_capacity": 5,
                "global_secondary_index": [{"name": "i", "read_capacity": 5, "write_capacity": 5}],
            },
            "T table: $0.00 → $5.69 (+$5.69); 10 read and 10 write units, indexes included",
        ),
        ("aws_cloudwatch_metric_alarm.A", {"period": 300}, "A, alarm: $0.00 → $0.10 (+$0.10); 1 metric"),
        (
            "aws_cloudwatch_metric_alarm.A",
            {"period": 10},
            "A, alarm: $0.00 → $0.30 (+$0.30); 1 metric, below a minute",
        ),
        (
            "aws_cloudwatch_metric_alarm.A",
            {"metric_query": [{"metric": [{"period": 60}]}, {"metric": [{"period": 60}]}, {"expression": "a/b"}]},
            "A, alarm: $0.00 → $0.20 (+$0.20); 2 metrics",
        ),
        ("aws_cloudwatch_dashboard.D", {}, "D dashboard: $0.00 → $3.00 (+$3.00); 1 dashboard"),
        ("aws_secretsmanager_secret.S", {}, "S, secret: $0.00 → $0.40 (+$0.40); 1 secret"),
        (
            "aws_api_gateway_stage.S",
            {"cache_cluster_enabled": True, "cache_cluster_size": "0.5"},
            "S, stage: $0.00 → $14.60 (+$14.60); a cache of 0.5 GB",
        ),
        (
            "aws_scheduler_schedule.S",
            {"schedule_expression": "rate(1 minute)"},
            "S schedule: $0.00 → $0.04 (+$0.04); 43,800 invocations a month",
        ),
    ],
)
def test_what_costs_without_events_is_told_a_month(address: str, values: Values, said: str) -> None:
    assert fixed(change(address, None, values)) == [said]


def test_provisioned_concurrency_costs_by_the_memory_of_its_function() -> None:
    said = fixed(
        change("aws_lambda_function.F", *[{"function_name": "f", "memory_size": 1024}] * 2),
        change(
            "aws_lambda_provisioned_concurrency_config.P",
            None,
            {"function_name": "f", "qualifier": "live", "provisioned_concurrent_executions": 10},
        ),
    )
    assert [one.partition(": ")[2] for one in said] == [
        "$0.00 → $109.50 (+$109.50); 10 environments of 1,024 MB, all month"
    ]


def test_the_other_way_it_costs_less() -> None:
    found = cost(change(KEY, {}, None), change("aws_kms_key.Other", *[{}] * 2))
    assert (found.fixed_total, found.title) == (
        (2.0, 1.0),
        "Cost a month at 1,000,000 events: $2.00 → $1.00 (-$1.00)",
    )
    assert found.fixed[0].how == "no longer: 1 key; each of its first two rotations adds as much"


def test_what_is_no_longer_managed_goes_on_costing() -> None:
    assert review(change(KEY, {}, None, actions=["forget"])).cost is None


def test_more_memory_costs_by_events_and_what_stays_is_in_the_totals() -> None:
    found = cost(*worker(FUNCTION, {**FUNCTION, "memory_size": 1024}, change(TABLE, *[ON_DEMAND] * 2)))
    # 0.20 a million requests, 0.1 s of a GB at 16.6667, 900 bytes of log at 0.50 a GB; a write at 0.625.
    assert [line_words(one) for one in found.usage] == [
        "Worker function: $1.07 → $2.32 (+$1.25); 1 run, 100 ms of 1,024 MB, its log"
    ]
    assert found.usage_total == pytest.approx((0.2 + 0.41666750 + 0.45 + 0.625, 0.2 + 1.66667 + 0.45 + 0.625))
    assert (found.fixed, found.fixed_total) == ((), (0, 0))


def test_the_load_multiplies_usage_only() -> None:
    found = cost(*worker(None, FUNCTION), change(KEY, None, {}), change(TABLE, *[ON_DEMAND] * 2))
    assert found.at(0).after == 1
    assert found.at(10_000_000).after == pytest.approx(1 + 10 * found.usage_total[1])
    assert found.at(1).title.startswith("Cost a month at 1 event: ")


def test_an_index_makes_each_write_dearer_and_a_provisioned_table_has_no_price_by_write() -> None:
    indexed = {**ON_DEMAND, "global_secondary_index": [{"name": "day"}, {"name": "type"}]}
    provisioned = {**ON_DEMAND, "billing_mode": "PROVISIONED", "read_capacity": 1, "write_capacity": 1}
    assert usage(*worker(FUNCTION, FUNCTION, change(TABLE, ON_DEMAND, indexed))) == [
        "Records table: $0.62 → $1.88 (+$1.25); 3 write units, indexes included"
    ]
    assert usage(*worker(FUNCTION, FUNCTION, change(TABLE, ON_DEMAND, provisioned))) == [
        "Records table: $0.62 → $0.00 (-$0.62); by its provisioned units"
    ]


def first_deployment() -> list[Values]:
    """The shop before its first deployment: what is connected is said by its configuration alone."""
    return [
        change(
            f"{type_}.{name}",
            None,
            {key: value for key, value in values.items() if key != "//" and "${" not in str(value)}
            | ({"billing_mode": "PAY_PER_REQUEST"} if type_ == "aws_dynamodb_table" else {}),
            unknown={"arn": True},
        )
        for type_, named in SHOP["resource"].items()
        for name, values in named.items()
    ]


def test_what_an_event_does_follows_from_what_a_stack_connects_before_anything_is_known() -> None:
    assert usage(*first_deployment(), configuration=SHOP) == [
        "Uploads bucket: $0.00 → $5.00 (+$5.00); 1 write",
        "API: $0.00 → $3.50 (+$3.50); 1 request",
        "Worker function: $0.00 → $0.86 (+$0.86); 1 run, 100 ms of 128 MB, its log",
        "Records table: $0.00 → $0.62 (+$0.62); 1 write unit, indexes included",
    ]


def test_what_has_no_price_is_named_and_never_zero() -> None:
    found = cost(
        change("aws_opensearch_domain.Search", None, {}),
        change("aws_scheduler_schedule.Night", None, {"schedule_expression": "cron(0 3 * * ? *)"}),
        change("aws_kms_key.K", None, {}),
        change(TABLE, None, {"billing_mode": "PROVISIONED"}, unknown={"read_capacity": True}),
    )
    assert found.unpriced == (
        "aws_scheduler_schedule.Night (how often it runs is not counted: it has no rate(...))",
        f"{TABLE} (read_capacity is known only after apply)",
        "aws_opensearch_domain.Search (aws_opensearch_domain is not in the price list)",
    )
    assert found.title == "Cost a month at 1,000,000 events: $0.00 → $1.00 (+$1.00), and what has no price"


def test_what_cannot_be_told_on_one_side_is_in_neither_total() -> None:
    found = cost(
        change("aws_kms_key.K", None, {}),
        change("aws_scheduler_schedule.S", *[{"schedule_expression": one} for one in ("rate(1 minute)", "cron(x)")]),
    )
    assert found.fixed_total == (0, 1)


def test_a_change_of_nothing_that_has_a_price_says_nothing_of_costs() -> None:
    assert review(change("aws_iam_role.R", {"name": "a"}, {"name": "b"})).cost is None
    assert review(change(KEY, {}, {})).cost is None
    assert "Cost" not in terminal(review(change("aws_iam_role.R", None, {"name": "b"})))


def test_an_old_price_list_is_warned_about() -> None:
    plan = read_plan(json.dumps(document(change(KEY, None, {}))))
    configuration = Configuration({})
    warnings = {
        day: found.warning
        for day in (date(2026, 7, 1), date(2026, 7, 2))
        if (found := cost_of(plan, configuration, ConstructNames(plan, configuration), today=day))
    }
    assert warnings == {
        date(2026, 7, 1): "",
        date(2026, 7, 2): "the prices are of 2025-07-01, more than a year old; with a network, renew them: "
        "python scripts/renew_prices.py",
    }


def test_another_region_is_said_to_be_priced_as_us_east_1() -> None:
    found = cost(change(KEY, None, {}), change(TABLE, *[{**ON_DEMAND, "arn": TABLE_ARN.replace("us", "eu")}] * 2))
    assert found.assumed[0] == (
        "List prices of us-east-1 of 2025-07-01, though this stack is in eu-east-1, in US dollars."
    )


GOOD = 'date = 2026-01-01\nregion = "us-east-1"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no date"),
        ("date = 2026", "has no date"),
        ("\x00\x1b[31m", "is damaged"),
        ("<script>", "is damaged"),
        (GOOD, "needs `region`"),
        (f"{GOOD}prices = []", "needs `region`"),
        *[
            (f"{GOOD}[prices.kms_keys]\nusd = {usd}", "has no usable price kms_keys")
            for usd in ("-1", "nan", "inf", "true", '"1.00"', '"</script>"', "[]")
        ],
        (f"{GOOD}[prices.kms_keys]\nusd = 1\nper = 0", "has no usable price kms_keys"),
        (f'{GOOD}[prices.kms_keys]\nusd = 1\ndate = "x"', "has no usable date in kms_keys"),
        (f'{GOOD}[prices."\\u001b[31m<b>"]\nusd = -1', "has no usable price \\x1b[31m<b>"),
    ],
)
def test_a_broken_price_list_is_one_line_and_the_review_goes_on(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(PriceListError):
        read_prices(file)
    plan = read_plan(json.dumps(document(change(KEY, {}, None))))
    found = review_stack("shop", plan, Configuration({}), prices=file)
    assert found.cost
    title = found.cost.title
    assert title.startswith("Costs are unknown: the price list ")
    assert said in title
    assert title.isprintable()
    assert [one.address for one in found.dangers] == [KEY]
    assert title in terminal(found)
    assert title in Elements(to_html([found])).text
    assert title in Elements(to_markdown([found])).text
    assert as_json([found])[0]["cost"] == {"trouble": found.cost.trouble}


def test_a_missing_price_list_and_a_missing_price_are_said(tmp_path: Path) -> None:
    plan = read_plan(json.dumps(document(change(KEY, None, {}))))
    missing = review_stack("shop", plan, Configuration({}), prices=tmp_path / "none.toml").cost
    assert missing
    assert missing.title.endswith("none.toml cannot be read: No such file or directory")
    (tmp_path / "few.toml").write_text(f"{GOOD}[prices.secrets]\nusd = 1")
    few = review_stack("shop", plan, Configuration({}), prices=tmp_path / "few.toml").cost
    assert few
    assert few.unpriced == (f"{KEY} (the price list has no kms_keys)",)
    assert few.title == "Cost: what changes has no price here"


def test_every_format_shows_the_same_costs() -> None:
    found = review(change(KEY, None, {}), change("aws_opensearch_domain.S", None, {})).at_load(5)
    said = [
        "Cost a month at 5 events: $0.00 → $1.00 (+$1.00), and what has no price",
        "each of its first two rotations adds as much",
        "aws_opensearch_domain.S (aws_opensearch_domain is not in the price list)",
        "In no total: storage",
    ]
    for face in (terminal(found), to_markdown([found]), to_html([found])):
        text = " ".join(Elements(face).text.split())
        assert [one for one in said if one not in text] == []
    told = as_json([found])[0]["cost"]
    assert told["a_month"] == {"before": 0, "after": 1, "difference": 1}
    assert [one["address"] for one in told["fixed_a_month"]["lines"]] == [KEY]
    assert told["events_a_month"] == 5


def hostile(word: str) -> StackReview:
    return review(
        change(f"aws_kms_key.{word}", None, {"description": word}),
        change(f"aws_x.{word}", None, {}),
        change(TABLE, None, {"billing_mode": "PROVISIONED", "read_capacity": word, "write_capacity": word}),
        change("aws_lambda_function.F", None, {"memory_size": word, "role": word}),
    )


@pytest.mark.parametrize("text", ["", *EVIL.values()], ids=["what is above", *EVIL])
def test_no_text_of_a_plan_is_obeyed(text: str) -> None:
    harmless, evil = page_of_evil(hostile)[text]
    assert evil.tags == harmless.tags


@pytest.mark.parametrize("value", [-1, True, "x", [], {}, "1e999", 10**400], ids=lambda one: repr(one)[:8])
def test_values_of_no_known_form_cannot_be_told(value: object) -> None:
    found = cost(change("aws_lambda_function.F", None, {"memory_size": value}))
    assert found.unpriced == ("aws_lambda_function.F (memory_size is not a number of 0 or more)",)


def test_every_price_is_used_has_a_source_and_can_be_renewed() -> None:
    text = PRICES.read_text()
    listed = read_prices()
    code = "".join(file.read_text() for file in PRICES.parent.glob("*.py"))
    formed = {name for name in listed.each if name.startswith("api_cache_")} | {"s3_writes", "s3_reads"}
    assert [name for name in listed.each if name not in formed and f'"{name}"' not in code] == []
    assert text.count("source = ") == text.count("usagetype = ") == len(listed.each)


def test_prices_are_renewed_from_offers_of_aws() -> None:
    def product(sku: str, usagetype: str, *tiers: tuple[str, str]) -> tuple[Values, Values]:
        dimensions = {begin: {"beginRange": begin, "pricePerUnit": {"USD": usd}} for begin, usd in tiers}
        return {sku: {"attributes": {"usagetype": usagetype}}}, {sku: {"term": {"priceDimensions": dimensions}}}

    products, terms = product("A", "Request", ("0", "0"), ("1000000", "0.0000003"), ("9000000", "0.0000001"))
    offer = {"products": products, "terms": {"OnDemand": terms}}
    text = (
        '# Ours\ndate = 2025-07-01\nregion = "us-east-1"\n\n[prices.lambda_requests]\nusd = 0.2\nper = 1_000_000\n'
        'offer = "AWSLambda"\nusagetype = "Request"\n\n[prices.gone]\nusd = 7\noffer = "AWSLambda"\n'
        'usagetype = "Gone"\n'
    )
    assert renewed(text, {"AWSLambda": offer}, date(2026, 11, 27)) == (
        '# Ours\ndate = 2026-11-27\nregion = "us-east-1"\n\n[prices.lambda_requests]\nusd = 0.3\nper = 1_000_000\n'
        'offer = "AWSLambda"\nusagetype = "Request"\n\n[prices.gone]\nusd = 7\ndate = 2025-07-01\noffer = "AWSLambda"\n'
        'usagetype = "Gone"\n',
        {"gone": "AWS's price list has no usagetype Gone"},
    )


def test_the_command_takes_the_load_and_refuses_what_is_no_load(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(document(change("aws_lambda_function.F", None, FUNCTION))))
    _, out, _ = sluice_here(tmp_path, "review", "--json", "--events", "5,000,000", "--plan", str(file))
    assert json.loads(out)[0]["cost"]["a_month"]["after"] == pytest.approx(5 * 1.0666675, abs=1e-5)
    assert "Cost a month at 5,000,000 events: $0.00 → $5.33 (+$5.33)" in (tmp_path / "review.md").read_text()


@pytest.mark.parametrize("given", ["-3", "1.5", "many", "\u00b2", "", "9" * 5000])
def test_what_is_no_number_of_events_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("sluice", "", VERBS, ["review", f"--events={given}"])
    assert "is not a number of events from 0 to 1,000,000,000,000,000" in capsys.readouterr().err


def test_of_the_types_that_the_review_knows_these_have_no_price_and_are_named() -> None:
    prices = read_prices()
    assert {type_ for type_ in classified() if not (type_ in FIXED or type_ in BY_USE or prices.is_free(type_))} == {
        *("aws_api_gateway_vpc_link", "aws_appautoscaling_target", "aws_cloudwatch_event_api_destination"),
        *("aws_cloudwatch_event_archive", "aws_cloudwatch_event_connection", "aws_cognito_user_pool"),
        *("aws_cloudwatch_log_data_protection_policy", "aws_cloudwatch_log_subscription_filter", "aws_db_instance"),
        *("aws_dynamodb_contributor_insights", "aws_dynamodb_kinesis_streaming_destination"),
        *("aws_dynamodb_table_item", "aws_dynamodb_table_replica", "aws_ebs_volume", "aws_ecr_repository"),
        *("aws_efs_file_system", "aws_elasticache_cluster", "aws_kinesis_firehose_delivery_stream"),
        *("aws_lambda_invocation", "aws_opensearch_domain", "aws_pipes_pipe", "aws_rds_cluster"),
        *("aws_s3_bucket_replication_configuration", "aws_s3_object", "aws_sfn_state_machine"),
    }
