"""What a soak changes of a deployed function, from several threads at once, is put back at the end."""

import threading
from typing import Any

import pytest

from checks.soak.function import SHORT_TIMEOUT_SECONDS, SoakedFunction
from tests.support.bare_aws import LOGS, BareAws, allow

SOURCE = "def handle(event, context): return 1"


def test_a_timeout_that_is_put_back_while_the_function_is_killed_is_not_changed_again(
    aws: BareAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"Environment": {"Variables": {"NAME": "value"}}}
    arn = aws.function("soaked", aws.role("soaked", allow(LOGS)), SOURCE, **variables)
    client = aws.client("lambda")
    read, function = client.get_function_configuration, SoakedFunction(arn, aws.local.client)
    putting_back = threading.Thread(target=function.full_length)
    function.cut_short()
    assert read(FunctionName=arn)["Timeout"] == SHORT_TIMEOUT_SECONDS

    def read_while_another_puts_back(**given: Any) -> Any:
        found = read(**given)
        if putting_back.ident is None:
            putting_back.start()
            putting_back.join(timeout=1)
        return found

    monkeypatch.setattr(client, "get_function_configuration", read_while_another_puts_back)
    function.kill()
    putting_back.join()
    assert read(FunctionName=arn)["Timeout"] == 30
