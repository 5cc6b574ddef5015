"""Generated bodies, headers and prices."""

import base64
import binascii
import contextlib
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sluice_functions import http
from sluice_functions.items import plain, typed
from upload_api import rows, uploads

from .strategies import ANY_TEXT, JSON

LONGEST = 200_000
PRODUCT_IDS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
NAMES = st.text(PRINTABLE, min_size=1, max_size=256)
FILE_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"], exclude_characters="/\\"),
    min_size=1,
    max_size=255,
).filter(lambda name: name not in (".", ".."))
# Up to 38 digits, within DynamoDB's range.
PRICES = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(0, 10**38 - 1), st.integers(-90, 80)
)


def request(body: str, **more: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "key"}
    return {"httpMethod": "POST", "headers": headers, "body": body, **more}


def sendable(answer: http.Answer) -> Any:
    """The body of an answer, which Lambda sends as UTF-8."""
    return json.loads(json.dumps(answer, ensure_ascii=False).encode())["body"]


@given(
    st.one_of(ANY_TEXT, JSON.map(json.dumps), st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()))
)
@example("[" * 100_000)
@example('{"a":' * 30_000)
def test_a_body_is_a_json_object_or_refused(text: str) -> None:
    for encoded in (False, True):
        try:
            body = http.json_body({"body": text, "isBase64Encoded": encoded}, longest=LONGEST)
        except http.InvalidRequest:
            continue
        assert isinstance(body, dict)


@given(JSON, st.booleans())
def test_an_upload_is_valid_or_refused_with_an_answer_that_can_be_sent(body: Any, encoded: bool) -> None:
    text = json.dumps(body)
    given_text = base64.b64encode(text.encode()).decode() if encoded else text
    errors: dict[type[Exception], int] = {http.RequestTooLarge: 413, http.InvalidRequest: 400}

    def accept() -> http.Answer:
        upload = uploads.requested(request(given_text, isBase64Encoded=encoded))
        return http.answer(201, {"productId": upload.product_id})

    answer = http.respond(errors, accept)
    assert answer["statusCode"] in (201, 400)
    assert json.loads(sendable(answer))


@given(
    st.fixed_dictionaries(
        {"productId": PRODUCT_IDS, "productName": NAMES, "fileName": FILE_NAMES, "content": st.binary(max_size=100)},
        optional={"contentType": st.sampled_from(["text/plain", "image/svg+xml; charset=utf-8"])},
    ),
    PRICES,
)
def test_a_valid_upload_is_taken_and_its_price_kept_to_the_last_digit(body: dict[str, Any], price: Decimal) -> None:
    content = body["content"]
    text = json.dumps({**body, "content": base64.b64encode(content).decode(), "price": 0})
    upload = uploads.requested(request(text.replace('"price": 0', f'"price": {price}')))
    assert (upload.product_id, upload.product_name, upload.file_name) == (
        body["productId"],
        body["productName"],
        body["fileName"],
    )
    assert (upload.content, upload.size) == (content, len(content))
    assert upload.price == price
    row, record = rows.stored(upload, "bucket", "version", 1)
    assert plain(typed(row)) == row
    assert plain(typed(record)) == record


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255), FILE_NAMES, PRODUCT_IDS
)
def test_an_object_lies_under_its_prefix_whatever_names_are_given(key: str, file_name: str, product_id: str) -> None:
    body = {"productId": product_id, "productName": "n", "price": 1, "fileName": file_name, "size": 1}
    event = request(json.dumps(body))
    event["headers"]["Idempotency-Key"] = key
    prefix, _, name = uploads.requested(event).object_key.partition("/")
    assert prefix == "presigned"
    assert len(binascii.unhexlify(name)) == 32


@given(st.dictionaries(st.one_of(ANY_TEXT, st.sampled_from(["content-type", "IDEMPOTENCY-KEY"])), ANY_TEXT, max_size=4))
def test_headers_are_taken_or_refused_with_an_answer_that_can_be_sent(headers: dict[str, str]) -> None:
    body = {"productId": "p", "productName": "n", "price": 1, "fileName": "f", "size": 1}
    answer = http.respond(
        {uploads.UnsupportedContentType: 415, http.InvalidRequest: 400},
        lambda: http.answer(
            200, {"key": uploads.requested(request(json.dumps(body)) | {"headers": headers}).object_key}
        ),
    )
    assert answer["statusCode"] in (200, 400, 415)


