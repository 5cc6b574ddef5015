import json

import pytest
from ingest.webhooks import LONGEST_BODY, Refused, Webhook, read, sign

SECRETS = {"shop": "a secret", "nobody": ""}
BODY = json.dumps({"id": "1", "type": "order.paid", "total": "9.90 €"}, ensure_ascii=False)


def test_a_webhook_with_its_senders_signature_is_read_and_its_body_stays_as_it_came() -> None:
    assert read("shop", sign("a secret", BODY), BODY, SECRETS) == Webhook("shop", "1", "order.paid", BODY)


@pytest.mark.parametrize(
    ("sender", "signature", "reason"),
    [
        ("shop", sign("another secret", BODY), "the signature is wrong"),
        ("shop", sign("a secret", f"{BODY} "), "the signature is wrong"),
        ("shop", "", "the signature is wrong"),
        ("shop", "sha256=ü", "the signature is wrong"),
        ("thief", sign("a secret", BODY), "the sender is unknown"),
        ("nobody", sign("", BODY), "the sender is unknown"),
    ],
)
def test_a_webhook_without_its_senders_signature_is_refused(sender: str, signature: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(sender, signature, BODY, SECRETS)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ('{"id": "1", ', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no JSON object"),
        ('{"type": "order.paid"}', "id and type must be texts"),
        ('{"id": 1, "type": "order.paid"}', "id and type must be texts"),
        ('{"id": "", "type": "order.paid"}', "id and type must be texts"),
        (json.dumps({"id": "1", "type": "t", "text": "a" * LONGEST_BODY}), "longer than 350000 bytes"),
        (json.dumps({"id": "1", "type": "t", "text": "€" * 120_000}, ensure_ascii=False), "longer than 350000 bytes"),
    ],
    ids=lambda text: text[:20],
)
def test_a_signed_body_that_is_not_a_webhook_is_refused(body: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read("shop", sign("a secret", body), body, SECRETS)
