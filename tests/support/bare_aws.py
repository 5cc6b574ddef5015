"""Things made on the local AWS by hand, without Terraform, for tests of the local AWS itself."""

import io
import json
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from checks.least_privilege.role_credentials import credentials_of
from sluice_cli.local_aws.server import LocalAws

from .waiting import eventually

ACCOUNT, REGION = "000000000000", "us-east-1"
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]

Document = dict[str, Any]


def allow(actions: Sequence[str], resource: str = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def service(name: str, source: str = "", operator: str = "ArnEquals") -> Document:
    """The principal of a statement for an AWS service, of one source only where that is given."""
    condition = {"Condition": {operator: {"aws:SourceArn": source}}} if source else {}
    return {"Principal": {"Service": f"{name}.amazonaws.com"}, **condition}


def policy(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass
class BareAws:
    """Makes things with names of their own and removes them at the end."""

    local: LocalAws
    prefix: str = field(default_factory=lambda: f"bare-{uuid4().hex[:8]}")
    _taken: dict[str, list[Document]] = field(default_factory=dict)
    _cleanup: ExitStack = field(default_factory=ExitStack)

    def client(self, name: str, role: str = "") -> Any:
        """As the deployer, or with the credentials of a function that has the role."""
        return self.local.client(name, **(credentials_of(role, self.local.client("lambda")) if role else {}))

    def role(self, name: str, *statements: Document, trusted: str = "lambda", source: str = "") -> str:
        iam, full = self.client("iam"), f"{self.prefix}-{name}"
        arn = iam.create_role(RoleName=full, AssumeRolePolicyDocument=trust(trusted, source))["Role"]["Arn"]
        self._cleanup.callback(iam.delete_role, RoleName=full)
        self.grant(arn, *statements)
        self._cleanup.callback(iam.delete_role_policy, RoleName=full, PolicyName="test")
        return str(arn)

    def grant(self, role: str, *statements: Document) -> None:
        """Give a role these rights, and no others."""
        document = policy(*statements, allow(["sts:GetCallerIdentity"]))
        named = {"RoleName": role.rpartition("/")[2], "PolicyName": "test"}
        self.client("iam").put_role_policy(**named, PolicyDocument=document)

    def trust(self, role: str, trusted: str) -> None:
        self.client("iam").update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=trust(trusted))

    def function(self, name: str, role: str, source: str, **options: Any) -> str:
        """The ARN of a function whose `handle(event, context)` is in `source`."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr("code.py", source)
        client = self.client("lambda")
        arn = client.create_function(
            FunctionName=f"{self.prefix}-{name}",
            Runtime="python3.13",
            Role=role,
            **{"Handler": "code.handle", "Code": {"ZipFile": archive.getvalue()}, "Timeout": 30, **options},
        )["FunctionArn"]
        self._cleanup.callback(client.delete_function, FunctionName=arn)
        eventually(lambda: client.get_function_configuration(FunctionName=arn)["State"] == "Active")
        return str(arn)

    def permit(self, function: str, who: str, source: str, statement: str = "test") -> None:
        self.client("lambda").add_permission(
            FunctionName=function,
            StatementId=statement,
            Action="lambda:InvokeFunction",
            Principal=f"{who}.amazonaws.com",
            SourceArn=source,
        )

    def forbid(self, function: str) -> None:
        self.client("lambda").remove_permission(FunctionName=function, StatementId="test")

    def queue(self, name: str, *statements: Document, **attributes: str) -> tuple[str, str]:
        """URL and ARN. A statement's resource is the queue."""
        sqs, full = self.client("sqs"), f"{self.prefix}-{name}"
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{full}"
        url = sqs.create_queue(QueueName=full, Attributes=attributes)["QueueUrl"]
        self._cleanup.callback(sqs.delete_queue, QueueUrl=url)
        if statements:
            document = policy(*({**one, "Resource": arn} for one in statements))
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
        return url, arn

    def messages(self, url: str) -> list[Document]:
        """All that has come into a queue so far; this takes them out."""
        sqs, taken = self.client("sqs"), self._taken.setdefault(url, [])
        asked: Document = {"MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
        while found := sqs.receive_message(QueueUrl=url, **asked).get("Messages", []):
            for one in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            taken.extend(found)
        return taken

    def topic(self, name: str, **attributes: str) -> str:
        sns = self.client("sns")
        arn = sns.create_topic(Name=f"{self.prefix}-{name}", Attributes=attributes)["TopicArn"]
        self._cleanup.callback(sns.delete_topic, TopicArn=arn)
        return str(arn)

    def bucket(self, name: str) -> str:
        s3, full = self.client("s3"), f"{self.prefix}-{name}"
        s3.create_bucket(Bucket=full)
        self._cleanup.callback(self._empty, full)
        return full

    def key(self, *statements: Document) -> str:
        """The ARN of a key that the account administers, with these statements beside."""
        kms = self.client("kms")
        account = allow(["kms:*"], Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        arn = kms.create_key(Policy=policy(account, *statements))["KeyMetadata"]["Arn"]
        self._cleanup.callback(kms.schedule_key_deletion, KeyId=arn, PendingWindowInDays=7)
        return str(arn)

    def set_key_policy(self, key: str, *statements: Document) -> None:
        self.client("kms").put_key_policy(
            KeyId=key, PolicyName="default", Policy=policy(*statements), BypassPolicyLockoutSafetyCheck=True
        )

    def table(self, name: str, **options: Any) -> str:
        dynamodb, full = self.client("dynamodb"), f"{self.prefix}-{name}"
        dynamodb.create_table(
            TableName=full,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            **options,
        )
        self._cleanup.callback(dynamodb.delete_table, TableName=full)
        return full

    def cleanup(self, call: Any, **arguments: Any) -> None:
        self._cleanup.callback(call, **arguments)

    def close(self) -> None:
        self._cleanup.close()

    def _empty(self, bucket: str) -> None:
        s3 = self.client("s3")
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)


def trust(trusted: str, source: str = "") -> str:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", **service(trusted, source)})


def stays_empty(look: Any, seconds: float = 1.5) -> bool:
    """Whether nothing comes for a while in which it would have come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if look():
            return False
        time.sleep(0.1)
    return True


@contextmanager
def bare_aws(local: LocalAws) -> Iterator[BareAws]:
    made = BareAws(local)
    try:
        yield made
    finally:
        made.close()
