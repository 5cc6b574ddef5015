"""Addresses of APIs on the local AWS."""

import pytest

from sluice_cli.local_aws.addresses import served_locally

URL = "https://127.0.0.1:4566"
HERE = f"{URL}/_aws/execute-api/a1b2c3d4e5"


@pytest.mark.parametrize(
    ("value", "served"),
    [
        ("https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/live", f"{HERE}/live"),
        ("https://a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn/live/orders", f"{HERE}/live/orders"),
        ("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", HERE),
        ({"urls": ["https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/live", 7]}, {"urls": [f"{HERE}/live", 7]}),
        (
            '{"url": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/live"}',
            f'{{"url": "{HERE}/live"}}',
        ),
        # Not an API's address, or somebody else's.
        ("arn:aws:execute-api:us-east-1:000000000000:a1b2c3d4e5/live", None),
        ("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com.example.com/live", None),
        ("https://sqs.us-east-1.amazonaws.com/000000000000/orders", None),
        (None, None),
        (True, None),
    ],
)
def test_addresses_of_apis_are_those_that_the_local_aws_answers(value: object, served: object) -> None:
    assert served_locally(value, URL) == (value if served is None else served)
