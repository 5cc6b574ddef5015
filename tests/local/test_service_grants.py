"""Policies of queues, topics, buckets, secrets and keys, permissions to invoke, and roles of services, on the local AWS
with IAM enforced: each part of each statement is needed, and none reaches further than the connection."""

import json
import re
from collections.abc import Iterator

import pytest

from checks.least_privilege.changes import StatementMutation, changes
from checks.least_privilege.live import DeployedStack
from checks.least_privilege.statements import SynthesizedStatement, read
from tests.support.api_grants import ApiGrants
from tests.support.connected import Connections
from tests.support.service_grants import ConnectedSystem, ServiceGrants, transport_case, unproven

# Proven elsewhere: of functions and keys on the five systems (docs/least-privilege.md), of grants in test_grants.py, of
# releases in tests/functions/test_codedeploy.py.
ELSEWHERE = {
    *("LambdaService", "WriteOwnLogs", "WriteTraces", "KeepFailures", "AccountPolicies", "AllowCloudwatch", "Put"),
    *("CodeDeployService", "ShiftCalls", "WatchAlarms"),
    *("ReadAlias", "StartDeployment", "ReadConfig", "RegisterRevision"),
    *("ReadStream", "ListStreams", "DecryptMessages"),  # as of Grantee; test_connections.py uses them
}
OF_GRANTS = ("Grantee/", "Writer/")


def enforced(change: StatementMutation) -> bool:
    """Whether a run can notice the change (docs/least-privilege.md): the local AWS has one account, its services name
    their source in every request, and a resource's policy is asked about that resource only."""
    statement = change.statement
    if change.part == "principal" or (change.part == "condition" and "aws:SourceAccount" in str(change)):
        return False
    of_resource = statement.kind not in ("aws_iam_role_policy", "aws_iam_role")
    return not (of_resource and change.part == "resource" and change.how == "any")


def without_id(text: str) -> str:
    """The name of an authorizer's permission without the hash at its end."""
    return re.sub(r"(InvokeForAuthorizer[A-Z][a-z]+)[0-9a-f]{10}$", r"\1", text)


def statements(connections: Connections, stack: str) -> list[SynthesizedStatement]:
    synthesized = json.loads((connections.project.target.output / "stacks" / stack / "cdk.tf.json").read_text())
    of_services = [one for one in read(stack, synthesized) if one.sid not in ELSEWHERE]
    return [one for one in of_services if not one.holder.startswith(OF_GRANTS) or one.kind != "aws_iam_role_policy"]


@pytest.fixture(params=["connections", "grants"])
def system(connections: Connections, request: pytest.FixtureRequest) -> Iterator[ConnectedSystem]:
    stack = connections.project.stack(request.param)
    synthesized = json.loads((connections.project.target.output / "stacks" / stack.name / "cdk.tf.json").read_text())
    state = json.loads(stack.run("state", "pull").stdout)
    with ConnectedSystem(DeployedStack.of(connections.local, stack.name, synthesized, state)) as made:
        yield made


def test_each_part_of_each_statement_for_a_service_is_needed_and_reaches_no_further(
    connections: Connections, system: ConnectedSystem
) -> None:
    found, count = [], 0
    kind = ServiceGrants if system.place.system == "connections" else ApiGrants
    with kind(connections, system) as services:
        cases = services.cases()
        for statement in statements(connections, system.place.system):
            case = cases.get((without_id(statement.holder), without_id(statement.sid)))
            if statement.sid == "DenyInsecureTransport":
                case = transport_case(system, statement)
            if case is None:
                found.append(f"{statement.name}: nothing proves it")
                continue
            proven = [change for change in changes(statement) if enforced(change)]
            count += len(proven)
            found += unproven(system, iter(proven), case)
    assert "\n".join(found) == ""
    assert count > 40
