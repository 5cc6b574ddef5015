"""What a message takes of each function: as the project counted it, or assumed from what the function is granted."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sluice_cli.review.cost.counts import KINDS, SHARDS, TABLE, Counted, EventCounts
from sluice_cli.review.cost.prices import Untold
from sluice_cli.review.cost.sides import Side, blocks
from sluice_cli.review.cost.usage import CALLS, DURATION_MS, kinds_of
from sluice_cli.text import clean

from .model import FunctionWork
from .stack_reader import StackReader

# Of a cold start, where nothing was counted.
INIT_MS = 300
# What a function reads in batches.
SOURCES = ("aws_sqs_queue", "aws_dynamodb_table", "aws_kinesis_stream", "aws_kinesis_stream_consumer")
FAILURE_PLACES = (
    ("aws_lambda_function_event_invoke_config", "destination_config"),
    ("aws_lambda_event_source_mapping", "destination_config"),
    ("aws_lambda_function", "dead_letter_config"),
)


def works_of(reader: StackReader, counts: EventCounts) -> dict[str, FunctionWork]:
    """The work of every function of a stack, by its address."""
    functions = list(reader.side.of("aws_lambda_function"))
    constructs: dict[str, list[str]] = {}
    for address in reader.side.values:
        constructs.setdefault(reader.path(address), []).append(address)
    for name in counts.unused(reader.stack, {reader.path(one) for one in functions}):
        reader.remarks.append(clean(f"The work file counts {name}: this stack has no such function."))
    found = {}
    for address in functions:
        counted = counts.of(reader.stack, reader.path(address))
        if counted:
            found[address] = _counted(reader, address, counted, constructs)
        else:
            found[address] = FunctionWork(DURATION_MS, init_ms=INIT_MS, calls=_granted(reader, address))
            reader.remarks.append(
                f"{reader.label(address)}: not in the work file; {DURATION_MS} ms for each message, and each call that "
                "it may make once, are assumed."
            )
    return found


def _counted(reader: StackReader, address: str, counted: Counted, constructs: Mapping[str, list[str]]) -> FunctionWork:
    calls: dict[str, dict[str, float]] = {}
    for path, operations in counted.calls.items():
        for operation, number in operations.items():
            type_, kind = KINDS[operation]
            targets = [one for one in constructs.get(path, ()) if reader.side.types[one] == type_]
            for target in targets[:1]:
                kinds = calls.setdefault(target, {})
                kinds[kind] = kinds.get(kind, 0) + number
            if not targets:
                reader.remarks.append(clean(f"The work file counts {operation} of {path}, which this stack has not."))
    busiest: dict[str, dict[str, float]] = {}
    for path, shares in counted.busiest.items():
        for target in [one for one in constructs.get(path, ()) if reader.side.types[one] == TABLE][:1]:
            over = _shards(reader, address, shares.get(SHARDS))
            busiest[target] = {
                "" if name == "table" else name: float(share) / over for name, share in shares.items() if name != SHARDS
            }
    # Behind a queue, the events of a run are messages of a batch, unless the file says how many are in each message.
    is_batch = counted.events_a_message is None and _is_polled(reader.side, address)
    messages = 1 / counted.runs if is_batch else 1.0
    return FunctionWork(
        (counted.duration_ms or DURATION_MS) / messages,
        counted.cpu_ms / messages,
        INIT_MS if counted.init_ms is None else counted.init_ms,
        counted.further_ms,
        counted.events_a_message or (1.0 if is_batch else 1 / counted.runs),
        calls,
        busiest,
        once_a_run=frozenset(_once_a_run(reader, address, counted, constructs)),
        message_groups=counted.message_groups,
    )


def _is_polled(side: Side, function: str) -> bool:
    return any(
        function in side.linked(one, "function_name", types=["aws_lambda_function"])
        and side.linked(one, "event_source_arn", types=SOURCES)
        for one in side.of("aws_lambda_event_source_mapping")
    )


def _once_a_run(
    reader: StackReader, address: str, counted: Counted, constructs: Mapping[str, list[str]]
) -> Iterator[str]:
    """The parts to which the function makes its calls once a run, as one of its environment variables says."""
    for path, condition in counted.once_a_run.items():
        name, _, value = condition.partition("=")
        if str(_variables(reader, address).get(name)) == value:
            yield from constructs.get(path, ())


def _variables(reader: StackReader, function: str) -> Mapping[str, Any]:
    environment = reader.first_block(reader.side.values[function].get("environment"))
    variables = environment.get("variables")
    return variables if isinstance(variables, Mapping) else {}


def _shards(reader: StackReader, function: str, variable: float | str | None) -> float:
    """Over how many keys a function spreads the busiest one, by its environment variable."""
    if not isinstance(variable, str):
        return 1
    return max(reader.number(_variables(reader, function), variable, 1), 1)


def _statements(side: Side, policy: str) -> Iterator[tuple[list[str], set[str]]]:
    """What an inline policy allows: actions, and the resources they are allowed on. Raises `Untold`."""
    written = side.values[policy].get("policy")
    if not isinstance(written, str) or not written.lstrip().startswith("{"):
        yield from side.statements(policy)  # of a data source
        return
    try:
        statements = blocks(json.loads(written).get("Statement"))
    except (ValueError, AttributeError, RecursionError) as error:
        raise Untold("its policy cannot be read") from error
    for one in statements:
        if one.get("Effect") == "Allow":
            actions = one.get("Action")
            yield actions if isinstance(actions, list) else [str(actions)], side.named_in(one.get("Resource"), *CALLS)


def _granted(reader: StackReader, function: str) -> dict[str, dict[str, float]]:
    """Once each kind of call that the function's role allows, but for the places of failed events."""
    side = reader.side
    roles = side.linked(function, "role", types=["aws_iam_role"])
    failures = {
        target
        for type_, attribute in FAILURE_PLACES
        for one in side.of(type_)
        for target in side.linked(one, attribute, types=["aws_sqs_queue", "aws_sns_topic"])
    }
    calls: dict[str, dict[str, float]] = {}
    for policy in side.of("aws_iam_role_policy"):
        if not roles & side.linked(policy, "role", types=["aws_iam_role"]):
            continue
        try:
            for actions, targets in _statements(side, policy):
                for target in targets - failures:
                    for kind in kinds_of(side.types[target], actions):
                        calls.setdefault(target, {})[kind] = 1
        except Untold as error:
            reader.remarks.append(clean(f"{reader.label(policy)}: {error}; its calls are not simulated"))
    return calls
