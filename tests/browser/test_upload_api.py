"""Pages in a real browser call the upload API and send files to its bucket: from allowed origins they can, from another
they cannot."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from sluice_cli.local_aws.server import REGION
from tests.support.deployed import SECOND_ORIGIN, WEB_ORIGIN, Deployment
from tests.support.waiting import eventually

PAGE = Path(__file__).parent / "product.html"
SMALL = Path(__file__).parent.parent.parent / "samples" / "sunrise.png"
LARGE_SIZE = 20_000_000
OTHER_ORIGIN = "http://other.example.com"


class WebApplication:
    """Serves the page and signs requests to the API, as a web application's server does."""

    def __init__(self, deployment: Deployment) -> None:
        self.local = local = deployment.local
        self.outputs = deployment.outputs("upload-api")
        running = local.running()
        assert running
        self._credentials = Credentials(running.access_key_id, running.secret_access_key)

    def sign(self, body: bytes, content_type: str = "application/json") -> dict[str, Any]:
        headers = {"Content-Type": content_type}
        request = AWSRequest("POST", self.outputs["ApiUrl"], headers, body)
        SigV4Auth(self._credentials, "execute-api", REGION).add_auth(request)
        return {"url": self.outputs["ApiUrl"], "headers": dict(request.headers)}

    def product(self, product_id: str) -> dict[str, str] | None:
        found = self.local.client("dynamodb").get_item(
            TableName=self.outputs["TableName"],
            Key={"productId": {"S": product_id}, "productName": {"S": "From a page"}},
            ConsistentRead=True,
        )
        return {name: str(next(iter(one.values()))) for name, one in found["Item"].items()} if "Item" in found else None


@pytest.fixture(scope="module")
def application(deployment: Deployment) -> WebApplication:
    return WebApplication(deployment)


