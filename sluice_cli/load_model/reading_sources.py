"""What the simulation reads of streams and schedules."""

from collections.abc import Iterator

from .connections import KINESIS, Connections
from .model import ScheduleSettings, StreamConsumer, StreamSettings
from .quotas import QUOTAS
from .schedule_times import times_of
from .stack_reader import StackReader

WEEK = 7 * 86_400


def read_streams(reader: StackReader, connections: Connections) -> Iterator[tuple[str, StreamSettings]]:
    """Every stream that a function of the stack reads, by its address, or by that of its table."""
    for address, mappings in connections.streams.items():
        consumers = tuple(
            _consumer(reader, mapping, function)
            for mapping, function in mappings
            if reader.side.values[mapping].get("enabled") is not False
        )
        if not consumers:
            reader.remarks.append(f"{reader.label(address)}: its event source mapping is disabled; nothing is polled")
            continue
        values, label = reader.side.values[address], reader.label(address)
        if reader.side.types[address] == KINESIS:
            hours = reader.number(values, "retention_period", 24, 1)
            yield address, StreamSettings(label, consumers, _shards(reader, address), hours * 3_600)
        else:
            retention = QUOTAS["stream_retention"].value
            yield address, StreamSettings(f"stream of {label}", consumers, None, retention)


def _shards(reader: StackReader, address: str) -> int:
    """The shards of a Kinesis stream; of an on-demand stream, those of a new one."""
    values = reader.side.values[address]
    mode = reader.first_block(values.get("stream_mode_details")).get("stream_mode")
    if mode == "ON_DEMAND":
        new = int(QUOTAS["kinesis_on_demand_shards"].value)
        reader.remarks.append(f"{reader.label(address)}: on demand; the {new} shards of a new stream are simulated.")
        return new
    return int(reader.number(values, "shard_count", 1, 1))


def _consumer(reader: StackReader, mapping: str, function: str) -> StreamConsumer:
    values = reader.side.values[mapping]
    if reader.first_block(values.get("filter_criteria")):
        reader.remarks.append(f"{reader.label(function)}: its event filter is not simulated; it gets every record.")
    attempts = reader.number(values, "maximum_retry_attempts", -1, -1)
    age = reader.number(values, "maximum_record_age_in_seconds", -1, -1)
    return StreamConsumer(
        reader.label(function),
        function,
        int(reader.number(values, "batch_size", QUOTAS["stream_batch"].value, 1)),
        reader.number(values, "maximum_batching_window_in_seconds", 0),
        int(min(reader.number(values, "parallelization_factor", 1, 1), QUOTAS["stream_parallel"].value)),
        None if attempts < 0 else int(attempts),
        None if age < 0 else age,
        "on_failure" in str(values.get("destination_config")),
    )


def read_schedule(reader: StackReader, address: str) -> ScheduleSettings:
    """A schedule, or a rule with one, and its times within a week; a rarer one runs once at the beginning."""
    values, label = reader.side.values[address], reader.label(address)
    expression = str(values.get("schedule_expression"))
    times = times_of(expression, str(values.get("schedule_expression_timezone") or "UTC"), WEEK)
    if values.get("state") == "DISABLED" or values.get("is_enabled") is False:
        reader.remarks.append(f"{label}: it is disabled, and starts nothing.")
        return ScheduleSettings(label, expression)
    if times is None:
        reader.remarks.append(f"{label}: {expression[:60]} is known only to Terraform; one run is simulated.")
    elif not times:
        reader.remarks.append(f"{label}: {expression} runs less than once a week; one run is simulated.")
    return ScheduleSettings(label, expression, times or (0.0,))
