"""Methods of new and existing tables: grants, and functions that are invoked with changes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from constructs import Construct

from . import _limits as limits
from ._identifiers import identify
from ._loops import connect
from ._paths import path
from ._pollers import Pattern, Pollers
from .accepted import accept
from .errors import ConfigurationError
from .iam import Grantee, Statement
from .key import AnyKey
from .queue import AnyQueue

if TYPE_CHECKING:
    from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy

    from .function import PythonFunction

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
KEY_ACTIONS = ("kms:Decrypt", "kms:DescribeKey")
# https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#events-dynamodb-permissions
STREAM_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
STREAM_ACCEPTED = {
    "RESOURCE_MISMATCH": "the linter takes the colons in a stream's time for parts of an ARN, and knows no resource "
    "of ListStreams, for which AWS's own examples name a table's streams",
}
MOST_READERS = 2
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
TRANSACT_WRITE_ACTIONS = (
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
)


class AnyTable(Construct):
    """A table, new or existing. Grants are single actions on the table, or on one of its indexes."""

    name: str
    arn: str

    def __init__(self, scope: Construct, id_: str, *, key: AnyKey | None, indexes: Sequence[str]) -> None:
        super().__init__(scope, id_)
        self._key = key
        if key:
            key.check_use(self, "dynamodb")
        self._index_names = indexes
        self._pollers = Pollers(self)

    def grant_get(self, grantee: Grantee) -> None:
        """Let the grantee get single items, in transactions too."""
        self._grant(grantee, "Get", "dynamodb:GetItem")

    def grant_batch_get(self, grantee: Grantee) -> None:
        """Let the grantee get up to 100 items in one request."""
        self._grant(grantee, "BatchGet", "dynamodb:BatchGetItem")

    def grant_put(self, grantee: Grantee) -> None:
        """Let the grantee put items, in transactions too."""
        self._grant_write(grantee, "Put", "dynamodb:PutItem")

    def grant_update(self, grantee: Grantee) -> None:
        """Let the grantee update items, in transactions too."""
        self._grant_write(grantee, "Update", "dynamodb:UpdateItem")

    def grant_delete(self, grantee: Grantee) -> None:
        """Let the grantee delete items, in transactions too."""
        self._grant_write(grantee, "Delete", "dynamodb:DeleteItem")

    def grant_batch_write(self, grantee: Grantee) -> None:
        """Let the grantee put, and delete, up to 25 items in one request. Such requests carry no conditions."""
        self._grant_write(grantee, "BatchWrite", "dynamodb:BatchWriteItem")

    def grant_condition_check(self, grantee: Grantee) -> None:
        """Let the grantee make a transaction depend on an item that it does not write."""
        self._grant(grantee, "ConditionCheck", "dynamodb:ConditionCheckItem")

    def grant_transact_write(self, grantee: Grantee) -> None:
        """Let the grantee put, update, delete and check items in transactions.

        A transaction of puts alone needs `grant_put` only, and so on.
        """
        self._grant_write(grantee, "TransactWrite", *TRANSACT_WRITE_ACTIONS)

    def grant_query(self, grantee: Grantee, *, index: str | None = None) -> None:
        """Let the grantee query the table, or one of its indexes, by partition key.

        Raises `ConfigurationError` for an index that the table does not have.
        """
        self._grant(grantee, "Query", "dynamodb:Query", index=index)

    def grant_scan(self, grantee: Grantee, *, index: str | None = None) -> None:
        """Let the grantee read all of the table, or of one of its indexes."""
        self._grant(grantee, "Scan", "dynamodb:Scan", index=index)

    def grant_stream(self, grantee: Grantee) -> None:
        """Let the grantee read the table's stream itself. `on_change` needs no such grant."""
        self._allow_stream(grantee)

    def on_change(
        self,
        function: PythonFunction,
        *,
        filters: Sequence[Pattern] = (),
        batch_size: int = 100,
        window_seconds: int = 0,
        starting_position: str = "TRIM_HORIZON",
        retries: int = 10,
        bisect: bool = True,
        partial_failures: bool = True,
        concurrency: int = 1,
        failures: AnyQueue | None = None,
    ) -> None:
        """Call the function with batches of changes, in order for each key, from the table's stream.

        `filters` (up to 5) say which changes: `{"eventName": ["INSERT"]}`
        (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html). A batch has up to `batch_size` changes
        (1 to 10,000) of `window_seconds` (0 to 300) at most; `concurrency` (1 to 10) batches of a shard run at a time.
        `TRIM_HORIZON` begins with what the stream still holds (24 hours), `LATEST` with what comes from now on.

        A batch that fails is tried `retries` times (0 to 10,000): from the first change on that the function's answer
        names (`partial_failures`), otherwise in halves (`bisect`). What still fails goes, as a description of where it
        is in the stream, to `failures`, by default the function's own failure queue, which has an alarm.
        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html

        Raises `ConfigurationError` for what AWS would refuse, for a second call with one function, for a third function
        (AWS advises two readers at most), and, where no filter ends it, for a function that writes to the table itself.
        """
        # Imported here because most stacks do not use that part of the provider binding.
        from ._event_sources import poll

        limits.STREAM_BATCH_SIZE.check(self, "batch_size", batch_size)
        limits.STARTING_POSITION.check(self, "starting_position", starting_position)
        limits.STREAM_RETRIES.check(self, "retries", retries)
        limits.SHARD_CONCURRENCY.check(self, "concurrency", concurrency)
        if failures is not None and failures.fifo:
            raise ConfigurationError(f"{path(self)}: Lambda keeps failures in no FIFO queue such as {path(failures)}")
        self._check_images(filters)
        self._pollers.add(function)
        if len(self._pollers) > MOST_READERS:
            raise ConfigurationError(
                f"{path(self)}: {function.name} would be the third function that reads the stream; AWS advises two at "
                "most, since more are throttled: let one of them publish to a topic that calls the others "
                "(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html)"
            )
        if not filters:
            connect(self, function)
        needed = [self._allow_stream(function)]
        if failures is not None:
            needed.append(failures.grant_send(function))
        poll(
            self,
            function,
            arn=self._stream_arn(),
            batch_size=batch_size,
            window_seconds=window_seconds,
            filters=filters,
            partial_failures=partial_failures,
            starting_position=starting_position,
            maximum_retry_attempts=retries,
            bisect_batch_on_function_error=bisect,
            parallelization_factor=concurrency,
            destination_config={"on_failure": {"destination_arn": (failures or function.failures).arn}},
            depends_on=needed,
        )

    def _check_images(self, filters: Sequence[Pattern]) -> None:
        """Refuse filters on what the stream does not hold, where that is known."""

    @abstractmethod
    def _stream_arn(self) -> str:
        """The ARN of the table's stream."""

    def _allow_stream(self, grantee: Grantee) -> IamRolePolicy:
        policy = grantee.allow(
            self,
            "ReadStream",
            Statement(sid="ReadStream", actions=STREAM_ACTIONS, resources=[self._stream_arn()]),
            Statement(sid="ListStreams", actions=["dynamodb:ListStreams"], resources=[f"{self.arn}/stream/*"]),
        )
        accept(policy, STREAM_ACCEPTED)
        self._allow_key(grantee)
        return policy

    def _grant_write(self, grantee: Grantee, verb: str, *actions: str) -> None:
        if isinstance(grantee, Construct):
            connect(grantee, self)
        self._grant(grantee, verb, *actions)

    def _grant(self, grantee: Grantee, verb: str, *actions: str, index: str | None = None) -> None:
        resource = self.arn
        if index is not None:
            if index not in self._index_names:
                names = ", ".join(self._index_names) or "none"
                raise ConfigurationError(f"{path(self)}: it has no index {index!r}; its indexes: {names}")
            resource = f"{self.arn}/index/{index}"
        # The id contains the index, so that a table and all its indexes can be granted; the slash makes it one word.
        name = verb if index is None else f"{verb}{identify(f'{index}/', self)}"
        grantee.allow(self, name, Statement(sid=verb, actions=actions, resources=[resource]))
        self._allow_key(grantee)

    def _allow_key(self, grantee: Grantee) -> None:
        if self._key:
            # One policy for all grants: further ones would be redundant.
            use_key = Statement(sid="UseTableKey", actions=KEY_ACTIONS, resources=[self._key.arn])
            grantee.allow(self, "UseKeyOf", use_key)
