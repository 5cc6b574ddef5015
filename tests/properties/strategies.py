"""Generated input of strangers."""

from datetime import UTC
from typing import Any

from hypothesis import strategies as st

# Python reads lone surrogates from JSON (`"\ud800"`), but they cannot be sent or stored.
ANY_TEXT = st.text(st.characters(codec=None), max_size=40)
NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(-(10**400), 10**400))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, ANY_TEXT)
# Includes the words that the functions look for, to reach the code behind.
WORDS = st.sampled_from(
    [
        "Event",
        "Records",
        "s3",
        "bucket",
        "object",
        "key",
        "name",
        "eventName",
        "versionId",
        "size",
        "productId",
        "price",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, ANY_TEXT), inner, max_size=4)
    ),
    max_leaves=12,
)

# Keys as S3 keeps them: 1 to 1024 bytes of UTF-8, control characters, slashes, dots and percent signs among them.
KEYS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=250),
    st.lists(st.sampled_from(["..", ".", "", "a"]), min_size=1, max_size=6).map("/".join).filter(bool),
    st.text(st.sampled_from("a./%+ &=?#\n\r\t\x00\x1b\u202e\U0001f600"), min_size=1, max_size=60),
)


@st.composite
def heads(draw: st.DrawFn) -> dict[str, Any]:
    """HeadObject answers; a client's headers are returned as they were sent."""
    header = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=80)
    answer = {
        "LastModified": draw(st.datetimes(timezones=st.just(UTC))),
        "ContentLength": draw(st.integers(0, 5 * 2**40)),
        "ETag": draw(st.sampled_from(['"d41d8cd98f00b204e9800998ecf8427e"', '"abc-12"'])),
        "VersionId": draw(st.one_of(st.none(), st.text("abc.", min_size=1, max_size=32))),
        "ContentType": draw(st.one_of(st.none(), header.filter(bool), st.sampled_from(["text/plain", "image/png"]))),
        "ContentEncoding": draw(st.one_of(st.none(), header, st.sampled_from(["aws-chunked", "gzip, aws-chunked"]))),
    }
    return {name: value for name, value in answer.items() if value is not None}
