"""List, replay and discard the readings that the sensor pipeline rejected."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote_plus

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from checks.deployed import reach
from checks.simulation import NAME
from sluice_cli.arguments import add_local, add_project, project_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.failures.discarding import check_discard, log_discarded
from sluice_cli.terminal import console
from sluice_cli.text import short

LONGEST_RUN_SECONDS = 16 * 60  # a minute more than a function may run
SHOWN = 50  # items listed in a terminal; a pipe gets all, one a line


@dataclass(frozen=True)
class StoredReject:
    """An invalid reading in an object version. If `raw_cut`, `raw` is only its beginning."""

    bucket: str
    key: str
    version: str
    place: str
    position: str
    reason: str
    raw: str
    raw_cut: bool
    at: str

    @property
    def source(self) -> tuple[str, str, str]:
        return self.bucket, self.key, self.version

    def described(self) -> dict[str, str]:
        """The reading's position and the reason of its rejection, without its content."""
        names = ("bucket", "key", "version", "position", "reason", "at")
        return {name: getattr(self, name) for name in names}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--replay", nargs="+", metavar="KEY", help="keys of objects from the list, or `all`")
    what.add_argument("--discard", nargs="+", metavar="KEY", help="the same: their rejects are removed; objects stay")
    parser.add_argument("--reason", metavar="TEXT", help="why these are discarded; kept in the function's log")
    add_local(parser)
    add_project(parser)


def run(arguments: argparse.Namespace) -> int:
    check_discard(arguments.discard, arguments.reason)
    outputs, target = reach(project_of(arguments), NAME, local=arguments.local)
    rejects = Rejects(outputs, target.client)
    found = rejects.read()
    if not found:
        console.print("No reading was refused")
    elif not (arguments.replay or arguments.discard):
        _show(found)
    wanted = set(arguments.replay or arguments.discard or ())
    unknown = wanted - {"all"} - {one.key for one in found}
    if unknown:
        done = "discarded" if arguments.discard else "replayed"
        print(f"no refused reading is in: {short(', '.join(sorted(unknown)))}; nothing was {done}", file=sys.stderr)
        return ExitCode.WRONG_INPUT
    chosen = [one for one in found if {"all", one.key} & wanted]
    if not chosen:
        return ExitCode.DONE
    if arguments.discard:
        log_discarded(
            target.client,
            outputs["FunctionArn"].split(":")[3],
            outputs["LogGroupName"],
            arguments.reason,
            [one.described() for one in chosen],
        )
        return _discard(rejects, chosen)
    return _replay(rejects, chosen)


class Rejects:
    """The table of rejects of the deployed pipeline, and its function."""

    def __init__(self, outputs: Mapping[str, str], client: Callable[..., Any]) -> None:
        region = outputs["FunctionArn"].split(":")[3]
        patient = Config(read_timeout=LONGEST_RUN_SECONDS, tcp_keepalive=True, retries={"total_max_attempts": 1})
        self._lambda = client("lambda", region_name=region, config=patient)
        self._function = outputs["FunctionArn"]
        self._dynamodb = client("dynamodb", region_name=region)
        self._table = outputs["RejectsTableName"]

    def read(self) -> list[StoredReject]:
        """All rejects, ordered by object and position."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        found = [_parse(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda one: (one.source, one.place))

    def replay(self, rejects: list[StoredReject]) -> str | None:
        """Process the object version of these rejects again, and wait. Returns the error message if that fails.

        The function is idempotent. It renews the date of readings that it rejects again; rejects with an older date
        were accepted.
        """
        bucket, key, version = rejects[0].source
        if not bucket:
            return "not put here by the pipeline, which cannot tell the object: discard it"
        # Later than all dates in the table, whatever this machine's clock says.
        latest = max(datetime.fromisoformat(one.at) for one in rejects)
        now = max(datetime.now(UTC), latest + timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
        named = {"key": quote_plus(key, safe="/"), **({} if version == "null" else {"versionId": version})}
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "eventTime": now.replace("+00:00", "Z"),
            "s3": {"bucket": {"name": bucket}, "object": named},
        }
        try:
            answer = self._lambda.invoke(FunctionName=self._function, Payload=json.dumps({"Records": [record]}))
        except (BotoCoreError, ClientError) as error:
            return str(error)
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return str(said.get("errorMessage") or answer["FunctionError"])
        return None if said["processed"] else "its object version is gone: discard it"

    def remove_unchanged(self, reject: StoredReject) -> bool:
        """Remove a reject unless its date was renewed since it was read. Returns whether it was removed."""
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key={"objectKey": {"S": reject.key}, "place": {"S": reject.place}},
                **(
                    {
                        "ConditionExpression": "rejectedAt = :at",
                        "ExpressionAttributeValues": {":at": {"S": reject.at}},
                    }
                    if reject.at
                    else {"ConditionExpression": "attribute_not_exists(rejectedAt)"}
                ),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _discard(rejects: Rejects, wanted: list[StoredReject]) -> int:
    """Remove rejects, except for those that were rejected again meanwhile."""
    removed = 0
    for (_, key, version), group in groupby(wanted, lambda one: one.source):
        those = list(group)
        gone = sum(rejects.remove_unchanged(one) for one in those)
        removed += gone
        console.print(f"{short(key)} (version {version}): {gone} of {len(those)} discarded", markup=False)
    console.print(f"{removed} of {len(wanted)} discarded, {len(wanted) - removed} kept")
    return ExitCode.DONE if removed == len(wanted) else ExitCode.FAILED


def _replay(rejects: Rejects, wanted: list[StoredReject]) -> int:
    accepted = 0
    for (_, key, version), group in groupby(wanted, lambda one: one.source):
        those = list(group)
        failed = rejects.replay(those)
        removed = 0 if failed else sum(rejects.remove_unchanged(one) for one in those)
        accepted += removed
        said = f"kept: {short(failed)}" if failed else f"{removed} of {len(those)} accepted"
        console.print(f"{short(key)} (version {version}): {said}", markup=False)
    console.print(f"{accepted} of {len(wanted)} accepted and removed, {len(wanted) - accepted} kept")
    return 0 if accepted == len(wanted) else 1


def _parse(item: Mapping[str, Any]) -> StoredReject:
    fields = {name: next(iter(value.values())) for name, value in item.items()}
    # An item of another program's in this table: it is listed, and can be discarded.
    return StoredReject(
        bucket=fields.get("bucket", ""),
        key=fields["objectKey"],
        version=fields.get("versionId", "null"),
        place=fields["place"],
        position=fields.get("position", "-"),
        reason=fields.get("reason", "not put here by the pipeline"),
        raw=fields.get("raw", ""),
        raw_cut=fields.get("rawCut", False),
        at=fields.get("rejectedAt", ""),
    )


def _show(found: list[StoredReject]) -> None:
    if not console.is_terminal:
        for one in found:
            print(short(one.key), one.version, one.position, one.at, short(one.reason), short(one.raw), sep="\t")
        return
    console.print(f"{len(found)} refused")
    for (_, key, version), group in groupby(found[:SHOWN], lambda one: one.source):
        console.print(f"\n{short(key)} (version {version})", style="bold", markup=False)
        for one in group:
            console.print(f"  {one.position}: {short(one.reason)}", markup=False)
            console.print(f"    {short(one.raw)}{' (its beginning)' if one.raw_cut else ''}", style="dim", markup=False)
    if len(found) > SHOWN:
        console.print(f"\nand {len(found) - SHOWN} more: piped, all are listed, a line each")
