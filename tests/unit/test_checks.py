from typing import Any

import pytest
from cdktf import Op, TerraformOutput, TerraformStack, TerraformVariable, Token

from modules import ConfigurationError
from modules import _limits as limits
from modules._checks import at_least, is_token, known_part, text_of, times

from .synthesized import Terraform


@pytest.fixture
def number(stack: TerraformStack) -> float:
    return float(TerraformVariable(stack, "Number", type="number").number_value)


@pytest.fixture
def text(stack: TerraformStack) -> str:
    return str(TerraformVariable(stack, "Text", type="string").string_value)


def test_values_known_to_terraform_only_are_tokens_and_plain_values_are_not(
    stack: TerraformStack, number: float, text: str
) -> None:
    texts = TerraformVariable(stack, "Texts", type="list(string)").list_value
    tokens = [number, text, f"in/{text}/", texts, [text], Op.mul(number, 2), Token.as_number(Op.mul(number, 2))]
    assert [is_token(token) for token in tokens] == [True] * len(tokens)
    plain = [0, 1.5, -1e300, "", "in/", "$", "{}", [], ["a"], None, object(), 10**400]
    assert [is_token(value) for value in plain] == [False] * len(plain)


def test_arithmetic_with_tokens_is_terraforms_and_with_numbers_is_pythons(stack: TerraformStack, number: float) -> None:
    assert (times(30, 800), at_least(3, 5), text_of(7)) == (24000, 5, "7")
    TerraformOutput(stack, "product", value=times(number, 0.8))
    TerraformOutput(stack, "larger", value=at_least(number, 5))
    TerraformOutput(stack, "text", value=f"{text_of(times(number, 2))} s")
    assert Terraform(stack).outputs() == {
        "product": "${(var.Number * 0.8)}",
        "larger": "${max(var.Number, 5)}",
        "text": "${(var.Number * 2)} s",
    }


@pytest.mark.parametrize("value", [1, 900, 30.0])
def test_a_number_in_its_range_passes(value: float) -> None:
    limits.TIMEOUT_SECONDS.check("worker", "timeout_seconds", value)


@pytest.mark.parametrize("value", [0, 901, -1, 1.5, float("nan"), float("inf"), True, "30", None, [30], 10**400])
def test_a_number_out_of_its_range_is_refused_with_what_is_allowed(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^worker: timeout_seconds is .+, AWS allows 1 to 900 seconds \(http"):
        limits.TIMEOUT_SECONDS.check("worker", "timeout_seconds", value)


def test_python_arithmetic_on_a_token_is_refused_with_the_way_out(number: float) -> None:
    with pytest.raises(ConfigurationError, match=r"timeout_seconds was computed in Python .*Op\.mul"):
        limits.TIMEOUT_SECONDS.check("worker", "timeout_seconds", number * 3)


def test_known_parts_of_a_text_with_tokens_are_checked(text: str) -> None:
    limits.BUCKET_NAME.check("bucket", "name", f"orders-{text}")
    for name in (f"Orders-{text}", f"{'x' * 64}{text}"):
        with pytest.raises(ConfigurationError, match=r"^bucket: name is "):
            limits.BUCKET_NAME.check("bucket", "name", name)


@pytest.mark.parametrize(
    "name",
    ["ab", "a" * 64, "Capitals", "a..b", "10.0.0.1", "xn--a", "a-s3alias", "a--ol-s3", "a--x-s3", "-ab", "ab-", "a_b"],
)
def test_bucket_names_that_s3_refuses_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^bucket: name is "):
        limits.BUCKET_NAME.check("bucket", "name", name)


@pytest.mark.parametrize("name", ["abc", "a.b-c", "a" * 63, "1a2", "10.0.0.1.5"])
def test_other_bucket_names_pass(name: str) -> None:
    limits.BUCKET_NAME.check("bucket", "name", name)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("a-${var.b}-c", "a--c"),
        ('${jsonencode({"a" = {"b" = 1}})}!', "!"),
        ("%{ if var.a }x", "%{ if var.a }x"),
        ("$${a} %%{b}", "$${a} %%{b}"),
        ("${a", "${a"),
        ("", ""),
    ],
)
def test_the_known_part_of_a_text_is_what_is_beside_its_expressions(text: str, known: str) -> None:
    assert known_part(text) == known


@pytest.mark.parametrize("text", ["${", "a ${b", "100 %{ and more", "%{if}", "${a} ${"])
def test_an_expression_without_end_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^topic: text is .+ unfinished expression; write \$\$\{ and %%\{"):
        limits.ALARM_DESCRIPTION.check("topic", "text", text)
