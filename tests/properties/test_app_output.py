"""What an app prints reaches the terminal without control characters, however its bytes arrive."""

import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sluice_cli.app_process import OutputStream

PIECES = st.sampled_from(
    [
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\r\n",
        "\r",
        "\t",
        "\x1b",
        "\x1b[",
        "ä",
        "\u202e",
        "plain",
        "\n",
    ]
)
OUTPUT = st.lists(PIECES.map(str.encode) | st.binary(max_size=4), max_size=12).map(b"".join)


def shown(pieces: list[bytes], encoding: str = "utf-8") -> str:
    written = io.BytesIO()
    stream = OutputStream(io.TextIOWrapper(written, encoding, newline=""))
    for piece in pieces:
        stream.write(piece)
    stream.end()
    return written.getvalue().decode(encoding)


@given(output=OUTPUT, cuts=st.lists(st.integers(0, 60)))
def test_output_is_shown_without_control_characters_and_the_same_in_any_pieces(output: bytes, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(output)) for cut in cuts} | {len(output)})
    pieces = [output[before:after] for before, after in zip([0, *ends], ends, strict=False)]
    text = shown(pieces)
    assert text == shown([output])
    assert text.endswith("\n") or not text
    assert not [one for one in text if one != "\n" and unicodedata.category(one) in ("Cc", "Cf")]
    assert shown(pieces, "ascii").isascii()
