"""Messages of SNS and of API routes on the local AWS: each test fails without
sluice_cli/local_aws/emulator/sns_redrive.py or queue_routes.py."""

import json

from sluice_cli.local_aws.signed_request import send
from tests.support.bare_aws import ACCOUNT, REGION, BareAws, allow, service, stays_empty
from tests.support.waiting import eventually
from tests.support.watched_function import Watched, a_text


def test_a_message_that_sns_may_not_deliver_is_kept_where_the_subscriptions_queue_permits_it(
    aws: BareAws, watched: Watched
) -> None:
    topic, sns = aws.topic("kept"), aws.client("sns")
    dead, dead_arn = aws.queue("kept-dead", allow(["sqs:SendMessage"], **service("sns", topic)))
    closed, closed_arn = aws.queue("kept-closed")
    unpermitted, unpermitted_arn = aws.queue("kept-unpermitted")
    for protocol, endpoint, queue in (
        ("lambda", watched.arn, dead_arn),
        ("sqs", closed_arn, dead_arn),
        ("sqs", dead_arn, unpermitted_arn),
    ):
        policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue})}
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=policy)
    sns.publish(TopicArn=topic, Message=(text := a_text()))
    # From the function, from the closed queue, and as the subscription of its own.
    eventually(lambda: sum(text in one["Body"] for one in aws.messages(dead)) == 3)
    assert aws.messages(closed) == []
    assert stays_empty(lambda: watched.seen(text) or aws.messages(unpermitted))


def test_a_route_sends_to_a_queue_with_the_rights_of_its_role(aws: BareAws) -> None:
    gateway = aws.client("apigateway")
    url, arn = aws.queue("routed")
    name = arn.rpartition(":")[2]
    role = aws.role("routes", allow(["sqs:SendMessage"], arn), trusted="apigateway")
    api = gateway.create_rest_api(name=f"{aws.prefix}-routes")["id"]
    aws.cleanup(gateway.delete_rest_api, restApiId=api)
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    route = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    gateway.put_method(**route, authorizationType="NONE")
    gateway.put_integration(
        **route,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/{name}",
        credentials=role,
        requestTemplates={"application/json": "Action=SendMessage&MessageBody=$input.body"},
    )
    for status, pattern in (("200", ""), ("400", r"4\d{2}")):
        gateway.put_method_response(**route, statusCode=status)
        gateway.put_integration_response(**route, statusCode=status, selectionPattern=pattern)
    gateway.create_deployment(restApiId=api, stageName="live")

    def post() -> int:
        running = aws.local.running()
        assert running
        return send(aws.local, "POST", f"{running.url}/_aws/execute-api/{api}/live/", b"text")[0]

    assert post() == 200
    assert [one["Body"] for one in aws.messages(url)] == ["text"]
    aws.grant(role, allow(["sqs:SendMessage"], f"{arn}-other"))
    assert post() == 400
    aws.grant(role, allow(["sqs:SendMessage"], arn))
    aws.trust(role, "lambda")
    assert post() == 500
    assert len(aws.messages(url)) == 1
