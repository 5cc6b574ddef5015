"""Requests of HTTP APIs, function URLs and load balancers, as the toolkit reads them."""

from typing import Any

import pytest

from sluice_functions import http, idempotency

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
HTTP_API: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "PUT /orders/{id}",
    "rawPath": "/orders/a%2Fb",
    "rawQueryString": "page=2&name=J%C3%B6rg",
    "cookies": ["session=1", "theme=dark"],
    "headers": {"content-type": "application/json", "idempotency-key": "k"},
    "queryStringParameters": {"page": "2", "name": "Jörg"},
    "pathParameters": {"id": "100%25"},
    "requestContext": {
        "http": {"method": "PUT", "path": "/orders/a%2Fb", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        "authorizer": {"jwt": {"claims": {"sub": "jo"}, "scopes": None}},
    },
    "body": "eyJhIjogMX0=",
    "isBase64Encoded": True,
}
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html, with multi-value headers
LOAD_BALANCER: dict[str, Any] = {
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/1"}
    },
    "httpMethod": "GET",
    "path": "/orders",
    "multiValueQueryStringParameters": {"name": ["J%C3%B6rg+M"], "tag": ["a", "b"]},
    "multiValueHeaders": {"accept": ["text/html"], "x-id": ["1", "2"]},
    "body": "",
    "isBase64Encoded": False,
}


def test_a_request_of_an_http_api_is_read() -> None:
    assert http.is_request(HTTP_API)
    assert (http.method(HTTP_API), http.path(HTTP_API)) == ("PUT", "/orders/a%2Fb")
    assert (http.header(HTTP_API, "Content-Type"), http.header(HTTP_API, "Cookie")) == (
        "application/json",
        "session=1; theme=dark",
    )
    assert http.path_parameter(HTTP_API, "id") == "100%25"
    assert (http.query_parameter(HTTP_API, "name"), http.query_parameter(HTTP_API, "other")) == ("Jörg", None)
    assert http.caller(HTTP_API) == "user:jo"
    assert http.json_body(HTTP_API, longest=100) == {"a": 1}


def test_a_request_of_a_function_url_knows_who_signed_it() -> None:
    signed = {"authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:role/r"}}}
    assert http.caller({**HTTP_API, "requestContext": signed}) == "iam:arn:aws:iam::123456789012:role/r"


def test_a_request_of_a_load_balancer_is_read() -> None:
    assert http.is_request(LOAD_BALANCER)
    assert (http.method(LOAD_BALANCER), http.path(LOAD_BALANCER)) == ("GET", "/orders")
    assert (http.header(LOAD_BALANCER, "Accept"), http.header(LOAD_BALANCER, "X-Id")) == ("text/html", "2")
    assert http.query_parameter(LOAD_BALANCER, "name") == "Jörg M"
    with pytest.raises(http.InvalidRequest, match="tag is given 2 times in the query"):
        http.query_parameter(LOAD_BALANCER, "tag")


def test_a_key_of_an_idempotent_request_counts_for_one_method_and_path_of_an_http_api() -> None:
    def at(method: str, path: str) -> str:
        context = {**HTTP_API["requestContext"], "http": {"method": method}}
        return idempotency._scoped({**HTTP_API, "rawPath": path, "requestContext": context}, "k")

    assert len({at("PUT", "/a"), at("PUT", "/b"), at("POST", "/a")}) == 3


@pytest.mark.parametrize("event", [{}, {"version": "2.0", "requestContext": {}}, {"httpMethod": None, "path": ""}])
def test_what_is_no_request_has_no_method_and_no_path(event: dict[str, Any]) -> None:
    for read in (http.method, http.path):
        with pytest.raises(http.InvalidRequest, match=f"not a request: it has no {read.__name__}"):
            read(event)
