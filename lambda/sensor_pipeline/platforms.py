"""How messages of The Things Network, ThingsBoard and AWS IoT are read: adapters as those of formats.py."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from .names import FieldNames
from .shapes import Fields, Measurement, current_shadow, is_telemetry, unwrapped
from .words import kind, shown

MISSING = object()


class Reads(Protocol):
    """What of the reader of formats.py is needed here."""

    @property
    def names(self) -> FieldNames:
        """What senders call the fields."""

    def columns(self, columns: Any, common: Fields, further: Mapping[str, Any]) -> Iterator[Measurement]:
        """A measurement of each column that is a known sensor type."""


# The Things Network (The Things Stack v3):
# https://www.thethingsindustries.com/docs/integrations/data-formats/


def read_things_network(value: Fields, reader: Reads) -> Iterator[Measurement]:
    message = unwrapped(value)
    uplink = message.get("uplink_message")
    if not isinstance(uplink, dict):
        yield Measurement(problem="a message of The Things Network, but not an uplink: it has no uplink_message")
        return
    if "decoded_payload" not in uplink:
        yield Measurement(problem="the uplink has no decoded_payload: set a payload formatter in The Things Stack")
        return
    ids = message.get("end_device_ids")
    common = {
        "deviceId": ids.get("device_id") if isinstance(ids, dict) else None,
        "timestamp": uplink.get("received_at") or message.get("received_at"),
    }
    further = {name: uplink[name] for name in ("f_port", "f_cnt") if name in uplink}
    yield from reader.columns(uplink["decoded_payload"], common, further)


# ThingsBoard: a gateway's telemetry, or with a device beside it a device's own.
# https://thingsboard.io/docs/reference/gateway-mqtt-api/#telemetry-upload-api


def read_thingsboard(value: Fields, reader: Reads) -> Iterator[Measurement]:
    if is_telemetry(value):
        yield from _telemetry(value, value.get("deviceId"), "", reader)
        return
    for device, telemetry in value.items():
        if not isinstance(telemetry, list):
            yield Measurement(problem=f"must be a list of telemetry for each device, and is {kind(telemetry)}")
            return
        for number, one in enumerate(telemetry, 1):
            part = f"{shown(device)} {number}"
            if isinstance(one, dict) and isinstance(one.get("values"), dict):
                yield from _telemetry(one, device, part, reader)
            else:
                yield Measurement(part=part, problem="must have ts and values")


def _telemetry(value: Fields, device: Any, part: str, reader: Reads) -> Iterator[Measurement]:
    common = {"deviceId": device, "timestamp": value.get("ts", value.get("timestamp"))}
    further = {name: one for name, one in value.items() if name not in {"ts", "timestamp", "values", "deviceId"}}
    for one in reader.columns(value["values"], common, further):
        yield Measurement(one.fields, one.further, " ".join(filter(None, (part, one.part))), one.problem)


# AWS IoT device shadow: https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
# The other attributes are the thing's, not the reading's: with them the same reading would be another one next time.


def read_shadow(value: Fields, reader: Reads) -> Iterator[Measurement]:
    shadow = current_shadow(value)
    state, metadata = shadow.get("state"), shadow.get("metadata")
    reported = state.get("reported") if isinstance(state, dict) else None
    if not isinstance(reported, dict):
        yield Measurement(problem="the shadow reports no state: it has no state.reported")
        return
    times = metadata.get("reported") if isinstance(metadata, dict) else None
    times = reader.names.apply(times) if isinstance(times, dict) else {}
    state_fields = reader.names.apply(reported)
    both = (shadow, state_fields if isinstance(state_fields, dict) else {})
    device = next((one[name] for one in both for name in ("deviceId", "thingName") if one.get(name) is not None), None)
    if device is None:
        yield Measurement(
            problem="missing: deviceId; a shadow does not name its thing: add topic(3) AS thingName to the rule's SQL"
        )
        return
    for one in reader.columns(reported, {"deviceId": device, "timestamp": shadow.get("timestamp", MISSING)}, {}):
        at = times.get(one.part) if isinstance(times, dict) else None
        own = {"timestamp": at["timestamp"]} if isinstance(at, dict) and "timestamp" in at else {}
        fields = {**one.fields, **own}
        if fields.get("timestamp") is MISSING:
            yield Measurement(part=one.part, problem="missing: timestamp, of the shadow or in its metadata")
        else:
            yield Measurement(fields if one.fields else {}, {}, one.part, one.problem)


READERS = {
    "things-network": read_things_network,
    "thingsboard": read_thingsboard,
    "iot-shadow": read_shadow,
}
