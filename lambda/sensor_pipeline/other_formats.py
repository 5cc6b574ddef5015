"""Messages that are known and not read: what an object without the fields of a reading looks like, and what to do.

Loaded for the first such object: a function starts faster without. Where a mapping of names makes such an object one
that is read, the reason says which (tests try each).
"""

import json
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from .shapes import Fields
from .words import shown

MOST_NAMES = 8  # of an object, in a reason
LONGEST_NAME = 32
ANY_SENSOR = "a known sensor type"


class Platform(NamedTuple):
    """A kind of message, by names that it has. `columns` is the path to what it measured, `device` and `time` those to
    whose and when; without them `advice` says what to do."""

    name: str
    recognizes: Callable[[Fields], bool]
    device: str = ""
    time: str = ""
    columns: str = ""
    advice: str = ""


def _has(*paths: str) -> Callable[[Fields], bool]:
    return lambda value: all(_at(value, path) is not None for path in paths)


def _is_typed(*marks: str) -> Callable[[Fields], bool]:
    """Each field's value is an object of one of these names."""
    return lambda value: (
        bool(value)
        and all(isinstance(one, dict) and len(one) == 1 and set(one) <= set(marks) for one in value.values())
    )


PLATFORMS = (
    Platform(
        "an uplink of The Things Network's version 2",
        _has("dev_id", "payload_fields"),
        "dev_id",
        "metadata.time",
        "payload_fields",
    ),
    Platform("an uplink of ChirpStack", _has("deviceInfo", "object"), "deviceInfo.devEui", "time", "object"),
    Platform(
        "an uplink of ChirpStack that is not decoded",
        lambda value: _has("deviceInfo")(value) or _has("devEUI")(value),
        advice="set a codec in its device profile",
    ),
    Platform("an uplink of Helium", _has("dev_eui", "decoded"), "dev_eui", "reported_at", "decoded.payload"),
    Platform("an uplink of Actility ThingPark", _has("DevEUI_uplink"), advice="send its decoded payload"),
    Platform(
        "a message of Azure IoT Hub",
        _has("SystemProperties", "Body"),
        "SystemProperties.iothub-connection-device-id",
        "EnqueuedTimeUtc",
        "Body",
        "set its content type to application/json and its encoding to utf-8, so that its Body is not base64",
    ),
    Platform("an export of Azure IoT Central", _has("deviceId", "telemetry"), "deviceId", "enqueuedTime", "telemetry"),
    Platform(
        "a Sparkplug B payload",
        lambda value: isinstance(value.get("metrics"), list),
        advice="it does not name its device: a rule has to add that, and a column for each metric",
    ),
    Platform(
        "a LwM2M message",
        lambda value: _has("ep")(value) or _has("bn", "e")(value),
        advice="name its resources as known sensor types",
    ),
    Platform(
        "an entity of OGC SensorThings",
        lambda value: any(name.startswith("@iot.") for name in value) or _list_with(value.get("value"), "@iot.id"),
        advice="send device, sensor type, result and phenomenonTime of each Observation as a reading",
    ),
    Platform(
        "an NGSI entity",
        lambda value: _has("id", "type")(value) and any(_has("type", "value")(one) for one in _objects(value)),
        advice="send it with options=keyValues",
    ),
    Platform(
        "a property of AWS IoT SiteWise",
        _has("payload.values"),
        advice="it names no device: send a reading for each of its values",
    ),
    Platform(
        "a device shadow's delta",
        _has("state", "version"),
        advice="it says what is desired, not what was measured: send the topic update/documents",
    ),
    Platform(
        "a time series of ThingsBoard's REST API",
        lambda value: bool(value) and all(_list_with(one, "ts") for one in value.values()),
        advice="it names no device: send gateway telemetry",
    ),
    Platform(
        "an SNS notification", _has("TopicArn", "Message"), advice="turn on raw message delivery in its subscription"
    ),
    Platform(
        "an EventBridge event", _has("detail-type", "detail"), "detail.deviceId", "time", "detail", "send its detail"
    ),
    Platform(
        "an event of an AWS service",
        lambda value: isinstance(value.get("Records"), list),
        advice="send what it carries, not the event",
    ),
    Platform("a CloudEvent", _has("specversion", "data"), "source", "time", "data"),
    Platform("a push message of Google Pub/Sub", _has("message.data", "subscription"), advice="send its decoded data"),
    Platform("JSON as DynamoDB has it", _is_typed("S", "N", "B", "BOOL", "NULL", "M", "L"), advice="send plain JSON"),
)


def looks_like(value: Fields, known: Collection[str]) -> str:
    """What an object is that is no reading, and what to do; the names that it has where nothing is known of it."""
    platform = next((one for one in PLATFORMS if one.recognizes(value)), None)
    if platform is None:
        return names_of(value)
    mapping = _mapping(platform, value, known)
    if mapping:
        return f"this is {platform.name}: read with SENSOR_FIELD_NAMES={json.dumps(mapping)}"
    return f"this is {platform.name}" + (f": {platform.advice}" if platform.advice else "")


def names_of(value: Fields) -> str:
    """`it has "a", "b" and 3 more`; nothing of an object without names."""
    present = [name for name, one in value.items() if one is not None]
    names = [json.dumps(name[:LONGEST_NAME]) for name in present[:MOST_NAMES]]
    if not names:
        return "it is empty"
    more = f" and {len(present) - MOST_NAMES} more" if len(present) > MOST_NAMES else ""
    return f"it has {', '.join(names)}{more}"


def nested(columns: Fields, known: Collection[str]) -> str:
    """Where a column that is an object has columns itself, how to name one of them."""
    for name, one in columns.items():
        if isinstance(one, dict) and one and "." not in name:
            inner = next((column for column in one if column in known), next(iter(one)))
            path = f"{name}.{inner}"
            return f"; name what is in {shown(name)}: SENSOR_FIELD_NAMES={json.dumps({path: _sensor(inner, known)})}"
    return ""


def _mapping(platform: Platform, value: Fields, known: Collection[str]) -> dict[str, str]:
    columns = _at(value, platform.columns) if platform.columns else None
    if not isinstance(columns, dict) or not columns or not _has(platform.device, platform.time)(value):
        return {}
    column = next((name for name in columns if name in known), next(iter(columns)))
    paths = {
        platform.device: "deviceId",
        platform.time: "timestamp",
        f"{platform.columns}.{column}": _sensor(column, known),
    }
    return {path: name for path, name in paths.items() if path != name}


def _sensor(column: str, known: Collection[str]) -> str:
    return column if column in known else ANY_SENSOR


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _objects(value: Fields) -> list[Fields]:
    return [one for one in value.values() if isinstance(one, dict)]


def _list_with(value: Any, name: str) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and name in one for one in value)
