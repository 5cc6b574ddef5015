"""The price list is renewed from a web server that has AWS's price list: indexes of services and regions, and prices.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html
"""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.renew_prices import main
from sluice_cli.review.cost.prices import PRICES, read_prices
from tests.review.plans import Values

LIST = """\
# Ours
date = 2025-07-01
region = "eu-west-1"

[prices.lambda_requests]
usd = 0.2
per = 1_000_000
offer = "AWSLambda"
usagetype = "EU-Request"

[prices.kms_keys]
usd = 7
offer = "awskms"
usagetype = "eu-west-1-KMS-Keys"
"""
INDEX = "/offers/v1.0/aws/index.json"


def service(code: str) -> Values:
    return {"offerCode": code, "currentRegionIndexUrl": f"/offers/v1.0/aws/{code}/current/region_index.json"}


def regions(code: str) -> Values:
    url = f"/offers/v1.0/aws/{code}/20261101000000/eu-west-1/index.json"
    return {"formatVersion": "v1.0", "regions": {"eu-west-1": {"regionCode": "eu-west-1", "currentVersionUrl": url}}}


def prices(code: str, usagetype: str, *tiers: tuple[str, str], sku: str = "SKU1") -> Values:
    dimensions = {
        f"{sku}.TERM.{begin}": {"unit": "Requests", "beginRange": begin, "pricePerUnit": {"USD": usd}}
        for begin, usd in tiers
    }
    return {
        "formatVersion": "v1.0",
        "offerCode": code,
        "products": {sku: {"sku": sku, "attributes": {"servicecode": code, "usagetype": usagetype}}},
        "terms": {
            "OnDemand": {sku: {f"{sku}.TERM": {"sku": sku, "priceDimensions": dimensions}}},
            "Reserved": {},
        },
    }


@pytest.fixture
def files() -> dict[str, bytes]:
    """What the server has, by path."""
    documents = {
        INDEX: {"formatVersion": "v1.0", "offers": {code: service(code) for code in ("AWSLambda", "awskms", "Other")}},
        **{f"/offers/v1.0/aws/{code}/current/region_index.json": regions(code) for code in ("AWSLambda", "awskms")},
        "/offers/v1.0/aws/AWSLambda/20261101000000/eu-west-1/index.json": prices(
            "AWSLambda", "EU-Request", ("0", "0"), ("1000000", "0.0000003"), ("9000000", "0.0000001")
        ),
        "/offers/v1.0/aws/awskms/20261101000000/eu-west-1/index.json": prices(
            "awskms", "eu-west-1-KMS-Keys", ("0", "1.5")
        ),
    }
    return {path: json.dumps(document).encode() for path, document in documents.items()}


@pytest.fixture
def server(files: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            if body == b"cut short":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"{")
                return
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"no such file")

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(LIST)
    return file


def renew(server: str, listed: Path) -> int:
    return main(["--from", server, "--list", str(listed)])


def test_prices_become_those_of_the_server_with_todays_date(
    server: str, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert renew(server, listed) == 0
    assert capsys.readouterr().out == "2 of 2 prices renewed in prices.toml\n"
    today = datetime.now(UTC).date()
    expected = LIST.replace("2025-07-01", str(today)).replace("usd = 0.2", "usd = 0.3").replace("usd = 7", "usd = 1.5")
    assert listed.read_text() == expected
    assert dict(read_prices(listed).each) == {"lambda_requests": 0.3 / 1_000_000, "kms_keys": 1.5}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"products": {}},
            "kms_keys: AWS's price list has no usagetype eu-west-1-KMS-Keys; the price stays, with its date\n",
        ),
        (
            {"terms": {"OnDemand": {}}},
            "kms_keys: AWS's price list has no price in US dollars for eu-west-1-KMS-Keys; "
            "the price stays, with its date\n",
        ),
        (
            {"terms": {"OnDemand": {"SKU1": {"T": {"priceDimensions": {"D": {"pricePerUnit": {"USD": "much"}}}}}}}},
            "kms_keys: AWS's price list has eu-west-1-KMS-Keys in another form than documented; "
            "the price stays, with its date\n",
        ),
    ],
)
def test_a_price_that_is_not_there_stays_with_its_date(
    server: str, listed: Path, files: dict[str, bytes], change: Values, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "/offers/v1.0/aws/awskms/20261101000000/eu-west-1/index.json"
    files[path] = json.dumps({**json.loads(files[path]), **change}).encode()
    assert renew(server, listed) == 1
    printed = capsys.readouterr()
    assert (printed.err, printed.out) == (said, "1 of 2 prices renewed in prices.toml\n")
    assert "usd = 7\ndate = 2025-07-01\n" in listed.read_text()
    assert read_prices(listed).date == date(2025, 7, 1)


def test_several_prices_for_one_usagetype_are_not_chosen_from(
    server: str, listed: Path, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    path = "/offers/v1.0/aws/awskms/20261101000000/eu-west-1/index.json"
    one = json.loads(files[path])
    other = prices("awskms", "eu-west-1-KMS-Keys", ("0", "2"), sku="SKU2")
    one["products"] |= other["products"]
    one["terms"]["OnDemand"] |= other["terms"]["OnDemand"]
    files[path] = json.dumps(one).encode()
    assert renew(server, listed) == 1
    assert "several prices for eu-west-1-KMS-Keys: 1.5, 2; the price stays" in capsys.readouterr().err


KMS_REGIONS = "/offers/v1.0/aws/awskms/current/region_index.json"


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (INDEX, None, f"{INDEX} cannot be read: the server answers 404 (Not Found)"),
        (INDEX, b"<html>", f"{INDEX} is no JSON"),
        (INDEX, b"[]", f"{INDEX} is not of the format that AWS documents"),
        (INDEX, b'{"offers": {}}', f"{INDEX} has no AWSLambda: it is not of the format that AWS documents"),
        (INDEX, b"cut short", f"{INDEX} cannot be read: "),
        (KMS_REGIONS, b'{"regions": {}}', f"{KMS_REGIONS} has no eu-west-1"),
        (
            KMS_REGIONS,
            b'{"regions": {"eu-west-1": {"currentVersionUrl": "file:///etc/passwd"}}}',
            "no address of a web",
        ),
        ("/offers/v1.0/aws/awskms/20261101000000/eu-west-1/index.json", b"{}", "has no products"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_list_stays(
    server: str,
    listed: Path,
    files: dict[str, bytes],
    path: str,
    body: bytes | None,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if body is None:
        del files[path]
    else:
        files[path] = body
    assert renew(server, listed) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.endswith("The price list stays as it was.\n")
    assert listed.read_text() == LIST


def test_no_server_and_no_list_are_said(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert renew("http://127.0.0.1:1", listed) == 1
    assert "http://127.0.0.1:1/offers/v1.0/aws/index.json cannot be read: " in capsys.readouterr().err
    listed.write_text("date = 2025-07-01\n[prices.x]\nusd = 1\n")
    assert renew("http://127.0.0.1:1", listed) == 1
    assert "the price list is damaged: each [prices.NAME] needs usd, offer and usagetype" in capsys.readouterr().err
    assert renew("http://127.0.0.1:1", listed.with_name("none.toml")) == 1
    assert "none.toml cannot be read: " in capsys.readouterr().err


def test_our_own_list_can_be_renewed(server: str, files: dict[str, bytes], tmp_path: Path) -> None:
    copy = tmp_path / "prices.toml"
    copy.write_text(PRICES.read_text())
    files[INDEX] = b'{"offers": {}}'
    assert renew(server, copy) == 1  # read, and nothing lost on the way
    assert read_prices(copy).each == read_prices().each
