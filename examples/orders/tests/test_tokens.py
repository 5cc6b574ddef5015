import pytest
from authorizer.tokens import decision, hash_of

OF_SECRET = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # SHA-256 of "secret"
METHOD = "arn:aws:execute-api:us-east-1:123456789012:api/live/GET/orders/7"


@pytest.mark.parametrize("given", ["Bearer secret", "bearer  secret "])
def test_a_token_is_known_by_its_hash(given: str) -> None:
    assert hash_of({"headers": {"authorization": given}}) == OF_SECRET


@pytest.mark.parametrize("given", ["", "secret", "Basic secret", "Bearer", "Bearer ", f"Bearer {'x' * 201}"])
def test_a_header_without_a_bearer_token_has_none(given: str) -> None:
    assert hash_of({"headers": {"Authorization": given}}) is None


def test_a_customer_may_make_the_request_and_a_stranger_may_not() -> None:
    assert decision("alice", METHOD) == {
        "principalId": "alice",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": METHOD}],
        },
    }
    assert decision(None, METHOD)["policyDocument"]["Statement"][0]["Effect"] == "Deny"
