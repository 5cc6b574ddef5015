"""Forms of the console made from JSON schemas, and those that send messages and events."""

import json
from typing import Any

import pytest

from tests.support.console_page import ConsolePage

SCHEMA = {
    "type": "object",
    "required": ["customer", "lines", "kind", "note"],
    "properties": {
        "customer": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "minLength": 1}, "vip": {"type": "boolean"}},
        },
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["sku", "count"],
                "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
            },
        },
        "kind": {"enum": ["", "gift", 3, None]},
        "note": {"type": "string"},
        "price": {"type": ["number", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "delivery": {
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string", "minLength": 2}},
        },
        "photo": {"type": "string", "contentEncoding": "base64"},
        "anything": {},
        "pair": {"type": "array", "items": [{"type": "string"}, {"type": "number"}]},
    },
}
EXAMPLE = {
    "customer": {"name": "é"},
    "lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
    "kind": 3,
    "note": "n",
    "tags": ["x"],
}
SHOW = """
const [schema, example, done] = arguments;
import(document.scripts[0].src.replace('main', 'schema_form')).then(({schemaForm}) => {
  window.made = schemaForm(schema, JSON.stringify(example));
  const form = document.createElement('form');
  form.id = 'tried';
  form.append(window.made.form);
  document.getElementById('panel').replaceChildren(form);
  done();
});
"""
SET = """
const [label, value, at] = arguments;
const labels = [...document.querySelectorAll('#tried label')].filter((one) => one.textContent === label);
const input = document.getElementById(labels[at].htmlFor);
input.value = value;
input.dispatchEvent(new Event('input', {bubbles: true}));
return input.tagName;
"""


def show(page: ConsolePage, schema: Any, example: Any) -> None:
    page.browser.execute_async_script(SHOW, schema, example)


ENCODED = """
const [body, done] = arguments;
import(document.scripts[0].src.replace('main', 'schema_form')).then(({bodyForm}) => {
  const {form, text} = bodyForm(body);
  document.getElementById('panel').replaceChildren(form);
  done([[...form.querySelectorAll('label')].map((one) => one.textContent), text()]);
});
"""


@pytest.mark.parametrize(
    ("content_type", "schema", "example", "labels", "text"),
    [
        ("application/problem+json; v=1", {"properties": {"a": {"type": "integer"}}}, '{"a": 1}', ["a"], '{"a":1}'),
        (
            "application/x-www-form-urlencoded",
            {"properties": {"a b": {"type": "string"}, "n": {"type": "array", "items": {"type": "integer"}}}},
            '{"a b": "ä&=", "n": [1, 2]}',
            ["a b", "n, item 1", "n, item 2"],
            "a+b=%C3%A4%26%3D&n=1&n=2",
        ),
        ("application/x-www-form-urlencoded", {"type": "object"}, '{"a": 1}', ["Body"], "a=1"),
        ("text/plain", {"type": "string"}, "a text", ["Body"], "a text"),
        ("application/xml", {"properties": {"a": {"type": "string"}}}, "<a/>", ["Body"], "<a/>"),
    ],
)
def test_a_body_is_written_as_its_content_type_has_it(
    form: ConsolePage, content_type: str, schema: Any, example: str, labels: list[str], text: str
) -> None:
    given = {"content_type": content_type, "schema": schema, "example": example}
    found = form.browser.execute_async_script(ENCODED, given)
    assert found == [[one for one in found[0] if one == "write the body as JSON"] + labels, text]


def body(page: ConsolePage) -> Any:
    return json.loads(page.run("return window.made.text()"))


def put(page: ConsolePage, label: str, value: str, at: int = 0) -> str:
    return str(page.run(SET, label, value, at))


def valid(page: ConsolePage) -> bool:
    return bool(page.run("return document.getElementById('tried').checkValidity()"))


@pytest.fixture(scope="module")
def form(page: ConsolePage) -> ConsolePage:
    page.open(stack="file-metadata", node=page.node("file-metadata", "Metadata")["id"], tab="about")
    return page


def test_a_form_has_groups_lists_and_choices_and_gives_the_example(form: ConsolePage) -> None:
    show(form, SCHEMA, EXAMPLE)
    assert body(form) == EXAMPLE
    assert valid(form)
    legends = form.texts("#tried legend")
    # The driver passes an object's names on in an order of its own.
    names = sorted(one.partition(" ")[0] for one in legends)
    assert names == ["customer", "delivery", "lines", "lines,", "lines,", "tags"]
    assert form.axe() == []


