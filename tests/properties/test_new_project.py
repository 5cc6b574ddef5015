import keyword
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice_cli.errors import InputError
from sluice_cli.new_project.creating import check

LIKE_NAMES = st.text(alphabet=string.ascii_letters + string.digits + "-_ ./", max_size=45)


def refusal(name: str) -> str:
    try:
        check(name)
    except InputError as error:
        return str(error)
    return ""


@given(st.one_of(st.text(max_size=60), LIKE_NAMES))
def test_every_name_is_refused_in_one_printable_line_or_fits_all_that_is_named_after_it(name: str) -> None:
    said = refusal(name)
    if said:
        assert said.isprintable()
        suggested = re.search(r"; (\S+) would do$", said)
        assert suggested is None or refusal(suggested[1]) == ""
        return
    package = name.replace("-", "_")
    assert package.isidentifier()
    assert not keyword.iskeyword(package)
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", f"{name}-inbox-000000000000")


@pytest.mark.parametrize("name", ["invoice-inbox", "a1", "x" * 40])
def test_ordinary_names_are_taken(name: str) -> None:
    check(name)
