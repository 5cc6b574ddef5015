"""What is done to a deployed function from outside: sent through a proxy, killed, cut short, its rights taken."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SERVICES = ("DYNAMODB", "S3", "SNS")
NEEDED = ("dynamodb:PutItem", "s3:GetObject", "s3:PutObject", "sns:Publish")
# No longer than a function's calls wait for an answer, so that a call that hangs ends the function and not itself.
SHORT_TIMEOUT_SECONDS = 2


class SoakedFunction:
    """A deployed function. All that is changed is put back when the context that changed it ends."""

    def __init__(self, arn: str, client: Callable[..., Any], buffer_url: str | None = None) -> None:
        self.arn = arn
        region = arn.split(":")[3]
        self._buffer_url = buffer_url
        self._sqs = client("sqs", region_name=region)
        self._lambda = client("lambda", region_name=region)
        self._iam = client("iam")
        self._lock = threading.Lock()
        configuration = self._lambda.get_function_configuration(FunctionName=arn)
        self._timeout = configuration["Timeout"]
        self._variables: dict[str, str] = configuration["Environment"]["Variables"]
        self._role = configuration["Role"].rpartition("/")[2]
        self._removed: dict[str, str] = {}

    @contextmanager
    def through(self, url: str) -> Iterator[None]:
        """Its calls go to `url` meanwhile."""
        self._update(Environment={"Variables": self._variables | {f"AWS_ENDPOINT_URL_{one}": url for one in SERVICES}})
        try:
            yield
        finally:
            self.allow()
            self._update(Environment={"Variables": self._variables}, Timeout=self._timeout)

    def deliver(self, event: Any) -> None:
        """Hand it an event as S3 does: tried three times, then kept in the failure queue; or put it in its buffer."""
        if self._buffer_url:
            self._sqs.send_message(QueueUrl=self._buffer_url, MessageBody=json.dumps(event))
            return
        self._lambda.invoke(FunctionName=self.arn, InvocationType="Event", Payload=json.dumps(event))

    def buffered(self) -> int:
        """The number of messages in its buffer, those that it is processing included."""
        if not self._buffer_url:
            return 0
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._buffer_url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible"))

    def kill(self) -> None:
        """End its processes, whatever they are doing: a configuration that comes anew has Lambda start others."""
        self._update()

    def cut_short(self) -> None:
        """Let it run for `SHORT_TIMEOUT_SECONDS` only."""
        self._update(Timeout=SHORT_TIMEOUT_SECONDS)

    def full_length(self) -> None:
        """The reverse of `cut_short`."""
        self._update(Timeout=self._timeout)

    def deny(self, variant: int) -> None:
        """Take one of the policies from its role without which no input can be processed."""
        with self._lock:
            names = self._iam.list_role_policies(RoleName=self._role)["PolicyNames"]
            documents = {
                name: json.dumps(self._iam.get_role_policy(RoleName=self._role, PolicyName=name)["PolicyDocument"])
                for name in names
            }
            candidates = sorted(name for name, text in documents.items() if any(one in text for one in NEEDED))
            name = candidates[variant % len(candidates)]
            self._removed[name] = documents[name]
            self._iam.delete_role_policy(RoleName=self._role, PolicyName=name)

    def allow(self) -> None:
        """Put back what `deny` took."""
        with self._lock:
            for name, document in self._removed.items():
                self._iam.put_role_policy(RoleName=self._role, PolicyName=name, PolicyDocument=document)
            self._removed.clear()

    def _update(self, **changes: Any) -> None:
        with self._lock:
            # Read here: a timeout that was read before another thread changed it would be put back for good.
            timeout = self._lambda.get_function_configuration(FunctionName=self.arn)["Timeout"]
            self._lambda.update_function_configuration(FunctionName=self.arn, **{"Timeout": timeout, **changes})
            while self._lambda.get_function_configuration(FunctionName=self.arn)["LastUpdateStatus"] == "InProgress":
                time.sleep(0.1)
