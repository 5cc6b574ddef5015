"""Renew the review's price list from AWS's public price list: `python scripts/renew_prices.py`. It needs a network.

The index of services names each service's index of regions, and that the file with the region's prices:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html

Exit code 1: the list stays as it was, or some prices of it do; the message says which and why.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import urlopen

PRICES = Path(__file__).parents[1] / "sluice_cli" / "review" / "cost" / "prices.toml"
AWS = "https://pricing.us-east-1.amazonaws.com"
INDEX = "/offers/v1.0/aws/index.json"
SECONDS = 300  # AmazonEC2's file alone has hundreds of megabytes


class RenewalError(Exception):
    """The price list cannot be renewed; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="server", default=AWS, metavar="URL", help="a mirror of AWS's price list")
    parser.add_argument("--list", dest="file", type=Path, default=PRICES, metavar="FILE", help="the list to renew")
    given = parser.parse_args(arguments)
    try:
        text = given.file.read_text(encoding="utf-8")
        offers = _offers(given.server, _document(text))
        new, missing = renewed(text, offers, datetime.now(UTC).date())
    except (OSError, UnicodeDecodeError) as error:
        print(f"{given.file} cannot be read: {error}", file=sys.stderr)
        return 1
    except RenewalError as error:
        print(f"{error}. The price list stays as it was.", file=sys.stderr)
        return 1
    given.file.write_text(new, encoding="utf-8")
    for name, why in missing.items():
        print(f"{name}: {why}; the price stays, with its date", file=sys.stderr)
    number = new.count("[prices.")
    print(f"{number - len(missing)} of {number} prices renewed in {given.file.name}")
    return 1 if missing else 0


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(text)
        services = [(entry["offer"], entry["usagetype"], entry["usd"]) for entry in document["prices"].values()]
    except tomllib.TOMLDecodeError as error:
        raise RenewalError(f"the price list is damaged: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise RenewalError("the price list is damaged: each [prices.NAME] needs usd, offer and usagetype") from error
    if not services or not isinstance(document.get("region"), str) or not isinstance(document.get("date"), date):
        raise RenewalError("the price list is damaged: it needs a date, a region and tables [prices.NAME]")
    return document


def _offers(server: str, document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The files of the region's prices, by service."""
    index = _part(_read(urljoin(server, INDEX)), "offers", INDEX)
    found = {}
    for name in sorted({entry["offer"] for entry in document["prices"].values()}):
        service = _part(index, name, INDEX)
        regions_address = urljoin(server, str(service.get("currentRegionIndexUrl", "")))
        regions = _part(_read(regions_address), "regions", regions_address)
        region = _part(regions, document["region"], regions_address)
        address = urljoin(server, str(region.get("currentVersionUrl", "")))
        offer = _read(address)
        _part(offer, "products", address)
        _part(_part(offer, "terms", address), "OnDemand", address)
        found[name] = offer
    return found


def _part(document: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = document.get(name)
    if not isinstance(found, dict):
        raise RenewalError(f"{where} has no {name}: it is not of the format that AWS documents")
    return found


def _read(url: str) -> Mapping[str, Any]:
    if not url.startswith(("https://", "http://")):
        raise RenewalError(f"{url} is no address of a web server")
    try:
        with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - http and https only
            document: object = json.load(answer)
    except HTTPError as error:
        raise RenewalError(f"{url} cannot be read: the server answers {error.code} ({error.reason})") from error
    except (URLError, TimeoutError, OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise RenewalError(f"{url} cannot be read: {reason or 'the connection ended'}") from error
    except (ValueError, RecursionError) as error:  # no JSON
        raise RenewalError(f"{url} is no JSON") from error
    if not isinstance(document, dict):
        raise RenewalError(f"{url} is not of the format that AWS documents")
    return document


def renewed(text: str, offers: Mapping[str, Mapping[str, Any]], today: date) -> tuple[str, dict[str, str]]:
    """The text of a price list with the prices of AWS's files; and why some prices are not renewed, by name.

    Raises `RenewalError`.
    """
    document = _document(text)
    head, *sections = re.split(r"^(?=\[prices\.)", text, flags=re.MULTILINE)
    written, missing = [re.sub(r"^date = .*$", f"date = {today}", head, count=1, flags=re.MULTILINE)], {}
    for section in sections:
        name = section.partition("]")[0].removeprefix("[prices.")
        entry = document["prices"][name]
        found = price(offers[entry["offer"]], entry["usagetype"])
        plain = re.sub(r"^date = .*\n", "", section, flags=re.MULTILINE)
        if isinstance(found, str):
            missing[name] = found
            own = entry.get("date", document["date"])
            written.append(re.sub(r"^(usd = .*\n)", rf"\g<1>date = {own}\n", plain, count=1, flags=re.MULTILINE))
        else:
            value = f"{found * entry.get('per', 1):.10g}"
            written.append(re.sub(r"^usd = .*$", f"usd = {value}", plain, count=1, flags=re.MULTILINE))
    return "".join(written), missing


def price(offer: Mapping[str, Any], usagetype: str) -> float | str:
    """The list price of one unit on demand, of the first tier that is not free; or why there is none, in words."""
    try:
        skus = [sku for sku, one in offer["products"].items() if one["attributes"].get("usagetype") == usagetype]
        if not skus:
            return f"AWS's price list has no usagetype {usagetype}"
        terms = [term for sku in skus for term in offer["terms"]["OnDemand"].get(sku, {}).values()]
        first = {tier for term in terms if (tier := _first_tier(term["priceDimensions"]))}
    except (KeyError, TypeError, AttributeError, ValueError):
        return f"AWS's price list has {usagetype} in another form than documented"
    if not first:
        return f"AWS's price list has no price in US dollars for {usagetype}"
    if len(first) > 1:
        return f"AWS's price list has several prices for {usagetype}: {', '.join(f'{one:g}' for one in sorted(first))}"
    return first.pop()


def _first_tier(dimensions: Mapping[str, Any]) -> float | None:
    tiers = [
        (float(one.get("beginRange", 0)), float(one["pricePerUnit"]["USD"]))
        for one in dimensions.values()
        if "USD" in one["pricePerUnit"] and float(one["pricePerUnit"]["USD"]) > 0
    ]
    return min(tiers)[1] if tiers else None


if __name__ == "__main__":
    sys.exit(main())
