"""Cold starts: the time from the start of a process to a ready handler, and the size of archives."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from modules._packaging import build_archive

from .measure import Program, in_turn
from .places import FUNCTIONS, LIBRARIES, OF_THE_WHEEL, PEERS, PYTHON, TOOLKIT
from .table import Comparison, compare

PLAIN = "the plain handler"

# Its requirements ask for traced subsegments: it may take 1.3 times the plain handler's time.
TRACED = {"file_metadata"}

VARIABLES = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "BUCKET_NAME": "bucket",
    "TABLE_NAME": "table",
    "DYNAMODB_TABLE_NAME": "table",
    "REJECTS_TABLE_NAME": "rejects",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:topic",
    "SENSOR_THRESHOLDS": '{"temperature": {"lower": -20, "upper": 60}}',
    "SENSOR_FORMAT": "detect",
    "SENSOR_FIELD_NAMES": "{}",
    "SENSOR_EARLIEST_TIMESTAMP": "2015-01-01T00:00:00Z",
    "SENSOR_REJECTS_DAYS": "90",
    "SENSOR_NOTIFICATIONS": "each",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
    # As in Lambda, where /var/task is read-only: Python compiles an archive's files at each start.
    "PYTHONDONTWRITEBYTECODE": "1",
}


def names() -> list[str]:
    return sorted(path.parent.name for path in FUNCTIONS.glob("*/handler.py"))


def unpacked(folder: Path) -> dict[str, Path]:
    """Each function's archive, unpacked as Lambda does."""
    places = {}
    for name in names():
        archive = build_archive([FUNCTIONS / name, TOOLKIT], LIBRARIES, exclude=OF_THE_WHEEL)
        places[name] = folder / name
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(places[name])
    return places


def start(folder: Path, runs: int) -> Iterator[Comparison]:
    programs = {
        name: Program([PYTHON, "-c", f"import {name}.handler"], place, {**VARIABLES, "PYTHONPATH": str(place)})
        for name, place in unpacked(folder).items()
    }
    plain = PEERS / "plain_handler"
    programs[PLAIN] = Program([PYTHON, "-c", "import index"], plain, {**VARIABLES, "PYTHONPATH": str(plain)})
    measured = in_turn(programs, runs)
    milliseconds = {name: [run.seconds * 1000 for run in each] for name, each in measured.items()}
    for name in names():
        most = 1.3 if name in TRACED else 1.0
        size = build_archive([FUNCTIONS / name, TOOLKIT], LIBRARIES, exclude=OF_THE_WHEEL).stat().st_size
        note = f"archive of {size / 1024:,.0f} KiB"
        yield compare("functions", f"cold {name}", PLAIN, "ms", milliseconds[name], milliseconds[PLAIN], most, note)
    processor = {name: [run.cpu_seconds * 1000 for run in each] for name, each in measured.items()}
    for name in names():
        yield compare("functions", f"cold {name}, processor time", PLAIN, "ms", processor[name], processor[PLAIN])