@given(st.text("0123456789.eE+-", max_size=60))
def test_a_price_in_any_notation_is_kept_exactly_or_refused(price: str) -> None:
    body = f'{{"productId": "p", "productName": "n", "fileName": "f", "size": 1, "price": {price}}}'
    try:
        upload = uploads.requested(request(body))
    except http.InvalidRequest:
        return
    assert upload.price == Decimal(price)
    assert plain(typed({"price": upload.price}))["price"] == Decimal(price)


TOKENS = st.text("abzAZ09!#$%&'*+.^_`|~-", min_size=1, max_size=12)
BLANKS = st.text(" \t", max_size=2)
VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
# RFC 9110, 5.6.4: any visible character or blank; quotes and backslashes behind a backslash.
QUOTED = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
# As browsers give what recorders and forms name, without quotes: `codecs=vp8,opus`.
LOOSE = st.text(VISIBLE.filter(lambda one: one not in '";'), min_size=1, max_size=12)
PARAMETER = st.one_of(st.just(""), st.tuples(TOKENS, st.one_of(QUOTED, LOOSE)).map("=".join))
PARAMETERS = st.lists(st.tuples(BLANKS, BLANKS, PARAMETER), max_size=4).map(
    lambda all_: "".join(f"{before};{after}{parameter}" for before, after, parameter in all_)
)
MEDIA_TYPES = st.builds(lambda kind, sub, parameters: f"{kind}/{sub}{parameters}", TOKENS, TOKENS, PARAMETERS)


def with_type(content_type: str) -> dict[str, Any]:
    return {
        "productId": "p",
        "productName": "n",
        "price": 1,
        "fileName": "f",
        "content": "",
        "contentType": content_type,
    }


@given(MEDIA_TYPES)
@example("text/plain; ; charset=utf-8")
@example('video/mp4; codecs="avc1.42E01E, mp4a.40.2"')
@example("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW")
def test_every_media_type_is_taken_as_it_is(content_type: str) -> None:
    taken = uploads.requested(request(json.dumps(with_type(content_type)))).content_type
    assert taken == content_type.strip(" \t")


@given(st.text(max_size=40))
@example("a/b\r\nX-Other: 1")
@example('a/b; c="d')
@example("a/b; c=d\x00")
def test_what_becomes_a_header_holds_no_other_character(content_type: str) -> None:
    try:
        taken = uploads.requested(request(json.dumps(with_type(content_type)))).content_type
    except http.InvalidRequest:
        return
    assert taken.isascii()
    assert not any(ord(one) < 0x20 and one != "\t" for one in taken)


@given(st.sampled_from(' \t;="\\a'), st.sampled_from(' \t;="\\a'), st.integers(1, 120))
def test_no_content_type_takes_long_to_refuse(one: str, other: str, times: int) -> None:
    content_type = ("a/b;" + (one + other) * times + "\n")[:255]
    started = time.process_time()
    with contextlib.suppress(http.InvalidRequest):
        uploads.requested(request(json.dumps(with_type(content_type))))
    assert time.process_time() - started < 20


@given(st.dictionaries(ANY_TEXT, st.integers(), min_size=1, max_size=4), st.data())
def test_a_name_twice_is_refused_at_any_depth_and_in_any_spelling(fields: dict[str, int], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(fields)))
    spelled = "".join(f"\\u{unit:04x}" for unit in _utf16(name))
    inner = json.dumps(fields).removesuffix("}") + f', "{spelled}": 1}}'
    for body in (inner, f'{{"a": [{inner}]}}'):
        with pytest.raises(http.InvalidRequest, match=r"^the body names .* twice$"):
            http.json_body({"body": body}, longest=LONGEST)


def _utf16(text: str) -> list[int]:
    raw = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


ORIGINS = frozenset({"https://app.example.com", "http://localhost:3000"})


ALLOWED = st.sampled_from(sorted(ORIGINS))


@given(st.one_of(ALLOWED, ANY_TEXT, ALLOWED.map(lambda one: one + "x"), ALLOWED.map(str.upper)))
def test_an_answer_names_an_origin_only_where_it_is_one_of_those_allowed(origin: str) -> None:
    answer = http.readable_by_pages(http.answer(200, {}), {"headers": {"origin": origin}}, ORIGINS)
    named = answer["headers"].get("Access-Control-Allow-Origin")
    assert named == (origin if origin in ORIGINS else None)
    assert answer["headers"]["Vary"] == "Origin"
    assert "Vary" not in http.readable_by_pages(http.answer(200, {}), {"headers": {"origin": origin}}, ())["headers"]
