"""All three formats show the same, interpret no markup of a plan, and stay usable for large plans."""

import io
import os
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser

import pytest
from rich.console import Console

from sluice_cli.review.markdown import LIMIT, escaped, to_markdown
from sluice_cli.review.model import StackReview
from sluice_cli.review.page import to_html
from sluice_cli.review.terminal import print_review
from tests.review.plans import Values, allow, change, policy, review

EVIL = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "escape codes": "\x1b[2J\x1b]0;owned\x07\x1b[31m",
    "markup of rich": "[bold red]hi[/] [link=https://evil.example]x[/link]",
    "markdown": "](https://evil.example) **bold** `code` | @everyone #1 https://evil.example/x",
    "closing details": "</details></summary></td></li></style></svg>",
    "fence": "```\n\n# Owned\n```",
    "direction": "abc\u202egpj.exe\u2066",
    "lines": "a\r\nb\u2028c",
    "template": "{{ 7*7 }}{% raw %}${{ secrets.X }}",
}


def everywhere(text: str) -> StackReview:
    """A review with a text in names, tags, values, keys, policies, outputs and addresses."""
    name = f"aws_sqs_queue.{text}"
    values = {"name": text, "tags": {text: text}, "description": text}
    statement = allow([f"sqs:{text}"], [f"arn:aws:{text}"], Sid=text, Principal={"AWS": text})
    return review(
        change(name, {"name": "a"}, values),
        change("aws_mystery.thing", None, {**values, text: text}),
        change(
            f"aws_iam_role_policy.{text}", {"role": "r", "policy": policy()}, {"role": "r", "policy": policy(statement)}
        ),
        change("aws_lambda_function.F", {"environment": []}, {"environment": [{"variables": {text: text}}]}),
        change("aws_dynamodb_table.T", {"name": text}, {"name": "b"}, actions=["delete", "create"]),
        change(
            "aws_s3_bucket_lifecycle_configuration.L",
            {"rule": []},
            {"rule": [{"id": text, "status": "Enabled", "filter": [{"prefix": text}], "expiration": [{"days": 1}]}]},
        ),
        change(
            "aws_s3_bucket_notification.N",
            {"queue": [{"queue_arn": f"arn:{text}", "events": [text], "filter_prefix": text}]},
            {"queue": [{"queue_arn": f"arn:{text}", "events": ["x"], "filter_prefix": text}]},
        ),
        change("aws_scheduler_schedule.S", {"schedule_expression": text}, {"schedule_expression": f"{text}!"}),
        change("aws_sqs_queue.Q", *[{"name": "a"}] * 2, previous_address=text, action_reason=text),
        change("aws_iam_user_policy_attachment.U", None, {"policy_arn": text, "user": text}),
        checks=[{"address": {"to_display": text}, "status": "fail", "problems": [{"message": text}]}],
        action_invocations=[
            {"address": text, "type": text, "lifecycle_action_trigger": {"action_trigger_event": text}}
        ],
        deferred_changes=[{"reason": text, "resource_change": change(f"aws_x.{text}", None, {"a": text})}],
        resource_drift=[change("aws_sns_topic.D", {"kms_master_key_id": text}, {"kms_master_key_id": None})],
        output_changes={text: {"actions": ["create"], "after": text}},
    )


def terminal(*stacks: StackReview, colours: bool = False) -> str:
    out = io.StringIO()
    print_review(stacks, Console(file=out, force_terminal=colours, soft_wrap=True, highlight=False, width=120))
    return out.getvalue()


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_terminal_is_sent_no_control_character_of_a_plan(text: str) -> None:
    plain, coloured = terminal(everywhere(text)), terminal(everywhere(text), colours=True)
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", plain) == []
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\x1b", "ESC") == plain


def test_markup_of_rich_is_printed_as_it_is() -> None:
    assert EVIL["markup of rich"] in terminal(everywhere(EVIL["markup of rich"]))


class Elements(HTMLParser):
    """A browser's interpretation of a text: elements, attributes, texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        self.text += data


@cache
def page_of_evil(review_of: Callable[[str], StackReview]) -> dict[str, tuple[Elements, Elements]]:
    """The part of a page that shows the review of a text of `EVIL`, and that of a harmless word in its place. The text
    "" is for what is above all of them. All are in one page, as the layout of its pictures takes a process."""
    start_of_stack = '<section class="stack"'
    evil = to_html([review_of(text) for text in EVIL.values()]).split(start_of_stack)
    harmless = to_html([review_of("word")] * len(EVIL)).split(start_of_stack)
    parts = zip(map(Elements, harmless), map(Elements, evil), strict=True)
    return dict(zip(("", *EVIL.values()), parts, strict=True))


@pytest.mark.parametrize("text", ["", *EVIL.values()], ids=["what is above", *EVIL])
def test_a_page_has_the_same_elements_whatever_a_plan_says(text: str) -> None:
    harmless, evil = page_of_evil(everywhere)[text]
    assert evil.tags == harmless.tags
    assert evil.attributes == harmless.attributes
    assert all(link.startswith("#") for link in evil.links)


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_markdown_outside_fences_has_no_markup_of_a_plan(text: str) -> None:
    markdown = to_markdown([everywhere(text)])
    outside, fence = [], ""
    for line in markdown.splitlines():
        opened = re.match(r" *(`{3,})(diff)?$", line)
        if opened and not fence:
            fence = opened.group(1)
        elif opened and opened.group(1) == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert fence == ""
    said = "\n".join(outside)
    assert Elements(said).tags <= {"details", "summary", "code", "br"}
    assert not re.search(r"[@\[\]`|~]|https?:|(?<!&)#\d|(?<![#\n])# Owned", said)
    assert said.count("<details>") == said.count("</details>")


def test_markdown_folds_what_is_long_and_names_the_address_to_acknowledge() -> None:
    markdown = to_markdown([review(change("aws_dynamodb_table.T", {"name": "a"}, None))])
    assert "- 🛑 **Data is lost:** T table is destroyed. Lost with it: every item in it." in markdown
    assert "<code>aws_dynamodb_table.T</code>" in markdown
    assert "<details><summary>T table: 1 change, 1 dangerous</summary>" in markdown


def many(number: int, *, dangerous: int) -> StackReview:
    def one(position: int) -> Values:
        address = f"aws_dynamodb_table.T{position}_Table_{position:08X}"
        values = {"name": f"t{position}", "arn": f"arn:aws:dynamodb:::table/t{position}", "description": "d" * 200}
        return change(address, values, None if position < dangerous else {**values, "description": "e" * 200})

    return review(*map(one, range(number)))


def used() -> float:
    """Processor seconds, including the layout's process: independent of other programs."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.mark.parametrize("dangerous", [0, 5, 1000])