@pytest.fixture(scope="module", autouse=True)
def served(application: WebApplication, pages: ThreadingHTTPServer) -> None:
    """The application answers at the origins."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(PAGE.read_bytes(), "text/html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(json.dumps(application.sign(body)).encode(), "application/json")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    pages.RequestHandlerClass = Handler


def upload(browser: Chrome, origin: str, file: Path) -> str:
    """Opens the page at an origin, chooses a file as a person does, and gives what the page says then."""
    browser.get(origin)
    assert browser.find_element(By.ID, "origin").text == origin
    browser.find_element(By.ID, "file").send_keys(str(file))
    status = browser.find_element(By.ID, "status")
    return eventually(lambda: status.text if "ploaded" in status.text else None, within=60)


def progress(browser: Chrome) -> tuple[float, float, int]:
    """How much of how much the bar shows, and in how many steps it came there."""
    bar = browser.find_element(By.ID, "progress")
    value, most, steps = (bar.get_attribute(name) for name in ("value", "max", "data-steps"))
    return float(value or 0), float(most or 0), int(steps or 0)


@pytest.mark.parametrize("origin", [WEB_ORIGIN, SECOND_ORIGIN])
def test_a_page_of_each_allowed_origin_uploads_a_small_file(
    browser: Chrome, application: WebApplication, origin: str
) -> None:
    said = upload(browser, origin, SMALL)
    row = application.product(f"{urlsplit(origin).hostname}-sunrise.png")
    assert row is not None
    assert said == f"Uploaded, version {row['versionId']}."
    assert (row["state"], row["contentType"], row["size"]) == ("stored", "image/png", str(SMALL.stat().st_size))
    value, most, _ = progress(browser)
    assert value == most > SMALL.stat().st_size


def test_a_page_uploads_20_mb_with_a_progress_bar_and_its_arrival_completes_the_product(
    browser: Chrome, application: WebApplication, tmp_path: Path
) -> None:
    large = tmp_path / f"{uuid4().hex}.mp4"
    large.write_bytes(hashlib.shake_128(b"film").digest(LARGE_SIZE))
    said = upload(browser, WEB_ORIGIN, large)
    value, most, steps = progress(browser)
    assert (value, most) == (LARGE_SIZE, LARGE_SIZE)
    assert steps > 2

    def stored() -> dict[str, str] | None:
        row = application.product(f"{urlsplit(WEB_ORIGIN).hostname}-{large.name}")
        return row if row and row["state"] == "stored" else None

    row = eventually(stored, within=30)
    assert said == f"Uploaded, version {row['versionId']}."
    assert (row["size"], row["contentType"], row["checksumAlgorithm"]) == (str(LARGE_SIZE), "video/mp4", "CRC64NVME")


def test_the_same_page_of_another_origin_is_refused_by_the_browser(
    browser: Chrome, application: WebApplication
) -> None:
    cast(Any, browser).get_log("browser")
    assert upload(browser, OTHER_ORIGIN, SMALL) == "Not uploaded: the browser refused, or nobody answered"
    console = cast(Any, browser).get_log("browser")
    (refusal,) = [one["message"] for one in console if "CORS" in one["message"]]
    assert f"from origin '{OTHER_ORIGIN}' has been blocked by CORS policy" in refusal
    assert application.product(f"{urlsplit(OTHER_ORIGIN).hostname}-sunrise.png") is None


ASK = """
const [method, url, headers, body, done] = arguments;
fetch(url, { method, headers, body }).then(
  async (answer) => done([answer.status, await answer.text(), answer.headers.get("ETag")]),
  (error) => done([0, String(error), null]),
);
"""


def ask(browser: Chrome, method: str, url: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
    """A request of the page that is open; status 0 where the browser kept the answer from the page."""
    status, text, _ = browser.execute_async_script(ASK, method, url, headers, body)
    return status, text


@pytest.mark.parametrize("origin", [WEB_ORIGIN, SECOND_ORIGIN])
def test_a_page_reads_why_it_was_refused_whoever_refuses_it(
    browser: Chrome, application: WebApplication, origin: str
) -> None:
    browser.get(origin)
    url, body = application.outputs["ApiUrl"], '{"it\'s \\"no\\" product": 1}'
    headers = application.sign(body.encode())["headers"]
    product = json.dumps({"productId": "p", "productName": "n", "price": 1, "fileName": "f", "content": ""})
    as_text = application.sign(product.encode(), "text/plain")["headers"]
    refused = {
        "API Gateway, by the schema": ask(browser, "POST", url, headers, body),
        "API Gateway, without a signature": ask(browser, "POST", url, {"Content-Type": "application/json"}, body),
        "API Gateway, another path": ask(browser, "POST", f"{url}/other", {}, body),
        "the function": ask(browser, "POST", url, as_text, product),
    }
    assert {who: status for who, (status, _) in refused.items()} == {
        "API Gateway, by the schema": 400,
        "API Gateway, without a signature": 403,
        "API Gateway, another path": 403,
        "the function": 415,
    }
    assert all(json.loads(text)["message"] for _, text in refused.values())
    assert json.dumps('it\'s "no" product') in json.loads(refused["API Gateway, by the schema"][1])["message"]


SENT_BY_PAGES = {
    "Cache-Control": "max-age=60",
    "Content-Disposition": "attachment; filename=a.txt",
    "Content-Language": "de",
    "If-None-Match": "*",
    "X-Requested-With": "XMLHttpRequest",
}


def test_a_page_may_send_the_headers_that_upload_libraries_add(browser: Chrome, application: WebApplication) -> None:
    browser.get(WEB_ORIGIN)
    product = {"productId": uuid4().hex, "productName": "From a page", "price": 1, "fileName": "a.txt"}
    body = json.dumps({**product, "contentType": 'text/plain; charset="utf-8"', "size": 7})
    signed = application.sign(body.encode())
    extra = {"Idempotency-Key": uuid4().hex, "X-Requested-With": "XMLHttpRequest", "traceparent": "00-1-2-00"}
    status, text = ask(browser, "POST", signed["url"], {**signed["headers"], **extra}, body)
    assert status == 202
    sending = json.loads(text)["upload"]
    headers = {"Content-Type": sending["headers"]["Content-Type"], **SENT_BY_PAGES}
    assert ask(browser, "PUT", sending["url"], headers, "A lamp.")[0] == 200
    browser.get(OTHER_ORIGIN)
    assert ask(browser, "PUT", sending["url"], headers, "A lamp.")[0] == 0
