"""What callers of an API lose, and who may call it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_cli.text import clean

from ..hidden import is_hidden, revealed
from ..model import Danger, Finding
from ..values import same
from .case import Touched, blocks, number, table, texts
from .directions import listed

# From the strictest: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
# A second; throttling where there was none takes something from callers if it lets so few through.
FEW_REQUESTS = 10
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "x-amazon-apigateway-any-method")


def method(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    values, before = case.after, case.before
    verb = "a method that Terraform hides" if is_hidden(case.change.after) else clean(str(values.get("http_method")))
    if values.get("http_method") == "OPTIONS":  # browsers ask it before they sign
        return
    if _is_open(values) and not (before and _is_open(before)):
        yield from touched.findings(f"{verb} needs no authorization", "Anybody who knows the address can call it.")
    elif before and values.get("authorization") == "NONE" and before.get("authorization") != "NONE":
        yield from touched.findings(
            f"{verb} no longer checks who calls, only for an API key",
            "An API key identifies a client, not a caller; it is not authorization.",
        )
    elif before and before.get("api_key_required") and not values.get("api_key_required"):
        yield from touched.findings(f"{verb} no longer needs an API key", "Usage plans no longer limit its callers.")
    if before and case.stays and not _is_open(values):
        yield from _other_authorization(touched, verb)


def _other_authorization(touched: Touched, verb: str) -> Iterator[Finding]:
    case = touched.case
    before, after = case.before, case.after
    scopes, now = (texts(values.get("authorization_scopes")) for values in (before, after))
    if scopes and (not now or now - scopes):
        yield from touched.findings(f"{verb} takes tokens of other scopes", "A token of any of its scopes is enough.")
    moved = not same(before.get("authorizer_id"), after.get("authorizer_id")) and before.get("authorizer_id")
    unknown = case.is_unknown("authorizer_id") and case.context.refers_to_the_same(
        case.change, "authorizer_id", before.get("authorizer_id")
    )
    kinds = before.get("authorization"), after.get("authorization")
    if (moved and not unknown and kinds[1] != "AWS_IAM") or (kinds[0] not in (None, "NONE", kinds[1])):
        yield from touched.findings(f"{verb} is authorized by something else", "Others may call it than before.")
    if not before.get("api_key_required") and after.get("api_key_required"):
        yield from touched.findings(
            f"{verb} needs an API key", "Callers without a key are refused.", danger=Danger.CALLERS
        )


def _is_open(values: Mapping[str, Any]) -> bool:
    return values.get("authorization") in (None, "NONE") and not values.get("api_key_required")


def url(touched: Touched) -> Iterator[Finding]:
    """Function URLs, and routes of HTTP APIs."""
    case = touched.case
    kind = case.after.get("authorization_type")
    opened = case.is_new or case.before.get("authorization_type") not in (None, "NONE")
    if opened and (kind == "NONE" or (kind is None and case.stays)):
        yield Finding(
            touched.danger, f"{case.subject} is called without authorization", "Anybody on the internet can get in."
        )


def cors(touched: Touched) -> Iterator[Finding]:
    """Which web pages may use it, and what they may do."""
    case = touched.case
    before, after = (_cors(values) for values in (case.before, case.after))
    if "*" in after["origins"] - before["origins"]:
        what = "every web page may use it"
        yield from touched.findings(what, "CORS no longer keeps other pages out.", danger=Danger.PUBLIC)
    elif case.stays and after["origins"] - before["origins"]:
        shown = listed(sorted(after["origins"] - before["origins"]))
        hidden = is_hidden(case.change.after)
        yield from touched.findings("other web pages may use it" if hidden else f"web pages of {shown} may use it")
    if case.stays and "*" not in after["origins"]:
        for part in ("origins", "methods"):
            lost = before[part] - after[part]
            if lost:
                shown = "some" if is_hidden(case.change.before) else listed(sorted(lost))
                yield from touched.findings(
                    f"web pages lose {part}: {shown}", "Their requests are refused.", danger=Danger.CALLERS
                )


def _cors(values: Mapping[str, Any]) -> dict[str, set[str]]:
    rows = [*blocks(values.get("cors_rule")), *blocks(values.get("cors"))]
    return {
        "origins": {
            one for row in rows for name in ("allowed_origins", "allow_origins") for one in texts(row.get(name))
        },
        "methods": {
            one for row in rows for name in ("allowed_methods", "allow_methods") for one in texts(row.get(name))
        },
    }


def limit(touched: Touched) -> Iterator[Finding]:
    """Throttles and quotas: a raised one holds back less, one that is cut refuses callers."""
    for one in touched.differences:
        before, after = number(one.before, "-1"), number(one.after, "-1")
        if not touched.case.stays or one.unknown or before is None or after is None or before == after:
            continue
        if before >= 0 > after:
            yield from touched.findings("throttling removed")
        elif 0 <= before < after:
            yield from touched.findings(f"limit raised {one.shown_before} → {one.shown_after}")
        elif after < before / 2 or (before < 0 and after <= FEW_REQUESTS):
            yield from touched.findings(
                f"limit cut {one.shown_before} → {one.shown_after}",
                "Callers that stay below the old limit are refused with 429.",
                danger=Danger.CALLERS,
            )


def mutual_tls(touched: Touched) -> Iterator[Finding]:
    """The certificates that callers have to bring."""
    for one in touched.differences:
        if not touched.case.stays or (
            one.unknown and touched.case.context.refers_to_the_same(touched.case.change, one.name, one.before)
        ):
            continue
        if one.before:
            what = (
                "callers are asked for other certificates"
                if one.after or one.unknown
                else "no certificate is asked for"
            )
            yield from touched.findings(what)
        elif one.name.endswith("uri"):
            yield from touched.findings(
                "callers need a certificate", "Requests without one are refused.", danger=Danger.CALLERS
            )


def limit_gone(touched: Touched) -> Iterator[Finding]:
    yield from touched.findings("throttling removed")


def tls(touched: Touched) -> Iterator[Finding]:
    """The lowest TLS version that callers may use."""
    for one in touched.differences:
        before, after = _tls(revealed(one.before)), _tls(revealed(one.after))
        if touched.case.stays and one.before and after < before:
            yield from touched.findings(
                f"older TLS is accepted ({one.shown_before} → {one.shown_after})",
                "What is sent can be read more easily.",
            )
        elif one.after and after == 0:
            yield touched.case.finding(Danger.UNCLEAR, f"security policy {one.shown_after}")
        elif one.after and after == 1 and not one.before:
            yield from touched.findings("TLS 1.0 is accepted", "It is broken: what is sent can be read.")


def _tls(policy: object) -> float:
    text = str(policy or "")
    if text.startswith("TLS_1_"):
        return 1 + float(text.removeprefix("TLS_1_")[:1] or 0) / 10
    # SecurityPolicy_TLS13_1_3_2025_09: the two numbers after are the lowest version it accepts.
    parts = text.split("_")
    if text.startswith("SecurityPolicy_TLS") and len(parts) > 3 and parts[2].isdigit() and parts[3].isdigit():
        return float(f"{parts[2]}.{parts[3]}")
    return 1.2 if text == "" else 0


def endpoint(touched: Touched) -> Iterator[Finding]:
    for one in touched.differences:
        before, after = texts(revealed(one.before)), texts(revealed(one.after))
        if not touched.case.stays or one.unknown:
            continue
        if "PRIVATE" in before - after:
            yield from touched.findings(
                "no longer private", "It can be called from the internet.", danger=Danger.PUBLIC
            )
        elif "PRIVATE" in after - before:
            yield from touched.findings(
                "private now", "Callers outside of its VPCs are refused.", danger=Danger.CALLERS
            )


def default_endpoint(touched: Touched) -> Iterator[Finding]:
    for one in touched.differences:
        if not touched.case.stays or one.unknown:
            continue
        if one.after is True:
            yield from touched.findings(
                "its own address is switched off", "Callers of that address are refused.", danger=Danger.CALLERS
            )
        elif one.before is True:
            yield from touched.findings(
                "its own address is switched on",
                "Callers get around the domain name and what stands before it.",
                danger=Danger.AUTHORIZATION,
            )


def openapi(touched: Touched) -> Iterator[Finding]:
    """An API that is written as one OpenAPI document: its routes, and that something else in it changed."""
    case = touched.case
    if not case.stays:
        return
    before, after = (_routes(values.get("body")) for values in (case.before, case.after))
    lost = sorted(set(before) - set(after))
    if lost:
        shown = "some" if is_hidden(case.change.before) else listed(lost)
        yield from touched.findings(f"routes removed: {shown}", danger=Danger.CALLERS)
    opened = [route for route in sorted(set(before) & set(after)) if before[route] and not after[route]]
    if opened:
        shown = "some" if is_hidden(case.change.before) else listed(opened)
        yield from touched.findings(f"routes without authorization: {shown}", danger=Danger.AUTHORIZATION)
    if not lost and not opened:
        yield case.finding(
            Danger.UNCLEAR, "its OpenAPI document changes", "Read it: what it changes is not worked out."
        )


def _routes(body: object) -> dict[str, bool]:
    """The routes of an OpenAPI document, each with whether it asks for authorization."""
    try:
        document = json.loads(body) if isinstance(body, str) and body else {}
    except (ValueError, RecursionError):
        return {}
    paths = document.get("paths") if isinstance(document, Mapping) else None
    found = {}
    for path, operations in (paths if isinstance(paths, Mapping) else {}).items():
        for name, operation in (operations if isinstance(operations, Mapping) else {}).items():
            if str(name).lower() in METHODS and isinstance(operation, Mapping):
                security = operation.get("security", document.get("security"))
                found[f"{str(name).upper()} {clean(str(path))}"] = bool(security)
    return found


def validated_models(touched: Touched) -> Iterator[Finding]:
    """The models that request bodies are checked against, by content type."""
    case = touched.case
    before, after = (table(values.get("request_models")) for values in (case.before, case.after))
    other = any(not same(model, after.get(kind)) for kind, model in before.items())
    if case.stays and other and not case.is_unknown("request_models"):
        yield from touched.findings("request bodies are checked against something else, or not at all")


def validated_parameters(touched: Touched) -> Iterator[Finding]:
    """The parameters that requests have to bring: `true` where one is required."""
    case = touched.case
    before, after = (table(values.get("request_parameters")) for values in (case.before, case.after))
    if case.stays and any(required and not after.get(name) for name, required in before.items()):
        yield from touched.findings("a request parameter is no longer required")
    if case.stays and any(required and not before.get(name) for name, required in after.items()):
        yield from touched.findings("a request parameter is required now", "Requests without it are refused.")
    if case.stays and set(before) - set(after):
        yield from touched.findings("a request parameter no longer reaches the integration")