def test_what_is_filled_in_becomes_the_body(form: ConsolePage) -> None:
    show(form, SCHEMA, EXAMPLE)
    put(form, "name", "<b>\u202e")
    assert put(form, "vip", "1") == "SELECT"  # false
    put(form, "sku", "c", at=1)
    assert put(form, "kind", "0") == "SELECT"  # the empty text
    put(form, "note", "")  # required, and may be empty
    put(form, "price", "1.5")
    assert put(form, "anything", '{"deep": [1]}') == "TEXTAREA"
    assert put(form, "pair", '["a", 1]') == "TEXTAREA"
    put(form, "city", "Bern")
    form.click("#tried button", "Add an item")
    form.run("document.querySelectorAll('#tried [aria-label=\"Remove an item of lines\"]')[0].click()")
    put(form, "sku", "d", at=1)
    put(form, "count", "7", at=1)
    assert body(form) == {
        "customer": {"name": "<b>\u202e", "vip": False},
        "lines": [{"sku": "c", "count": 2}, {"sku": "d", "count": 7}],
        "kind": "",
        "note": "",
        "price": 1.5,
        "tags": ["x"],
        "delivery": {"city": "Bern"},
        "anything": {"deep": [1]},
        "pair": ["a", 1],
    }
    form.click("#tried .switch input")
    assert json.loads(form.run("return document.querySelector('#tried textarea').value")) == body(form)


def test_what_is_required_is_asked_for_and_what_is_not_is_left_out(form: ConsolePage) -> None:
    show(form, SCHEMA, {})
    assert not valid(form)  # a name and a kind are needed
    put(form, "name", "n")
    assert not valid(form)
    put(form, "kind", "3")
    assert valid(form)  # a city is needed only with a delivery
    assert body(form) == {"customer": {"name": "n"}, "lines": [], "kind": None, "note": ""}
    put(form, "anything", "{no json")
    assert "anything is not valid JSON" in form.run(
        "try { return window.made.text() } catch (one) { return one.message }"
    )
    put(form, "anything", "")
    show(form, {"properties": {"id": {"type": "integer"}}}, {})
    put(form, "id", "9007199254740993")
    assert "would be rounded" in form.run("try { return window.made.text() } catch (one) { return one.message }")


def test_a_file_fills_a_text_in_base64(form: ConsolePage) -> None:
    show(form, SCHEMA, EXAMPLE)
    form.run(
        "const input = document.querySelector('#tried input[type=file]'), files = new DataTransfer();"
        "files.items.add(new File([new Uint8Array([0, 255, 10])], 'a.bin')); input.files = files.files;"
        "input.dispatchEvent(new Event('change'))"
    )
    form.run("return new Promise((done) => setTimeout(done, 300))")
    assert body(form)["photo"] == "AP8K"


@pytest.mark.parametrize("schema", [None, {}, {"type": "array"}, {"oneOf": [{"type": "string"}]}, {"type": "string"}])
def test_a_body_without_properties_is_written_as_json(form: ConsolePage, schema: Any) -> None:
    show(form, schema, ["a"])
    assert form.run("return document.querySelector('#tried textarea').value") == '["a"]'
    assert body(form) == ["a"]


SENDING = """
const [view, node, done] = arguments;
import(document.scripts[0].src.replace('main', 'sending')).then((views) => {
  const place = document.createElement('div');
  document.getElementById('panel').replaceChildren(place);
  views[view](place, node, {writes: true});
  const labels = [...place.querySelectorAll("label")];
  done(labels.map((one) => [one.textContent, document.getElementById(one.htmlFor).value]));
});
"""
EVENT = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"a": 1}}


@pytest.mark.parametrize(
    ("view", "node", "fields", "word"),
    [
        ("message", {"messages": {"fifo": False}}, {"Body": "", "Attributes, as JSON": ""}, "Send"),
        (
            "message",
            {"messages": {"fifo": True}},
            {"Body": "", "Message group": "console", "Attributes, as JSON": ""},
            "Send",
        ),
        (
            "publishing",
            {"messages": {"fifo": True}},
            {"Subject": "", "Message": "", "Message group": "console", "Attributes, as JSON": ""},
            "Publish",
        ),
        (
            "sendingEvent",
            {"kind": "aws_cloudwatch_event_rule", "event": EVENT},
            {"Source": "aws.s3", "Detail type": "Object Created", "Detail, as JSON": '{\n  "a": 1\n}'},
            "Send event",
        ),
        ("sendingEvent", {"kind": "aws_scheduler_schedule"}, {}, "Run now"),
    ],
    ids=["queue", "FIFO queue", "FIFO topic", "rule", "schedule"],
)
def test_messages_and_events_have_the_fields_of_what_takes_them(
    form: ConsolePage, view: str, node: Any, fields: dict[str, str], word: str
) -> None:
    found = form.browser.execute_async_script(SENDING, view, {"id": "a/b", **node})
    assert dict(found) == fields
    assert form.texts("#panel form button") == [word]
    assert form.axe("label", "button-name", "color-contrast", "aria-valid-attr-value") == []
