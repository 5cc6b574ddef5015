"""A deployed system whose policies are mutated one statement at a time, and clients with the rights of its roles."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from uuid import uuid4

from botocore.awsrequest import AWSRequest
from botocore.config import Config

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import signed_request

from .changes import StatementMutation
from .outcomes import Failed
from .role_credentials import credentials_of
from .statements import PERMISSION, REFERENCE, SynthesizedStatement

Document = dict[str, Any]

# Actions that a Deny on everything has to leave out, so that the policy can be changed back.
REVERT_ACTIONS = {
    "aws_s3_bucket_policy": ["s3:GetBucketPolicy", "s3:PutBucketPolicy"],
    "aws_sqs_queue_policy": ["sqs:GetQueueAttributes", "sqs:SetQueueAttributes"],
}
# Actions that the policy admin of a key needs to restore the key's policy and to delete the key.
POLICY_ADMIN = "test-policy-admin"
POLICY_ADMIN_ACTIONS = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]


PERMISSION_CONDITIONS = (("SourceArn", "source_arn"), ("SourceAccount", "source_account"))


class NotAsSynthesized(RuntimeError):
    """The deployed policy differs from the synthesized one."""


@dataclass(frozen=True)
class DeployedStack:
    """A running local AWS with one deployed system: its region, outputs, and resource attributes by
    Terraform address.
    """

    local: LocalAws
    system: str
    region: str
    outputs: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, local: LocalAws, system: str, synthesized: Document, state: Document) -> "DeployedStack":
        """Built from the synthesized Terraform and the state after an apply."""
        return cls(
            local=local,
            system=system,
            region=str(synthesized["provider"]["aws"][0]["region"]),
            outputs={name: str(one["value"]) for name, one in state["outputs"].items()},
            attributes={
                ("data." if one["mode"] == "data" else "") + f"{one['type']}.{one['name']}": instance["attributes"]
                for one in state["resources"]
                for instance in one["instances"]
            },
        )

    def resolve(self, text: str) -> str:
        """A value of the synthesized Terraform with its references resolved."""
        return REFERENCE.sub(lambda found: str(self.attributes[found[1]][found[2]]), text)


class DeployedSystem:
    """A deployed system prepared for mutations. As a context manager it creates, and afterwards removes, what they
    need.
    """

    def __init__(self, place: DeployedStack) -> None:
        self.place = place
        self.outputs = place.outputs
        self._cleanup = ExitStack()
        self._twins: dict[str, str] = {}
        self._credentials: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, str, bool, bool], Any] = {}

    def __enter__(self) -> Self:
        with ExitStack() as cleanup:
            s3 = self.client("s3")
            # A bucket that belongs to somebody else: no role of the system may access it.
            self.foreign_bucket = f"test-foreign-{uuid4().hex[:12]}"
            s3.create_bucket(Bucket=self.foreign_bucket, **_location(self.place.region))
            cleanup.callback(self._empty_foreign_bucket)
            self._policy_admin_arn, self._credentials["policy-admin"] = self._make_policy_admin(cleanup)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def client(self, service: str, who: str = "deployer", *, tls: bool = True, checked: bool = True) -> Any:
        """A client with the rights of the `deployer`, the function's `role` or the `policy-admin`. With `tls=False`
        requests look as if a load balancer received them without TLS. With `checked=False` botocore does not validate
        parameters.
        """
        asked = (service, who, tls, checked)
        if who == "role" and who not in self._credentials:
            self._credentials[who] = credentials_of(self.role_arn, self.client("lambda"))
        if asked not in self._clients:
            made = self.place.local.client(
                service,
                region_name=self.place.region,
                config=Config(parameter_validation=checked, s3={"addressing_style": "path"}),
                **self._credentials.get(who, {}),
            )
            if not tls:
                made.meta.events.register("before-sign.*.*", _claim_plain)
            self._clients[asked] = made
        return self._clients[asked]

    @cached_property
    def function_name(self) -> str:
        return str(self._the("aws_lambda_function")["function_name"])

    @cached_property
    def function_arn(self) -> str:
        return str(self._the("aws_lambda_function")["arn"])

    @cached_property
    def foreign_api(self) -> str:
        """A stage of an API that is not the system's, whose root calls the function."""
        gateway, stage = self.client("apigateway"), "live"
        api = gateway.create_rest_api(name=f"test-foreign-{uuid4().hex[:12]}")["id"]
        self._cleanup.callback(gateway.delete_rest_api, restApiId=api)
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        route = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**route, authorizationType="NONE")
        invoked = f"{self.function_arn}/invocations"
        uri = f"arn:aws:apigateway:{self.place.region}:lambda:path/2015-03-31/functions/{invoked}"
        gateway.put_integration(**route, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        gateway.create_deployment(restApiId=api, stageName=stage)
        return f"{api}/{stage}"

    @cached_property
    def role_arn(self) -> str:
        return str(self._the("aws_iam_role")["arn"])

    def check(self, statement: SynthesizedStatement) -> None:
        """Raises `NotAsSynthesized` if the deployed statement differs from the synthesized one."""
        if statement.kind == PERMISSION:
            policy = self.client("lambda").get_policy(FunctionName=self.function_name)["Policy"]
            conditions = [condition.values for condition in statement.resolved(self.place.resolve).conditions]
            deployed = [
                sorted(value for test in one.get("Condition", {}).values() for value in test.values())
                for one in json.loads(policy)["Statement"]
            ]
            if sorted(value for values in conditions for value in values) not in deployed:
                raise NotAsSynthesized(f"{statement.name}: deployed is {policy}")
            return
        deployed_ = _statement_of(self._read(statement), statement.sid)
        expected = statement.resolved(self.place.resolve).json()
        if _comparable(deployed_) != _comparable(expected):
            raise NotAsSynthesized(f"{statement.name}: deployed is {deployed_}, synthesized is {expected}")

    @contextmanager
    def changed(self, change: StatementMutation) -> Iterator[None]:
        """Apply a mutation to the deployed policy for as long as the context lasts; then restore the policy."""
        statement = change.statement
        if statement.kind == PERMISSION:
            with self._changed_permission(change):
                yield
            return
        original = self._read(statement)
        applied = change.applied(statement.resolved(self.place.resolve))
        rest = [one for one in original["Statement"] if one["Sid"] != statement.sid]
        self._write(statement, {**original, "Statement": [*rest, *self._with_revert_right(statement, applied)]})
        try:
            yield
        finally:
            self._write(statement, original)

    @contextmanager
    def _changed_permission(self, change: StatementMutation) -> Iterator[None]:
        held = self._holder(change.statement)
        client = self.client("lambda")
        named = {"FunctionName": held["function_name"], "StatementId": held["statement_id"]}
        parts = (("Action", "action"), ("Principal", "principal"), *PERMISSION_CONDITIONS)
        original = {name: held[attribute] for name, attribute in parts if held.get(attribute)}
        applied = change.applied(change.statement)
        client.remove_permission(**named)
        if applied:
            left = {one.variable.removeprefix("aws:") for one in applied.conditions}
            conditions = {name: one for name, one in original.items() if name in left}
            principal = {"Principal": applied.principals[0][1]}
            client.add_permission(**named, Action=original["Action"], **principal, **conditions)
        try:
            yield
        finally:
            if applied:
                client.remove_permission(**named)
            client.add_permission(**named, **original)

    def call_api(self, stage: str, verb: str, path: str, body: bytes | None = None) -> None:
        """Send a signed request. Raises `Failed` where API Gateway may not invoke the function."""
        running = self.place.local.process()
        url = f"{running.url if running else ''}/restapis/{stage}/_user_request_/{path}"
        status, answer = signed_request(self.place.local, verb, url, body)
        if status == 500:
            raise Failed(f"not authorized: {answer.decode(errors='replace')}")

    def key(self, statement: SynthesizedStatement) -> str:
        """A throw-away key with the same policy as the statement's key: some of the calls would disable or delete a
        key.
        """
        address = statement.address
        if address not in self._twins:
            kms = self.client("kms")
            policy = kms.get_key_policy(KeyId=self.place.attributes[address]["key_id"], PolicyName="default")["Policy"]
            made = kms.create_key(Policy=policy, Description=f"{POLICY_ADMIN}: removed with the proof")["KeyMetadata"][
                "Arn"
            ]
            self._cleanup.callback(kms.schedule_key_deletion, KeyId=made, PendingWindowInDays=7)
            self._twins[address] = made
        return self._twins[address]

    def _with_revert_right(
        self, statement: SynthesizedStatement, applied: SynthesizedStatement | None
    ) -> list[Document]:
        """The mutated statement, and a statement that allows the policy to be restored."""
        made = applied.json() if applied else None
        if statement.kind == "aws_kms_key":
            admin = {"AWS": self._policy_admin_arn}
            revert = {
                "Sid": "Revert",
                "Effect": "Allow",
                "Principal": admin,
                "Action": POLICY_ADMIN_ACTIONS,
                "Resource": "*",
            }
            return [revert, made] if made else [revert]
        locks_out = made and made["Effect"] == "Deny" and any(action.endswith(":*") for action in made["Action"])
        if made and locks_out and statement.kind in REVERT_ACTIONS:
            # `NotAction` denies the same as `Action: s3:*`, except for restoring the policy.
            del made["Action"]
            made["NotAction"] = REVERT_ACTIONS[statement.kind]
        return [made] if made else []

    def _read(self, statement: SynthesizedStatement) -> Document:
        held = self._holder(statement)
        kind = statement.kind
        readers: dict[str, Callable[[], Any]] = {
            "aws_iam_role": lambda: self.client("iam").get_role(RoleName=held["name"])["Role"][
                "AssumeRolePolicyDocument"
            ],
            "aws_iam_role_policy": lambda: self.client("iam").get_role_policy(
                RoleName=held["role"], PolicyName=held["name"]
            )["PolicyDocument"],
            "aws_kms_key": lambda: self.client("kms").get_key_policy(KeyId=self.key(statement), PolicyName="default")[
                "Policy"
            ],
            "aws_s3_bucket_policy": lambda: self.client("s3").get_bucket_policy(Bucket=held["bucket"])["Policy"],
            "aws_secretsmanager_secret_policy": lambda: self.client("secretsmanager").get_resource_policy(
                SecretId=held["secret_arn"]
            )["ResourcePolicy"],
            "aws_sns_topic_policy": lambda: self.client("sns").get_topic_attributes(TopicArn=held["arn"])["Attributes"][
                "Policy"
            ],
            "aws_sqs_queue_policy": lambda: self.client("sqs").get_queue_attributes(
                QueueUrl=held["queue_url"], AttributeNames=["Policy"]
            )["Attributes"]["Policy"],
        }
        found = readers[kind]()
        return dict(json.loads(found) if isinstance(found, str) else found)

    def _write(self, statement: SynthesizedStatement, document: Document) -> None:
        held = self._holder(statement)
        text = json.dumps(document)
        empty = not document["Statement"]
        if statement.kind == "aws_iam_role":
            self.client("iam").update_assume_role_policy(RoleName=held["name"], PolicyDocument=text)
        elif statement.kind == "aws_iam_role_policy":
            named = {"RoleName": held["role"], "PolicyName": held["name"]}
            if empty:
                self.client("iam").delete_role_policy(**named)
            else:
                self.client("iam").put_role_policy(**named, PolicyDocument=text)
        elif statement.kind == "aws_kms_key":
            self.client("kms", "policy-admin").put_key_policy(
                KeyId=self.key(statement), PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True
            )
        elif statement.kind == "aws_s3_bucket_policy":
            if empty:
                self.client("s3").delete_bucket_policy(Bucket=held["bucket"])
            else:
                self.client("s3").put_bucket_policy(Bucket=held["bucket"], Policy=text)
        elif statement.kind == "aws_secretsmanager_secret_policy":
            named = {"SecretId": held["secret_arn"]}
            if empty:
                self.client("secretsmanager").delete_resource_policy(**named)
            else:
                self.client("secretsmanager").put_resource_policy(**named, ResourcePolicy=text)
        elif statement.kind == "aws_sns_topic_policy":
            self.client("sns").set_topic_attributes(TopicArn=held["arn"], AttributeName="Policy", AttributeValue=text)
        else:
            self.client("sqs").set_queue_attributes(
                QueueUrl=held["queue_url"], Attributes={"Policy": "" if empty else text}
            )

    def _holder(self, statement: SynthesizedStatement) -> Mapping[str, Any]:
        return self.place.attributes[statement.address]

    def _the(self, kind: str) -> Mapping[str, Any]:
        (found,) = [one for address, one in self.place.attributes.items() if address.partition(".")[0] == kind]
        return found

    def _make_policy_admin(self, cleanup: ExitStack) -> tuple[str, dict[str, str]]:
        """A user without rights other than those from a mutated key policy."""
        iam, name = self.client("iam"), f"{POLICY_ADMIN}-{uuid4().hex[:8]}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        cleanup.callback(iam.delete_user, UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        cleanup.callback(iam.delete_access_key, UserName=name, AccessKeyId=key["AccessKeyId"])
        rights = [{"Effect": "Allow", "Action": POLICY_ADMIN_ACTIONS, "Resource": "*"}]
        policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
        iam.put_user_policy(UserName=name, PolicyName="Keep", PolicyDocument=policy)
        cleanup.callback(iam.delete_user_policy, UserName=name, PolicyName="Keep")
        return arn, {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def _empty_foreign_bucket(self) -> None:
        s3 = self.client("s3")
        for one in s3.list_objects_v2(Bucket=self.foreign_bucket).get("Contents", []):
            s3.delete_object(Bucket=self.foreign_bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=self.foreign_bucket)


def _claim_plain(request: AWSRequest, **_: Any) -> None:
    # Sent like a request from a client without TLS: the local AWS trusts the header of a load balancer.
    request.headers["X-Forwarded-Proto"] = "http"


def _location(region: str) -> dict[str, Any]:
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def _statement_of(document: Document, sid: str) -> Document:
    found = [one for one in document["Statement"] if one.get("Sid") == sid]
    if len(found) != 1:
        raise NotAsSynthesized(f"{len(found)} statements are called {sid}: {document}")
    return dict(found[0])


def _comparable(value: Any) -> Any:
    """A statement in a form that compares equal regardless of the order of lists, and of a single item outside of a
    list.
    """
    if isinstance(value, dict):
        return {name: _comparable(one) for name, one in value.items()}
    if isinstance(value, list):
        items = sorted(json.dumps(_comparable(one), sort_keys=True) for one in value)
        return json.loads(items[0]) if len(items) == 1 else items
    return value
