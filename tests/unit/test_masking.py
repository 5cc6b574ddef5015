"""Personal data is masked, with the same pseudonym wherever it stands; what is not personal stays as it is."""

import gzip
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.capturing.masking import Masker
from sluice_cli.capturing.materials import named_objects, text_of
from sluice_cli.capturing.recognizing import is_luhn


def masked(value: Any) -> Any:
    masker = Masker()
    masker.learn(value)
    return masker.mask(value)


def masked_text(text: str) -> str:
    masker = Masker()
    masker.learn_text(text)
    return masker.mask_text(text)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"email": "jane@acme.io"}, {"email": "person1@example.com"}),
        ({"first_name": "Jane", "LastName": "Doe"}, {"first_name": "Person1", "LastName": "Person2"}),
        ({"name": "Jane Doe"}, {"name": "Person1 Masked"}),
        ({"name": "Jane", "email": "j@acme.io"}, {"name": "Person1", "email": "person1@example.com"}),
        ({"phone": "+49 171 1234567"}, {"phone": "+00 000 0000001"}),
        ({"mobile": 4917112345}, {"mobile": 1000000001}),
        ({"tel": {"S": "030 12345"}}, {"tel": {"S": "000 00001"}}),
        ({"clientIp": "81.2.69.142", "peer": "2a02:8071::1"}, {"clientIp": "192.0.2.1", "peer": "2001:db8::2"}),
        ({"password": "hunter2", "apiKey": "k"}, {"password": "masked-token-1", "apiKey": "masked-token-2"}),
        ({"Authorization": "Bearer abc.def"}, {"Authorization": "masked-token-1"}),
        ({"dob": "1980-02-03"}, {"dob": "1900-01-02"}),
        ({"street_address": "Main St 5", "zip": "10115"}, {"street_address": "Address 1", "zip": "10002"}),
        ({"iban": "DE89370400440532013000"}, {"iban": "XX00MASKED000000000001"}),
        ({"ssn": "123-45-6789"}, {"ssn": "000-00-0001"}),
        ({"who": "arn:aws:iam::1:user/jane"}, {"who": "arn:aws:iam::1:user/person1"}),
        ({"principalId": "AWS:AIDA3CF4D645B2C48051"}, {"principalId": "AWS:AIDAMASKED0000000001"}),
        ({"names": ["Jane", "Doe"], "firstNames": ["Jane"]}, {"names": ["Person1", "Doe"], "firstNames": ["Person1"]}),
        ({"jane@acme.io": {"age": 3}}, {"person1@example.com": {"age": 3}}),
    ],
)
def test_personal_data_becomes_a_pseudonym(given_: Any, expected: Any) -> None:
    assert masked(given_) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"name": "orders", "bucket": {"name": "my-bucket"}},
        {"eventTime": "2026-11-27T06:01:57.902+02:00", "at": 1795757753867, "version": "1.2.3"},
        {"key": "in/2026/report (1).json", "eTag": "34bc9feece8a2056c0803f7e9fdbc1c5"},
        {"sourceIPAddress": "127.0.0.1", "mac": "ab:cd:ef:01:02:03", "time": "12:30:45"},
        {"id": "11112222-3333-4444-5555-666677778888", "count": 4111111111111111},
        {"email": "person1@example.com", "nextToken": "abc", "temperature": -21.5, "ok": True, "none": None},
        {"table": "${shop:aws_dynamodb_table.Orders.name}", "owner": "${shop:aws_sqs_queue.Work.name}"},
        {"url": "https://sqs.us-east-1.amazonaws.com/123456789012/work", "email": None, "phone": True},
    ],
)
def test_other_data_is_unchanged(value: Any) -> None:
    assert masked(value) == value


