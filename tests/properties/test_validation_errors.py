"""Messages of the local AWS's API Gateway for generated bodies."""

import json
import runpy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import fastjsonschema
from hypothesis import example, given
from hypothesis import strategies as st

from sluice_cli.local_aws.server import APP
from upload_api.uploads import SCHEMA

from .strategies import ANY_TEXT, JSON

# The local AWS runs in its own environment; nothing else of this module is needed.
violations = runpy.run_path(str(APP.parent / "api_gateway.py"))["violations"]

FIELDS = st.sampled_from(sorted(SCHEMA["properties"]))
BODIES = st.one_of(JSON, st.dictionaries(st.one_of(FIELDS, ANY_TEXT), JSON, max_size=6))


@cache
def _compiled(schema: str) -> Callable[[Any], Any]:
    return fastjsonschema.compile({"$schema": SCHEMA["$schema"], **json.loads(schema)})


def valid(schema: Mapping[str, Any], value: Any) -> bool:
    try:
        _compiled(json.dumps(schema, sort_keys=True))(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@given(BODIES)
@example({})
@example({"a\"b'\\": 1, "productId": "\x00\ud800"})
@example({"productId": "p", "productName": "n", "price": 1, "fileName": "f", "size": 1})
def test_violations_are_named_exactly_where_a_body_does_not_match(body: Any) -> None:
    found = violations(SCHEMA, body, valid)
    assert bool(found) == (not valid(SCHEMA, body))
    assert all(isinstance(one, str) and one for one in found)
