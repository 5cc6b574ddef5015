"""A page in a real browser uploads with a presigned PUT: from an allowed origin it can, from another it cannot."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.config import Config
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from sluice_cli.local_aws.signed_request import send
from tests.support.deployed import WEB_ORIGIN, Deployment
from tests.support.waiting import eventually

PAGE = Path(__file__).parent / "upload.html"
PICTURE = Path(__file__).parent.parent.parent / "samples" / "sunrise.png"
ALLOWED = urlsplit(WEB_ORIGIN).hostname or ""
OTHER = f"other.{ALLOWED}"


class WebApplication:
    """Serves the page, signs uploads and reads rows, as a web application's server does."""

    def __init__(self, deployment: Deployment) -> None:
        self.local = local = deployment.local
        self.outputs = deployment.outputs("file-metadata")
        self.s3 = local.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
        self._dynamodb = local.client("dynamodb")

    def sign(self, key: str, type_: str) -> str:
        named = {"Bucket": self.outputs["BucketName"], "Key": key, "ContentType": type_}
        return str(self.s3.generate_presigned_url("put_object", Params=named, ExpiresIn=60))

    def row(self, key: str) -> dict[str, Any] | None:
        found = self._dynamodb.query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
        )["Items"]
        return {name: next(iter(typed.values())) for name, typed in found[0].items()} if found else None

    def versions(self, prefix: str) -> list[Any]:
        found = self.s3.list_object_versions(Bucket=self.outputs["BucketName"], Prefix=prefix)
        return list(found.get("Versions", []))


@pytest.fixture(scope="module")
def application(deployment: Deployment) -> WebApplication:
    return WebApplication(deployment)


@pytest.fixture(scope="module", autouse=True)
def served(application: WebApplication, pages: ThreadingHTTPServer) -> None:
    """The application answers at the origins."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, asked = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            if path == "/":
                self._answer(PAGE.read_bytes(), "text/html")
            elif path == "/sign":
                self._answer(json.dumps({"url": application.sign(asked["key"], asked["type"])}).encode())
            elif path == "/row" and (row := application.row(asked["key"])):
                self._answer(json.dumps(row).encode())
            else:
                self.send_error(404)

        def _answer(self, body: bytes, kind: str = "application/json") -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    pages.RequestHandlerClass = Handler


def upload(browser: Chrome, origin: str) -> str:
    """Opens the page at an origin, chooses a file as a person does, and gives what the page says then."""
    browser.get(origin)
    assert browser.find_element(By.ID, "origin").text == origin
    browser.find_element(By.ID, "file").send_keys(str(PICTURE))
    status = browser.find_element(By.ID, "status")
    return eventually(lambda: status.text if "ploaded" in status.text else None)


def test_a_page_of_an_allowed_origin_uploads_and_sees_the_row_appear(
    browser: Chrome, application: WebApplication
) -> None:
    said = upload(browser, WEB_ORIGIN)
    (version,) = application.versions(ALLOWED)
    assert said == f"Uploaded, version {version['VersionId']}, ETag {version['ETag']}."
    cells = eventually(lambda: [one.text for one in browser.find_elements(By.CSS_SELECTOR, "#row td")])
    seen = dict(zip(cells[::2], cells[1::2], strict=True))
    assert seen["objectKey"] == f"{ALLOWED}/sunrise.png"
    assert (seen["size"], seen["versionId"]) == (str(PICTURE.stat().st_size), version["VersionId"])
    assert (seen["headerContentType"], seen["contentType"]) == ("image/png", "image/png")


def test_the_same_page_of_another_origin_is_refused_by_the_browser(
    browser: Chrome, application: WebApplication
) -> None:
    origin = WEB_ORIGIN.replace(ALLOWED, OTHER)
    cast(Any, browser).get_log("browser")  # what other tests left in it
    assert upload(browser, origin) == "Not uploaded: TypeError: Failed to fetch"
    console = cast(Any, browser).get_log("browser")
    (refusal,) = [one["message"] for one in console if "CORS" in one["message"]]
    assert f"from origin '{origin}' has been blocked by CORS policy" in refusal
    assert application.versions(OTHER) == []
    assert application.row(f"{OTHER}/sunrise.png") is None


def test_outside_a_browser_the_same_request_is_taken(application: WebApplication) -> None:
    # So it is for its origin alone that the page is refused: the signature is the bucket's affair, CORS the browser's.
    key = f"outside/{OTHER}.png"
    headers = {"Content-Type": "image/png", "Origin": WEB_ORIGIN.replace(ALLOWED, OTHER)}
    url = application.sign(key, "image/png")
    status, body = send(application.local, "PUT", url, PICTURE.read_bytes(), headers)
    assert (status, body) == (200, b"")
    assert len(application.versions(key)) == 1