def test_a_person_has_the_same_pseudonym_everywhere() -> None:
    event = {
        "key": "in/jane.doe%40acme.io/Jane+Doe.json",
        "body": json.dumps({"from": "Jane.Doe@ACME.io", "customer_name": "Jane Doe", "note": "for Jane Doe"}),
    }
    row = {"pk": {"S": "user#jane.doe@acme.io"}, "customerName": {"S": "Jane Doe"}}
    masker = Masker()
    masker.learn([event, row])
    assert masker.mask(event) == {
        "key": "in/person1%40example.com/Person1+Masked.json",
        "body": '{"from": "person1@example.com", "customer_name": "Person1 Masked", "note": "for Person1 Masked"}',
    }
    assert masker.mask(row) == {"pk": {"S": "user#person1@example.com"}, "customerName": {"S": "Person1 Masked"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,Last Name,email\n1,Miller,m@x.org\n", "id,Last Name,email\n1,Person1,person1@example.com\n"),
        ("id;surname\n1;Miller\n2;Smith\n1;Miller", "id;surname\n1;Person1\n2;Person2\n1;Person1"),
        ("<p><ns:lastName>Doe</ns:lastName> Doe</p>", "<p><ns:lastName>Person1</ns:lastName> Person1</p>"),
        ("Last Name: Miller\nsize: 5", "Last Name: Person1\nsize: 5"),
        ('{"surname": "Doe", "readings": [', '{"surname": "Person1", "readings": ['),
        ('{"a": 1}\n{"surname": "M\\u00fcller"}', '{"a": 1}\n{"surname": "Person1"}'),
        ("call +1 (555) 123-4567 now", "call +0 (000) 000-0001 now"),
    ],
)
def test_texts_keep_their_form_even_where_they_are_broken(text: str, expected: str) -> None:
    assert masked_text(text) == expected


def test_cards_become_numbers_whose_check_digit_is_right() -> None:
    number = masked_text("paid with 4111 1111 1111 1111")
    assert re.fullmatch(r"paid with 4000 0000 0000 \d{4}", number)
    assert is_luhn(re.sub(r"\D", "", number))


def test_a_message_keeps_a_digest_that_fits() -> None:
    (record,) = masked({"Records": [{"body": '{"email": "a@acme.io"}', "md5OfBody": "old"}]})["Records"]
    assert record == {"body": '{"email": "person1@example.com"}', "md5OfBody": "39bb5ea8f6b5e5f6ae5d1c08ce9bc5b6"} or (
        record["md5OfBody"] != "old"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("compressed", [False, True])
def test_texts_of_any_encoding_are_read_and_written_back(encoding: str, compressed: bool) -> None:
    plain = "a,é\n1,2".encode(encoding)
    content = gzip.compress(plain, mtime=0) if compressed else plain
    text = text_of(content)
    assert text is not None
    assert text.text.lstrip("\ufeff") == "a,é\n1,2"
    again = text.bytes(text.text)
    assert (gzip.decompress(again) if compressed else again).decode(encoding) == "a,é\n1,2"


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xfe\xff", b"\x1f\x8bnot gzip", b"a\0b"])
def test_a_file_that_is_not_text_is_reported(content: bytes) -> None:
    assert text_of(content) is None


def test_objects_are_found_in_notifications_messages_and_events() -> None:
    s3 = {"s3": {"bucket": {"name": "b"}, "object": {"key": "a+b%2Bc", "versionId": "1"}}}
    bridge = {"detail": {"bucket": {"name": "b"}, "object": {"key": "a+b", "version-id": "2"}}}
    message = {"Records": [{"body": json.dumps({"Message": json.dumps({"Records": [s3]})})}, bridge]}
    assert sorted(named_objects(message)) == [("b", "a b+c", "1"), ("b", "a+b", "2")]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["email", "name", "key", "body", "phone", "S", "token"]) | st.text(max_size=8), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_masking_keeps_a_documents_structure_and_is_idempotent(value: Any) -> None:
    masker = Masker()
    masker.learn(value)
    first = masker.mask(value)
    assert type(first) is type(value)
    assert masker.mask(first) == first


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_learned_from(text: str) -> None:
    assert isinstance(masked_text(text), str)