def test_markdown_fits_into_a_comment_with_every_section_closed(dangerous: int) -> None:
    markdown = to_markdown([many(1000, dangerous=dangerous)])
    assert len(markdown.encode()) <= LIMIT
    assert markdown.count("<details>") == markdown.count("</details>")
    assert markdown.startswith("## Plan review\n\n- ")
    assert len(re.findall(r"\*\*Data is lost:\*\*", markdown)) == dangerous or "Cut here" in markdown


def test_dangers_are_kept_when_details_do_not_fit() -> None:
    markdown = to_markdown([many(400, dangerous=5)])
    assert markdown.count("**Data is lost:**") == 5
    assert "Cut here" not in markdown


def test_a_thousand_resources_take_less_than_five_seconds_in_all_faces() -> None:
    start = used()
    found = many(1000, dangerous=100)
    page, markdown, printed = to_html([found]), to_markdown([found]), terminal(found)
    seconds = used() - start
    assert seconds < 5, seconds
    assert page.count('<details class="change') == 1000
    assert printed.count("dangerous") > 100
    assert markdown
    assert "940 more that do not fit in" in page


def test_the_three_faces_tell_the_same_changes() -> None:
    found = review(
        change("aws_dynamodb_table.Orders_Table_00000000", {"name": "a"}, None),
        change("aws_sqs_queue.Jobs_Queue_00000000", None, {"name": "jobs"}),
    )
    for face in (terminal(found), to_markdown([found]), to_html([found])):
        text = Elements(face).text
        for said in ("Orders table", "Jobs queue", "destroyed", "created", "Data is lost", "every item in it"):
            assert said in text, said


def test_a_first_deployment_is_told_in_a_line_for_each_construct() -> None:
    found = review(
        change("aws_s3_bucket.Objects_Bucket_00000000", None, {"bucket": "a"}),
        change("aws_s3_bucket_versioning.Objects_Versioning_00000000", None, {"bucket": "a"}),
        change("aws_s3_bucket_policy.Objects_BucketPolicy_00000000", None, {"bucket": "a", "policy": policy()}),
        change("aws_lambda_function_url.Objects_Url_00000000", None, {"authorization_type": "NONE"}),
    )
    printed = terminal(found)
    assert "+ created, with bucket policy, versioning" in printed
    assert "Objects bucket, function URL Url is called without authorization" in printed
    assert "created, with bucket policy, versioning" in to_markdown([found])


def test_how_to_acknowledge_is_said_as_the_command_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = review(change("aws_dynamodb_table.T", {"name": "a"}, None))
    monkeypatch.delenv("MAKELEVEL", raising=False)
    assert "sluice review --acknowledge 'aws_dynamodb_table.T', once for each" in terminal(found)
    monkeypatch.setenv("MAKELEVEL", "1")
    assert 'make review ACKNOWLEDGE="aws_dynamodb_table.T"' in terminal(found)
    assert "--acknowledge" not in terminal(found) + to_markdown([found]) + to_html([found])


def test_every_format_says_why_and_where_from() -> None:
    given = change("aws_dynamodb_table.T", {"name": "a"}, {"name": "a"}, actions=["delete", "create"])
    found = review({**given, "action_reason": "replace_because_tainted", "previous_address": "aws_dynamodb_table.Old"})
    for text in (terminal(found), to_markdown([found]), to_html([found])):
        assert "replaced because it is tainted" in text
        assert "moved from aws_dynamodb_table.Old" in text


def test_names_are_readable_in_raw_markdown() -> None:
    address = "aws_dynamodb_table.My_Table_0A1B2C3D"
    assert escaped(address) == address
    assert escaped("arn:aws:s3:::a-b/c_d.e") == "arn:aws:s3:::a-b/c_d.e"
    assert escaped("_a_ *b* <i> @x #1 https://x www.x [y](z) `c`") == (
        "&#95;a&#95; &#42;b&#42; &#60;i&#62; &#64;x &#35;1 https&#58;//x www&#46;x &#91;y&#93;(z) &#96;c&#96;"
    )


def test_piped_output_is_plain() -> None:
    found = many(3, dangerous=1)
    assert "\x1b" not in terminal(found)
    assert "\x1b" in terminal(found, colours=True)
