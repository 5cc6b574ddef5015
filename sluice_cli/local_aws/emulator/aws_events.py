"""Events of AWS itself, sent when the console asks: PutEvents takes no source that begins with `aws.`, here as on AWS.

`POST /_sluice/events?region=REGION&entry=JSON` puts an entry of PutEvents on its bus; the answer is that of PutEvents.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import get_account_id, request_scope
from ministack.services import eventbridge

from completing import existing
from own_paths import serving

PATH = "/_sluice/events"

existing(eventbridge, "_put_events")


def _put(query: bytes) -> Any:
    asked = {name: values[0] for name, values in parse_qs(query.decode()).items()}
    with request_scope(get_account_id(), asked["region"]):
        _, _, body = eventbridge._put_events({"Entries": [json.loads(asked["entry"])]}, allow_aws_source=True)
    return json.loads(body)


def served(application: Any) -> Any:
    """The ASGI application, which also sends events of AWS."""
    return serving(application, "POST", PATH, _put)
