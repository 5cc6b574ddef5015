"""Renew the review's price list from AWS's public price list: `python scripts/renew_prices.py`. It needs a network.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
"""

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

PRICES = Path(__file__).parents[1] / "sluice_cli" / "review" / "cost" / "prices.toml"
OFFERS = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{offer}/current/{region}/index.json"
SECONDS = 300  # AmazonEC2's file alone has hundreds of megabytes


def main() -> int:
    text = PRICES.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    offers: dict[str, Mapping[str, Any]] = {}
    for name in sorted({entry["offer"] for entry in document["prices"].values()}):
        url = OFFERS.format(offer=name, region=document["region"])
        try:
            with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - a fixed https address
                offers[name] = json.load(answer)
        except (URLError, TimeoutError, ValueError) as error:
            print(f"{url} cannot be read: {error}. The price list stays as it was.", file=sys.stderr)
            return 1
    new, missing = renewed(text, offers, datetime.now(UTC).date())
    PRICES.write_text(new, encoding="utf-8")
    for name in missing:
        print(f"{name}: AWS's price list has no such usagetype; the price stays, with its date", file=sys.stderr)
    print(f"{len(document['prices']) - len(missing)} of {len(document['prices'])} prices renewed in {PRICES.name}")
    return 1 if missing else 0


def renewed(text: str, offers: Mapping[str, Mapping[str, Any]], today: date) -> tuple[str, list[str]]:
    """The text of a price list with the prices of AWS's offer files; and the names of those that have none there."""
    document = tomllib.loads(text)
    head, *sections = re.split(r"^(?=\[prices\.)", text, flags=re.MULTILINE)
    written, missing = [re.sub(r"^date = .*$", f"date = {today}", head, count=1, flags=re.MULTILINE)], []
    for section in sections:
        name = section.partition("]")[0].removeprefix("[prices.")
        entry = document["prices"][name]
        usd = price(offers[entry["offer"]], entry["usagetype"])
        plain = re.sub(r"^date = .*\n", "", section, flags=re.MULTILINE)
        if usd is None:
            missing.append(name)
            own = entry.get("date", document["date"])
            written.append(re.sub(r"^(usd = .*\n)", rf"\g<1>date = {own}\n", plain, count=1, flags=re.MULTILINE))
        else:
            value = f"{usd * entry['per']:.10g}"
            written.append(re.sub(r"^usd = .*$", f"usd = {value}", plain, count=1, flags=re.MULTILINE))
    return "".join(written), missing


def price(offer: Mapping[str, Any], usagetype: str) -> float | None:
    """The list price of one unit on demand: of the first tier that is not free."""
    skus = [sku for sku, one in offer["products"].items() if one["attributes"].get("usagetype") == usagetype]
    dimensions = [
        dimension
        for sku in skus
        for term in offer["terms"]["OnDemand"].get(sku, {}).values()
        for dimension in term["priceDimensions"].values()
    ]
    tiers = [
        (float(one.get("beginRange", 0)), -float(one["pricePerUnit"]["USD"]))
        for one in dimensions
        if "USD" in one["pricePerUnit"] and float(one["pricePerUnit"]["USD"]) > 0
    ]
    return -min(tiers)[1] if tiers else None


if __name__ == "__main__":
    sys.exit(main())
