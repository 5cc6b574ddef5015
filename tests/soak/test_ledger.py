"""The books balance when they do, and name what does not."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from checks.soak.ledger import KEPT, REFUSED, REJECTED, Book, StoredResults, table


def balanced() -> Book:
    book = Book("object-tracker", duplicates=3)
    book.valid.update(["a", "b", "c"])
    book.poison = {"bad event": KEPT, "bad request": REFUSED, "bad reading": REJECTED}
    book.answers = {"bad request": 400, "c": 201}
    book.sent_again = {"c"}
    book.to_notify = {"a"}
    book.notifications.update(["a"])
    reasons = {"b": "throttled", "bad event": "MalformedEvent"}
    book.before.rows.update(["a"])
    book.before.kept.update(["b", "bad event"])
    book.before.reasons = reasons
    book.after = StoredResults(reasons=reasons)
    book.after.rows.update(["a", "b", "c"])
    book.after.kept.update(["bad event"])
    book.after.rejects.update(["bad reading"])
    return book


def test_books_balance_when_all_is_a_row_or_kept_or_refused_and_after_the_replay_a_row() -> None:
    assert balanced().problems() == []


DEVIATIONS: dict[str, tuple[Callable[[Book], object], str, str]] = {
    "a row is gone": (lambda book: book.after.rows.subtract(["a"]), "lost", "a"),
    "a row was there before the replay only": (lambda book: book.after.rows.pop("b"), "lost", "b"),
    "an input was nowhere before the replay": (lambda book: book.before.rows.clear(), "lost", "a"),
    "nobody sent it again, and nobody was refused": (lambda book: book.sent_again.clear(), "lost", "c"),
    "a row is there twice": (lambda book: book.after.rows.update(["b"]), "doubled", "b"),
    "a row is of no input": (lambda book: book.after.rows.update(["z"]), "unexpected", "z"),
    "a row is of poison": (lambda book: book.after.rows.update(["bad event"]), "unexpected", "bad event"),
    "a notification never came": (lambda book: book.notifications.clear(), "lost", "a"),
    "a notification came twice": (lambda book: book.notifications.update(["a"]), "doubled", "a"),
    "a notification is of what nobody is to hear of": (
        lambda book: book.notifications.update(["b"]),
        "unexpected",
        "b",
    ),
    "a valid input is still kept": (lambda book: book.after.kept.update(["b"]), "kept", "b"),
    "a failure is kept without a reason": (lambda book: book.before.reasons.pop("b"), "unexplained", "b"),
    "poison is not kept": (lambda book: book.after.kept.clear(), "lost", "bad event"),
    "poison is accepted": (lambda book: book.answers.update({"bad request": 201}), "lost", "bad request"),
    "poison gets an error instead of a refusal": (
        lambda book: book.answers.update({"bad request": 502}),
        "lost",
        "bad request",
    ),
    "an invalid reading is not kept": (lambda book: book.after.rejects.clear(), "lost", "bad reading"),
    "an invalid reading is kept twice": (
        lambda book: book.after.rejects.update(["bad reading"]),
        "doubled",
        "bad reading",
    ),
    "a valid reading is rejected": (lambda book: book.after.rejects.update(["a"]), "unexpected", "a"),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_what_does_not_balance_is_named(deviation: str) -> None:
    book = balanced()
    deviate, kind, name = DEVIATIONS[deviation]
    deviate(book)
    assert [(one.kind, one.input) for one in book.problems()] == [(kind, name)]


def test_a_repeated_notification_is_explained_once_for_each_fault_between_topic_and_mark() -> None:
    book = balanced()
    book.notifications.update(["a"])
    book.explained["a"] = 1
    assert book.problems() == []
    book.notifications.update(["a"])
    assert [(one.kind, one.input) for one in book.problems()] == [("doubled", "a")]


def test_the_table_says_how_many_were_lost_and_doubled() -> None:
    book = balanced()
    book.after.rows.subtract(["a"])
    book.after.rows.update(["b"])
    printed = StringIO()
    Console(width=80, file=printed).print(table([book]))
    rows = dict(re.findall(r"^│ (\S.*?) +│ +(\d+) │$", printed.getvalue(), re.MULTILINE))
    assert " ".join(rows.values()) == "6 3 3 0 1 1 1 2 3 1 1 1 0 1 1"
    assert (rows["lost"], rows["doubled"]) == ("1", "1")
