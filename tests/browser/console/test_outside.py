"""Resources on the local AWS that no deployed stack has, on the console's page."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.console_page import ConsolePage
from tests.support.deployed import Deployment
from tests.support.waiting import eventually


@pytest.fixture
def queue(deployment: Deployment) -> Iterator[str]:
    """The name of a queue that no stack has, with a message."""
    sqs, name = deployment.local.client("sqs"), f"outside-{uuid4().hex}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="of no stack")
    yield name
    sqs.delete_queue(QueueUrl=url)


def test_what_happens_at_a_resource_of_no_stack_says_where_and_opens(page: ConsolePage, queue: str) -> None:
    page.open(stack="file-metadata")
    where = f"in {queue}, SQS queue of no deployed stack"
    eventually(lambda: where in page.text(".happening .where"), within=60)
    page.run(
        "const input = document.querySelector('#happenings input[type=search]');"
        "input.value = arguments[0]; input.dispatchEvent(new Event('input'))",
        queue,
    )
    page.click(".happening .where button", queue)
    eventually(lambda: "of no stack" in page.text("#panel .items"), within=60)
    assert page.text("#panel h2") == f"{queue}SQS queue of no deployed stack"
    assert page.axe() == []
    page.click("#panel [role=tab]", "Send")
    page.fill("Body", "put in")
    page.click("#panel form button:not([type])", "Send")
    eventually(lambda: "Sent:" in page.text("#panel .answer"), within=60)
    page.click("#panel [role=tab]", "About")
    assert "No deployed stack of this project has it" in page.text("#panel")
    page.run("document.querySelector('#happenings input[type=search]').value = ''")
