"""Who may invoke a function, and what rules and schedules may reach, on the local AWS: each test fails without
sluice_cli/local_aws/emulator/invoke_permissions.py and event_targets.py."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.signed_request import send
from tests.support.bare_aws import ACCOUNT, REGION, BareAws, allow, service, stays_empty
from tests.support.waiting import eventually
from tests.support.watched_function import Watched, a_text


def test_s3_takes_a_notification_only_where_the_function_permits_it(aws: BareAws, watched: Watched) -> None:
    bucket, s3 = aws.bucket("notifies"), aws.client("s3")
    asked = {
        "Bucket": bucket,
        "NotificationConfiguration": {
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": watched.arn, "Events": ["s3:ObjectCreated:*"]},
            ]
        },
    }
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(**asked)
    aws.permit(watched.arn, "s3", "arn:aws:s3:::another")
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(**asked)
    aws.forbid(watched.arn)
    aws.permit(watched.arn, "s3", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(**asked)
    s3.put_object(Bucket=bucket, Key="permitted", Body=b"")
    eventually(lambda: watched.seen("permitted"))
    aws.forbid(watched.arn)
    s3.put_object(Bucket=bucket, Key="forbidden", Body=b"")
    assert stays_empty(lambda: watched.seen("forbidden"))


def test_api_gateway_answers_500_where_the_function_does_not_permit_the_route(aws: BareAws, watched: Watched) -> None:
    gateway = aws.client("apigateway")
    api = gateway.create_rest_api(name=f"{aws.prefix}-api")["id"]
    aws.cleanup(gateway.delete_rest_api, restApiId=api)
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    route = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**route, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{watched.arn}/invocations"
    gateway.put_integration(**route, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="live")

    def get() -> tuple[int, str]:
        running = aws.local.running()
        assert running
        status, body = send(aws.local, "GET", f"{running.url}/restapis/{api}/live/_user_request_/")
        return status, body.decode()

    assert get() == (500, '{"message": "Internal server error"}')
    source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/live/GET"
    aws.permit(watched.arn, "apigateway", f"{source}/elsewhere")
    assert get()[0] == 500
    aws.forbid(watched.arn)
    aws.permit(watched.arn, "apigateway", f"{source}/")
    assert get() == (200, "seen")
    aws.forbid(watched.arn)


def test_sns_invokes_a_function_with_a_permission_and_failures_are_retried_and_kept(
    aws: BareAws, watched: Watched
) -> None:
    topic, sns = aws.topic("news"), aws.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=watched.arn)
    sns.publish(TopicArn=topic, Message=(text := a_text()))
    assert stays_empty(lambda: watched.seen(text))
    aws.permit(watched.arn, "sns", topic)
    sns.publish(TopicArn=topic, Message=(text := f"fail {a_text()}"))
    (kept,) = eventually(lambda: watched.failures(text))
    assert json.loads(kept["Body"])["requestContext"]["condition"] == "RetriesExhausted"
    assert len(watched.seen(text)) == 2
    aws.forbid(watched.arn)


def test_a_rule_sends_refused_events_to_its_dead_letter_queue(aws: BareAws, watched: Watched) -> None:
    events, name = aws.client("events"), f"{aws.prefix}-rule"
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [aws.prefix]}))["RuleArn"]
    dead, dead_arn = aws.queue("rule-dead", allow(["sqs:SendMessage"], **service("events", rule)))
    closed, closed_arn = aws.queue("closed")
    targets = {"function": watched.arn, "queue": closed_arn}
    events.put_targets(
        Rule=name,
        Targets=[{"Id": one, "Arn": arn, "DeadLetterConfig": {"Arn": dead_arn}} for one, arn in targets.items()],
    )
    aws.cleanup(events.delete_rule, Name=name)
    aws.cleanup(events.remove_targets, Rule=name, Ids=list(targets))

    def happen(text: str) -> None:
        events.put_events(Entries=[{"Source": aws.prefix, "DetailType": "test", "Detail": json.dumps({"text": text})}])

    def kept(text: str) -> dict[str, tuple[str, str]]:
        return {
            one["MessageAttributes"]["TARGET_ARN"]["StringValue"]: (
                one["MessageAttributes"]["RULE_ARN"]["StringValue"],
                one["MessageAttributes"]["ERROR_CODE"]["StringValue"],
            )
            for one in aws.messages(dead)
            if text in one["Body"]
        }

    happen(first := a_text())
    because = (rule, "NO_PERMISSIONS")
    eventually(lambda: kept(first) == {watched.arn: because, closed_arn: because})
    aws.permit(watched.arn, "events", rule)
    happen(second := f"fail {a_text()}")
    eventually(lambda: watched.failures(second))
    assert len(watched.seen(second)) == 2
    assert kept(second) == {closed_arn: because}
    assert aws.messages(closed) == []
    aws.forbid(watched.arn)


def test_a_schedule_calls_its_target_with_its_role_or_uses_its_dead_letter_queue(
    aws: BareAws, watched: Watched
) -> None:
    scheduler = aws.client("scheduler")
    dead, dead_arn = aws.queue("schedule-dead")
    group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default"
    keep = allow(["sqs:SendMessage"], dead_arn)
    roles = {
        "invokes": aws.role(
            "invokes", allow(["lambda:InvokeFunction"], watched.arn), keep, trusted="scheduler", source=group
        ),
        "keeps": aws.role("keeps", keep, trusted="scheduler", source=group),
    }
    at = (datetime.now(UTC) + timedelta(seconds=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    for name, role in roles.items():
        scheduler.create_schedule(
            Name=f"{aws.prefix}-{name}",
            ScheduleExpression=at,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": watched.arn,
                "RoleArn": role,
                "Input": json.dumps({"schedule": name}),
                "DeadLetterConfig": {"Arn": dead_arn},
            },
        )
        aws.cleanup(scheduler.delete_schedule, Name=f"{aws.prefix}-{name}")
    eventually(lambda: watched.seen("invokes"), within=90)
    (kept,) = eventually(lambda: aws.messages(dead), within=90)
    assert json.loads(kept["Body"]) == {"schedule": "keeps"}
    assert watched.seen("keeps") == []
